// Which engines there are, in the order they are asked, and which one is taken.
#include "engine/plan.h"

#include <string>
#include <vector>

#include "chainrule/error.h"
#include "engine/cpu/cpu_plan.h"
#include "engine/reference/reference_plan.h"

namespace chainrule::engine {
namespace {

constexpr Candidate kCandidates[] = {
    {"cpu", refuse_cpu, make_cpu_plan},
    {"reference", refuse_reference, make_reference_plan},
};

/// A plan that also tells which candidates were not taken, and why.
class ReportingPlan final : public Plan {
 public:
  ReportingPlan(std::unique_ptr<Plan> plan, std::vector<std::string> notes) : plan_(std::move(plan)), notes_(std::move(notes)) {}

  PlanReport report() const override {
    PlanReport report = plan_->report();
    report.notes.insert(report.notes.begin(), notes_.begin(), notes_.end());
    return report;
  }
  void load(Part part, std::span<const float> values) override { plan_->load(part, values); }
  void store(Part part, std::span<float> values) const override { plan_->store(part, values); }
  StepResult step(const Samples& samples, std::span<const std::uint32_t> rows, const StepControl& control) noexcept override {
    return plan_->step(samples, rows, control);
  }
  std::span<const float> forward(const Samples& samples, std::span<const std::uint32_t> rows, Mode mode,
                                 const StepControl& control) noexcept override {
    return plan_->forward(samples, rows, mode, control);
  }
  double loss(const Samples& samples, std::span<const std::uint32_t> rows) noexcept override { return plan_->loss(samples, rows); }
  void backward(std::span<const float> output_gradient, std::span<float> input_gradient) noexcept override {
    plan_->backward(output_gradient, input_gradient);
  }
  StepResult update(const StepControl& control) noexcept override { return plan_->update(control); }
  void set_dropout_factor(double factor) noexcept override { plan_->set_dropout_factor(factor); }
  void predict(const float* x, std::size_t rows, bool average, float* outputs) noexcept override {
    plan_->predict(x, rows, average, outputs);
  }

 private:
  std::unique_ptr<Plan> plan_;
  std::vector<std::string> notes_;
};

std::unique_ptr<Plan> make_named(std::string_view wanted, const NetworkSpec& network, const TrainingSpec& training,
                                 const PlanOptions& options) {
  for (const Candidate& candidate : kCandidates) {
    if (candidate.name != wanted) continue;
    const std::string reason = candidate.refuse(network, training, options);
    if (!reason.empty()) {
      throw Error("E0210", "engine \"" + std::string(wanted) + "\"", reason, "leave the choice of the engine to the program");
    }
    return candidate.make(network, training, options);
  }
  throw Error("E0210", "engine \"" + std::string(wanted) + "\"", "is not part of this build");
}

}  // namespace

std::span<const Candidate> candidates() noexcept { return kCandidates; }

std::unique_ptr<Plan> make_plan(const NetworkSpec& network, const TrainingSpec& training, const PlanOptions& options) {
  if (options.engine != EngineKind::automatic) return make_named(name(options.engine), network, training, options);
  std::vector<std::string> refusals;
  for (const Candidate& candidate : kCandidates) {
    const std::string reason = candidate.refuse(network, training, options);
    if (!reason.empty()) {
      refusals.push_back(std::string(candidate.name) + " refused: " + reason);
      continue;
    }
    std::unique_ptr<Plan> plan = candidate.make(network, training, options);
    if (refusals.empty()) return plan;
    return std::make_unique<ReportingPlan>(std::move(plan), std::move(refusals));
  }
  throw Error("E0210", "engine", "no engine runs this network: " + refusals.back());
}

}  // namespace chainrule::engine
