// Plan's calls as runs of the team: rows, a barrier, weight blocks.
#include "engine/cpu/cpu_plan.h"

#include <algorithm>
#include <chrono>

#include "base/usable_cores.h"
#include "engine/cpu/backward_pass.h"
#include "engine/cpu/engine_state.h"
#include "engine/cpu/forward_pass.h"
#include "engine/cpu/online_path.h"
#include "engine/cpu/prediction.h"
#include "engine/cpu/product_choice.h"
#include "engine/cpu/team_choice.h"
#include "engine/cpu/update_pass.h"

namespace chainrule::engine {
namespace {

using Clock = std::chrono::steady_clock;
using cpu::EngineState;

/// One training step as each member runs it: the lesson from top to bottom.
void step_member(EngineState& state, int member, double& norm) noexcept {
  cpu::mask_weights(state, member);
  const cpu::Range rows = state.rows_of(member);
  cpu::forward_rows(state, member, rows);
  cpu::loss_rows(state, member, rows);
  cpu::backward_rows(state, member, rows, state.net.input_scale != cpu::kAbsent);
  state.team.barrier();
  if (!state.all_fine(&cpu::MemberFlags::loss_fine)) return;
  if (state.net.training.clip_norm > 0) {
    cpu::store_gradients(state, member);
    state.team.barrier();
    const double gradient_norm = cpu::update_stored(state, member);
    if (member == 0) norm = gradient_norm;
  } else {
    cpu::update_fused(state, member);
  }
  cpu::limit_norms(state, member);
}

class CpuPlan final : public Plan {
 public:
  CpuPlan(const NetworkSpec& network, const TrainingSpec& training, const cpu::KernelTable& kernels, int threads,
          std::size_t max_batch, cpu::TeamChoice::Kind team_choice, int threads_asked)
      : kernels_(cpu::choose_products(kernels, training.precision)),
        state_(network, training, kernels_.table, threads, max_batch),
        online_(state_.net, state_.team.size()),
        team_choice_(state_.team.size() > 1 ? team_choice : cpu::TeamChoice::Kind::team),
        threads_wanted_(threads),
        threads_asked_(threads_asked),
        prediction_team_(state_.net, state_.team.size(), team_choice == cpu::TeamChoice::Kind::alternating) {}

  PlanReport report() const override {
    const cpu::KernelTable& kernels = state_.kernels();
    const int threads = state_.team.size();
    PlanReport report{"cpu",
                      kernels.name,
                      threads,
                      {"cpu: " + std::to_string(kernels.panel) + " outputs to a panel, " + std::to_string(kernels.lanes) +
                           " floats to a vector",
                       std::string("cpu: ") + (state_.net.training.clip_norm > 0
                                                   ? "gradients are stored, for clipping by norm"
                                                   : "gradients go straight into the update, nothing is stored"),
                       "cpu: " + std::to_string(threads) + (threads == 1 ? " thread" : " threads")}};
    if (threads_wanted_ > threads) {
      report.notes.push_back("cpu: only " + std::to_string(threads) + " of " + std::to_string(threads_wanted_) + " threads could be started");
    }
    if (threads_asked_ > threads_wanted_) report.notes.push_back("cpu: not " + std::to_string(threads_asked_) + " threads, most of which would only wait here");
    if (team_choice_.asks_for_time()) report.notes.push_back("cpu: one thread while that is faster, as the team waits for cores that others use");
    if (!kernels_.note.empty()) report.notes.push_back("cpu: " + kernels_.note);
    return report;
  }

  void load(Part part, std::span<const float> values) override {
    if (state_.net.arena(part) != nullptr) state_.net.load(part, values);
    state_.weights_changed();
    if (part != Part::parameters) return;
    state_.first_transposed_stale = false;
  }

  void store(Part part, std::span<float> values) const override {
    if (state_.net.arena(part) == nullptr) {
      std::fill(values.begin(), values.end(), 0.0f);
    } else {
      state_.net.store(part, values);
    }
  }

  StepResult step(const Samples& samples, std::span<const std::uint32_t> rows,
                  const StepControl& control) noexcept override {
    if (online_.takes(samples, rows.size())) {
      state_.first_transposed_stale = true;
      state_.weights_changed();
      return online_.step(samples, rows[0], control.update);
    }
    const Clock::time_point begin = team_choice_.asks_for_time() ? Clock::now() : Clock::time_point{};
    cpu::prepare_frame(state_, samples, rows, Mode::train, control);
    state_.weights_changed();
    StepResult result;
    run([&](int member) { step_member(state_, member, result.gradient_norm); }, team_choice_.alone());
    team_choice_.took(team_choice_.asks_for_time() ? std::chrono::duration<double>(Clock::now() - begin).count() : 0, state_.frame.rows);
    result.loss = cpu::batch_loss(state_);
    result.updated = state_.all_fine(&cpu::MemberFlags::loss_fine);
    result.finite = result.updated && state_.all_fine(&cpu::MemberFlags::update_fine);
    state_.first_transposed_stale = state_.net.input_scale == cpu::kAbsent;
    state_.net.finite = result.finite;
    state_.watch_denormals();
    return result;
  }

