// The learning-rate range test.
#include "api/rate_search.h"

#include <cmath>

#include "api/starting_parameters.h"
#include "api/training_run.h"
#include "chainrule/error.h"
#include "data/batch_order.h"

namespace chainrule::api {
namespace {

constexpr double kLowest = 1e-6, kHighest = 10;
constexpr double kGrowth = 1.0797751623277096;  // 10^(1/30)
constexpr double kSmoothing = 0.95;

/// A running mean without the bias of its start.
class SmoothedLoss {
 public:
  double add(double loss) {
    sum_ = kSmoothing * sum_ + (1 - kSmoothing) * loss;
    remaining_ *= kSmoothing;
    return sum_ / (1 - remaining_);
  }

 private:
  double sum_ = 0, remaining_ = 1;
};

/// Training rows in batches, epoch after epoch.
class Batches {
 public:
  Batches(const training::DataPart& part, const data::BatchCut& cut, std::uint64_t seed)
      : part_(part), cut_(cut), seed_(seed), order_(part.size()) {}

  std::span<const std::uint32_t> next() {
    if (step_ == cut_.steps() || epoch_ == 0) {
      data::batch_order(seed_, epoch_++, order_);
      for (std::uint32_t& row : order_) row = part_.rows[row];
      step_ = 0;
    }
    const std::size_t step = step_++;
    return std::span<const std::uint32_t>(order_).subspan(cut_.begin(step), cut_.size(step));
  }

 private:
  const training::DataPart& part_;
  data::BatchCut cut_;
  std::size_t step_ = 0;
  std::uint64_t seed_, epoch_ = 0;
  std::vector<std::uint32_t> order_;
};

void load_start(engine::Plan& plan, const NetworkChoice& choice, const training::DataPart& train) {
  constexpr engine::Part kStates[] = {engine::Part::state0, engine::Part::state1, engine::Part::state2,
                                      engine::Part::state3};
  const std::vector<float> start = starting_parameters(choice, train);
  plan.load(engine::Part::parameters, start);
  if (choice.training.ema > 0) plan.load(engine::Part::average, start);
  for (std::size_t s = 0; s < math::state_count(choice.training.optimizer); ++s) {
    const float value = static_cast<float>(math::state_start(choice.training.optimizer, s));
    plan.load(kStates[s], std::vector<float>(start.size(), value));
  }
}

}  // namespace

RateSearch search_learning_rate(const TrainSettings& settings, const NetworkChoice& choice, const PreparedData& data) {
  const OptimizerSpec& optimizer = choice.training.optimizer;
  if (optimizer.kind == Optimizer::lbfgs)
    throw Error("E0218", "optimizer", "lbfgs finds its own step lengths", "leave --find-lr out");
  const std::unique_ptr<engine::Plan> plan = make_run_plan(settings, choice, data.train.size());
  load_start(*plan, choice, data.train);
  Batches batches(data.train, training::batch_cut(choice.network, choice.training, data.train.size(), choice.batch), choice.training.seed);
  SmoothedLoss smoothed;
  RateSearch search;
  double lowest = HUGE_VAL, best_rate = optimizer.learning_rate * 10;
  engine::StepControl how;
  for (double rate = kLowest; rate <= kHighest * 1.0001; rate *= kGrowth, ++how.step) {
    how.update = math::update_constants(optimizer, how.step, rate, optimizer.weight_decay);
    const StepResult result = plan->step(data.train.samples, batches.next(), how);
    if (!result.finite) break;
    const double loss = smoothed.add(result.loss);
    search.curve.push_back({rate, loss});
    if (loss < lowest) {
      lowest = loss;
      best_rate = rate;
    }
    if (loss > 4 * lowest && lowest > 0) break;
  }
  search.suggested = best_rate / 10;
  return search;
}

}  // namespace chainrule::api
