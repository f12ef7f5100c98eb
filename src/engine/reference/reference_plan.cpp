// Translates Plan's calls into the reference network's.
#include "engine/reference/reference_plan.h"

#include <algorithm>
#include <utility>

#include "engine/reference/reference_network.h"
#include "math/losses.h"

namespace chainrule::engine {
namespace {

using reference::Batch;
using reference::ReferenceNetwork;

/// No infinity, no NaN: both give NaN when subtracted from themselves.
bool all_finite(std::span<const float> values) {
  return std::all_of(values.begin(), values.end(), [](float value) { return value - value == 0; });
}

class ReferencePlan final : public Plan {
 public:
  ReferencePlan(const NetworkSpec& network, const TrainingSpec& training, std::size_t max_batch)
      : network_(network, training, max_batch), max_batch_(max_batch) {
    batch_.reserve(max_batch, network.inputs, math::target_count(network.loss.kind, network.outputs()));
  }

  PlanReport report() const override { return {"reference", "scalar", 1, {"reference: one scalar thread, for checking"}}; }

  void load(Part part, std::span<const float> values) override {
    std::vector<float>& to = vector_of(part);
    if (!to.empty()) to.assign(values.begin(), values.end());
  }

  void store(Part part, std::span<float> values) const override {
    const std::vector<float>& from = const_cast<ReferencePlan*>(this)->vector_of(part);
    if (from.empty()) {
      std::fill(values.begin(), values.end(), 0.0f);
    } else {
      std::copy(from.begin(), from.end(), values.begin());
    }
  }

  StepResult step(const Samples& samples, std::span<const std::uint32_t> rows, const StepControl& control) noexcept override {
    forward(samples, rows, Mode::train, control);
    const double batch_loss = loss(samples, rows);
    StepResult result{batch_loss, batch_loss - batch_loss == 0 && all_finite(network_.output_gradient().values), 0};
    result.updated = result.finite;
    if (!result.updated) return result;
    network_.backward();
    result = update(control);
    result.loss = batch_loss;
    return result;
  }

  std::span<const float> forward(const Samples& samples, std::span<const std::uint32_t> rows, Mode mode,
                                 const StepControl& control) noexcept override {
    reference::gather(samples, rows, batch_);
    return network_.forward(batch_, mode, control).values;
  }

  double loss(const Samples&, std::span<const std::uint32_t>) noexcept override { return network_.loss(batch_); }

  void backward(std::span<const float> output_gradient, std::span<float> input_gradient) noexcept override {
    reference::Matrix<float>& gradient = network_.output_gradient();
    if (!output_gradient.empty()) {
      gradient.reshape(batch_.rows(), network_.spec().outputs());
      std::copy(output_gradient.begin(), output_gradient.end(), gradient.values.begin());
    }
    network_.backward(!input_gradient.empty());
    if (!input_gradient.empty()) std::copy_n(network_.input().dx.values.begin(), input_gradient.size(), input_gradient.begin());
  }

  StepResult update(const StepControl& control) noexcept override {
    StepResult result;
    result.gradient_norm = network_.update(control);
    result.finite = all_finite(network_.parameters());
    return result;
  }

  void set_dropout_factor(double factor) noexcept override { prediction_.dropout_factor = factor; }

  void predict(const float* x, std::size_t rows, bool average, float* outputs) noexcept override {
    const bool swapped = average && !network_.average().empty();
    if (swapped) std::swap(network_.parameters(), network_.average());
    const std::size_t inputs = network_.spec().inputs, width = network_.spec().outputs();
    for (std::size_t first = 0; first < rows; first += max_batch_) {
      const std::size_t count = std::min(max_batch_, rows - first);
      gather_plain(x + first * inputs, count);
      const reference::Matrix<float>& a = network_.forward(batch_, Mode::predict, prediction_);
      std::copy(a.values.begin(), a.values.end(), outputs + first * width);
    }
    if (swapped) std::swap(network_.parameters(), network_.average());
  }

 private:
  std::vector<float>& vector_of(Part part) {
    if (part == Part::parameters) return network_.parameters();
    if (part == Part::gradients) return network_.gradients();
    if (part == Part::average) return network_.average();
    return network_.state(static_cast<std::size_t>(part) - static_cast<std::size_t>(Part::state0));
  }

  void gather_plain(const float* x, std::size_t rows) {
    batch_.x.reshape(rows, network_.spec().inputs);
    std::copy(x, x + batch_.x.values.size(), batch_.x.values.begin());
    batch_.weights.assign(rows, 1.0f);
    batch_.ids.assign(rows, 0);
  }

  ReferenceNetwork<float> network_;
  Batch<float> batch_;
  std::size_t max_batch_;
  StepControl prediction_;
};

}  // namespace

std::string refuse_reference(const NetworkSpec&, const TrainingSpec&, const PlanOptions&) { return ""; }

std::unique_ptr<Plan> make_reference_plan(const NetworkSpec& network, const TrainingSpec& training, const PlanOptions& options) {
  return std::make_unique<ReferencePlan>(network, training, std::max<std::size_t>(1, options.max_batch));
}

}  // namespace chainrule::engine