  std::span<const float> forward(const Samples& samples, std::span<const std::uint32_t> rows, Mode mode,
                                 const StepControl& control) noexcept override {
    cpu::prepare_frame(state_, samples, rows, mode, control);
    run([&](int member) {
      cpu::mask_weights(state_, member);
      cpu::forward_rows(state_, member, state_.rows_of(member));
    });
    unpack(state_.work.layers.back().a, state_.work.outputs.data(), nullptr);
    return {state_.work.outputs.data(), rows.size() * state_.net.spec.outputs()};
  }

  double loss(const Samples& samples, std::span<const std::uint32_t>) noexcept override {
    state_.frame.samples = samples;
    for (cpu::MemberFlags& flag : state_.flags) flag.loss_fine = true;
    run([&](int member) { cpu::loss_rows(state_, member, state_.rows_of(member)); });
    return cpu::batch_loss(state_);
  }

  void backward(std::span<const float> output_gradient, std::span<float> input_gradient) noexcept override {
    if (!output_gradient.empty()) pack(output_gradient.data(), state_.work.layers.back().da);
    const bool to_inputs = !input_gradient.empty() || state_.net.input_scale != cpu::kAbsent;
    if (to_inputs && state_.first_transposed_stale) {
      state_.net.transpose(state_.net.layers[0], state_.net.product_weights(), state_.net.transposed.data());
      state_.first_transposed_stale = false;
    }
    run([&](int member) {
      cpu::backward_rows(state_, member, state_.rows_of(member), to_inputs);
      state_.team.barrier();
      cpu::store_gradients(state_, member);
    });
    const float* scale =
        state_.net.input_scale == cpu::kAbsent ? nullptr : state_.net.parameters() + state_.net.input_scale;
    if (!input_gradient.empty()) unpack(state_.work.d_inputs, input_gradient.data(), scale);
  }

  StepResult update(const StepControl& control) noexcept override {
    state_.frame.set_update(control, state_.net.training.ema);
    state_.weights_changed();
    StepResult result;
    run([&](int member) {
      const double norm = cpu::update_stored(state_, member);
      if (member == 0) result.gradient_norm = norm;
      cpu::limit_norms(state_, member);
    });
    result.finite = state_.all_fine(&cpu::MemberFlags::update_fine);
    state_.first_transposed_stale = state_.net.input_scale == cpu::kAbsent;
    state_.net.finite = result.finite;
    state_.watch_denormals();
    return result;
  }

  void set_dropout_factor(double factor) noexcept override { state_.dropout_factor = factor; }

  void predict(const float* x, std::size_t rows, bool average, float* outputs) noexcept override {
    cpu::predict(state_, prediction_team_, x, rows, average, outputs);
  }

 private:
  /// body(member) on every member; the lambda stays on this stack.
  template <class F>
  void run(const F& body, bool alone = false) noexcept {
    state_.reset_work();
    const auto call = [](void* context, int member) { (*static_cast<const F*>(context))(member); };
    void* context = const_cast<F*>(&body);
    alone ? state_.team.run_alone(call, context) : state_.team.run(call, context);
  }

  void unpack(const cpu::BatchMatrix& from, float* to, const float* scale) const noexcept {
    const cpu::Columns& columns = from.columns;
    for (int r = 0; r < state_.frame.rows; ++r) {
      for (int u = 0; u < columns.count; ++u) {
        const float value = from.at(u / columns.panel, r)[u % columns.panel];
        *to++ = scale == nullptr ? value : value * scale[u];
      }
    }
  }

  void pack(const float* from, const cpu::BatchMatrix& to) noexcept {
    for (int r = 0; r < state_.frame.rows; ++r) {
      for (int u = 0; u < to.columns.count; ++u) to.at(u / to.columns.panel, r)[u % to.columns.panel] = *from++;
    }
  }

