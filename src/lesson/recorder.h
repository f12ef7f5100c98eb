// A descent by the shipped engine whose every update is kept: gradient, weights before and after, and the optimiser's state.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/plan.h"
#include "lesson/surfaces.h"

namespace chainrule::lesson {

using RowNumbers = std::span<const std::uint32_t>;

/// One update as it happened. Vectors are in named layout order.
struct Update {
  std::uint64_t t = 0;  ///< its number, from 1
  double rate = 0;      ///< eta
  double loss = 0;      ///< of its batch, before it
  std::vector<float> before, gradient, after;
  std::vector<std::vector<float>> state;  ///< after it, in math::state_name() order

  double step(std::size_t i) const { return static_cast<double>(after[i]) - static_cast<double>(before[i]); }
};

class Descent {
 public:
  /// Weights at surface.start, optimiser state at its start. The surface must outlive the descent.
  Descent(const Surface& surface, const OptimizerSpec& optimizer, std::uint64_t seed = 0);

  /// Learning rate of the updates that follow.
  void set_rate(double rate) { optimizer_.learning_rate = rate; }
  /// One update by hand (forward, loss, backward, update), recorded.
  Update record(RowNumbers rows);
  Update record() { return record(all_); }
  /// One update by the engine's fused step; returns the batch's loss before it.
  double step(RowNumbers rows);
  double step() { return step(all_); }

  /// dL/dw over these rows where the weights are now; no update.
  std::vector<float> gradient(RowNumbers rows);
  std::vector<float> gradient() { return gradient(all_); }
  /// The loss over all rows where the weights are now.
  double loss();
  std::vector<float> weights() const { return stored(engine::Part::parameters); }
  std::vector<float> state(std::size_t i) const;
  /// Goes back to these weights and a fresh optimiser.
  void restart(std::span<const float> weights);
  std::uint64_t steps_done() const { return steps_; }
  RowNumbers all_rows() const { return all_; }
  engine::StepControl control() const;

 private:
  std::vector<float> stored(engine::Part part) const;

  const Surface& surface_;
  Samples samples_;
  OptimizerSpec optimizer_;
  std::unique_ptr<engine::Plan> plan_;
  std::vector<std::uint32_t> all_;
  std::uint64_t steps_ = 0;
};

/// Batches of `size` rows in the trainer's own random order, epoch after epoch; what does not fill a batch is left out.
class Batches {
 public:
  Batches(std::size_t rows, std::size_t size, std::uint64_t seed);
  RowNumbers next();

 private:
  std::vector<std::uint32_t> order_;
  std::size_t size_, at_ = 0;
  std::uint64_t seed_, epoch_ = 0;
};

/// `count` recorded updates in batches of `batch` rows, 0: all rows.
std::vector<Update> recorded(const Surface& surface, const OptimizerSpec& optimizer, std::size_t count, std::size_t batch = 0,
                             std::uint64_t seed = 0);

/// The loss that full descent reaches in `steps` steps; on a bowl, with a fitting rate, the least there is.
double loss_at_bottom(const Surface& surface, double rate, int steps);
/// default_optimizer(form) with another learning rate.
OptimizerSpec optimizer_with(std::string_view form, double rate);
/// Where the parameters lie that the optimiser moves: all but running statistics.
std::vector<std::size_t> trainable(const NetworkSpec& network);
/// Up to `count` of them spread over all, first and last among them.
template <class T>
std::vector<T> spread(const std::vector<T>& all, std::size_t count) {
  if (all.size() <= count) return all;
  std::vector<T> chosen;
  for (std::size_t i = 0; i < count; ++i) chosen.push_back(all[i * (all.size() - 1) / (count - 1)]);
  return chosen;
}

}  // namespace chainrule::lesson