  cpu::ProductChoice kernels_;
  EngineState state_;
  cpu::OnlinePath online_;
  cpu::TeamChoice team_choice_;
  int threads_wanted_, threads_asked_;
  cpu::PredictionTeam prediction_team_;
};

/// What a core does in a second, roughly: 60 % of two multiply-adds a cycle at 3 GHz.
double multiply_adds_per_second() { return 0.6 * 2 * 3e9 * cpu::active_kernels()->lanes; }

/// Seconds of a step without waiting: each member takes its rows through two of the three products; the third one and the update are
/// divided by weights, so that one row has work for all.
double seconds_of_step(const NetworkSpec& network, std::size_t batch, int threads) {
  constexpr double kUpdate = 0.5e-9;  // of a weight with its optimiser state
  double weights = 0;
  for (std::size_t l = 0; l < network.layers.size(); ++l) weights += static_cast<double>(network.fan_in(l)) * static_cast<double>(network.layers[l].units);
  const double product = weights / multiply_adds_per_second();
  const std::size_t most_rows = (batch + static_cast<std::size_t>(threads) - 1) / static_cast<std::size_t>(threads);
  return 2 * product * static_cast<double>(most_rows) + (product * static_cast<double>(batch) + weights * kUpdate) / threads;
}

/// More would only wait for each other, for seconds in a step. Enough for those who want to see that the bits do not depend on it.
int most_threads() { return std::max(16, 4 * usable_cores()); }

/// As many threads as make a step of a full batch faster, given what waiting for each other costs on this machine now.
int thread_count(const NetworkSpec& network, const TrainingSpec& training, const PlanOptions& options) {
  if (options.threads > 0) return std::min(options.threads, most_threads());
  const std::size_t batch = std::max<std::size_t>(options.max_batch, 1);
  const int cores = usable_cores();
  constexpr double kGain = 1.1;  // what another core must at least bring
  int best = 1;
  double best_time = seconds_of_step(network, batch, 1);
  for (int threads = 2; threads <= cores; threads = threads < cores ? std::min(2 * threads, cores) : cores + 1) {
    const double work = seconds_of_step(network, batch, threads);
    if (work * kGain > best_time) break;  // not even without waiting: do not start threads to measure that
    const double time = work + waits_of_step(network, training) * seconds_of_empty_run(threads);
    if (time * kGain > best_time) continue;
    best = threads;
    best_time = time;
  }
  return best;
}

/// A number of threads that the caller asked for stays. A trial costs four steps of one thread, which long steps are not worth.
cpu::TeamChoice::Kind team_choice(const NetworkSpec& network, const PlanOptions& options, int threads) {
  constexpr double kLongest = 0.02;
  const bool is_short = seconds_of_step(network, std::max<std::size_t>(options.max_batch, 1), 1) < kLongest;
  return options.threads == 0 && threads > 1 && is_short ? cpu::TeamChoice::Kind::adapting : cpu::TeamChoice::Kind::team;
}

}  // namespace

int waits_of_step(const NetworkSpec& network, const TrainingSpec& training) {
  int waits = 2;  // rows | weights; the end of the step
  for (const LayerSpec& layer : network.layers) waits += layer.norm == Norm::batch ? 4 : 0;
  if (training.clip_norm > 0) waits += 2;
  if (network.loss.max_norm > 0) waits += 1;
  return waits;
}

std::string refuse_cpu(const NetworkSpec& network, const TrainingSpec& training, const PlanOptions& options) {
  if (cpu::active_kernels() == nullptr) return "the instruction set is scalar, for which it has no kernels";
  if (training.optimizer.kind == Optimizer::lbfgs) return "lbfgs does not update element by element";
  constexpr std::size_t kMost = std::size_t{1} << 28;  // columns and rows are counted in int, with padding
  bool too_large = network.inputs > kMost || options.max_batch > kMost;
  for (const LayerSpec& layer : network.layers) too_large = too_large || layer.units > kMost;
  if (too_large) return "more than 2^28 rows, inputs or units";
  return "";
}

std::unique_ptr<Plan> make_cpu_plan(const NetworkSpec& network, const TrainingSpec& training,
                                    const PlanOptions& options) {
  const int threads = thread_count(network, training, options);
  return std::make_unique<CpuPlan>(network, training, *cpu::active_kernels(), threads, std::max<std::size_t>(options.max_batch, 1),
                                   team_choice(network, options, threads), options.threads);
}

std::unique_ptr<Plan> make_alternating_plan(const NetworkSpec& network, const TrainingSpec& training, const PlanOptions& options) {
  return std::make_unique<CpuPlan>(network, training, *cpu::active_kernels(), thread_count(network, training, options),
                                   std::max<std::size_t>(options.max_batch, 1), cpu::TeamChoice::Kind::alternating, options.threads);
}

}  // namespace chainrule::engine
