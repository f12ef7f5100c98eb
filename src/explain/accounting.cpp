// Every optimiser's step of one weight, divided by source: docs/explain.md gives the formulas.
#include "explain/accounting.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "math/penalties.h"

namespace chainrule::explain {
namespace {

using Constants = math::UpdateLanes<double>;
using State = std::array<double, 4>;
enum Extra : std::size_t { decay, l2, l1, kExtras };  ///< sources behind the rows

/// Divides the steps of one weight among sources. What the optimiser remembers of past numerators is kept per source.
class Ledger {
 public:
  Ledger(const OptimizerSpec& optimizer, std::size_t sources)
      : shape_(math::update_shape(optimizer)), buffer_(sources), moved_(sources) {}

  /// `parts`: the gradient by source, adding up to what the optimiser is given; `before` and `after`: its state around the step.
  /// Returns the sum of what it posted.
  double post(const std::vector<double>& parts, const State& before, const State& after, const Constants& c) {
    const double total = shape_.kind == Optimizer::lion ? lion_numerator(parts, c) : 0;
    double posted = 0;
    for (std::size_t s = 0; s < parts.size(); ++s) {
      const double change = -c.rate * direction(parts[s], buffer_[s], before, after, c, total);
      moved_[s] += change;
      posted += change;
    }
    return posted;
  }
  void add(std::size_t source, double change) { moved_[source] += change; }
  const std::vector<double>& moved() const noexcept { return moved_; }

 private:
  static double root(double v, const Constants& c) { return std::sqrt(std::fma(v, c.second_scale, c.inside)) + c.outside; }

  double lion_numerator(const std::vector<double>& parts, const Constants& c) const {
    double sum = 0;
    for (std::size_t s = 0; s < parts.size(); ++s) sum += c.direction_gain * buffer_[s] + c.gradient_gain * parts[s];
    return std::abs(sum);
  }

  /// A source's momentum: its own running sum or mean of directions.
  double accumulated(double direction, double& buffer, const Constants& c) const {
    if (!shape_.momentum) return direction;
    const double m = moment(direction, buffer, c);
    return shape_.nesterov ? std::fma(c.gradient_gain, m, direction) : m;
  }
  static double moment(double g, double& buffer, const Constants& c) { return buffer = std::fma(c.first_keep, buffer, c.first_gain * g); }

  /// What source `buffer` with gradient part g adds to the direction, as in math/optimizers.h with the denominators of the whole.
  double direction(double g, double& buffer, const State& before, const State& after, const Constants& c, double lion_size) const {
    switch (shape_.kind) {
      case Optimizer::rmsprop: {
        const double v = shape_.centered ? std::max(0.0, std::fma(-after[1], after[1], after[0])) : after[0];
        return accumulated(g / root(v, c), buffer, c);
      }
      case Optimizer::adam: return moment(g, buffer, c) / root(shape_.amsgrad ? after[2] : after[1], c);
      case Optimizer::nadam: return std::fma(c.direction_gain, moment(g, buffer, c), c.gradient_gain * g) / root(after[1], c);
      case Optimizer::radam: return moment(g, buffer, c) / std::fma(c.adaptive, root(after[1], c), c.flat);
      case Optimizer::adagrad: return g / root(after[0], c);
      case Optimizer::adadelta: return std::sqrt(before[1] + c.inside) / std::sqrt(after[0] + c.inside) * g;
      case Optimizer::adamax: return moment(g, buffer, c) / (after[1] + c.outside);
      case Optimizer::lion: {
        const double numerator = c.direction_gain * buffer + c.gradient_gain * g;
        moment(g, buffer, c);
        return lion_size > 0 ? numerator / lion_size : 0;
      }
      default: return accumulated(g, buffer, c);
    }
  }

  math::UpdateShape shape_;
  std::vector<double> buffer_, moved_;
};

class Accountant {
 public:
  Accountant(const Replay& replay, std::size_t at)
      : replay_(replay), network_(replay.network, replay.training), at_(at), place_(place_at(network_.layout(), at)),
        ledger_(replay.training.optimizer, replay.samples.rows + kExtras), parts_(replay.samples.rows + kExtras) {
    network_.parameters().assign(replay.start.begin(), replay.start.end());
    network_.average() = replay.training.ema > 0 ? network_.parameters() : network_.average();
    result_.visits.resize(replay.samples.rows);
    result_.start = weight();
  }

  Account run() {
    for (const ReplayStep& step : replay_.steps) take(step);
    const std::size_t rows = replay_.samples.rows;
    const std::vector<double>& moved = ledger_.moved();
    result_.by_row.assign(moved.begin(), moved.begin() + static_cast<std::ptrdiff_t>(rows));
    result_.weight_decay = moved[rows + decay], result_.l2 = moved[rows + l2], result_.l1 = moved[rows + l1];
    result_.end = weight();
    const TrainingSpec& t = replay_.training;
    const bool linear = math::update_shape(t.optimizer).kind == Optimizer::sgd && t.clip_norm == 0 && t.clip_value == 0;
    result_.exact = linear && replay_.network.loss.max_norm == 0;
    return std::move(result_);
  }

 private:
  double weight() { return network_.parameters()[at_]; }

  State state() {
    State s{};
    for (std::size_t i = 0; i < s.size(); ++i) s[i] = network_.state(i).empty() ? 0 : network_.state(i)[at_];
    return s;
  }

  void take(const ReplayStep& step) {
    reference::gather(replay_.samples, step.rows, batch_);
    network_.forward(batch_, reference::Mode::train, step.control);
    network_.loss(batch_);
    network_.backward();
    collect_parts(step);
    const double w = weight();
    const State before = state();
    const double raw = clip_parts_by_value();
    const double norm = network_.update(step.control);
    const double limit = replay_.training.clip_norm;
    const double scale = limit > 0 && norm > limit ? limit / norm : 1;
    for (double& part : parts_) part *= scale;
    settle(step, w, before, raw * scale);
  }

  void collect_parts(const ReplayStep& step) {
    std::fill(parts_.begin(), parts_.end(), 0.0);
    for (std::size_t r = 0; r < step.rows.size(); ++r) {
      parts_[step.rows[r]] += row_gradient(network_, place_, r);
      ++result_.visits[step.rows[r]];
    }
    if (!place_.tensor->decays) return;
    const LossSpec& loss = replay_.network.loss;
    parts_[replay_.samples.rows + l2] = loss.l2 * weight();
    parts_[replay_.samples.rows + l1] = loss.l1 * math::sign(weight());
  }

  /// Clipping shortens all parts alike. Returns the gradient the optimiser gets, as the network will compute it.
  double clip_parts_by_value() {
    const LossSpec& loss = replay_.network.loss;
    double g = network_.gradients()[at_];
    if (place_.tensor->decays && loss.l2 > 0) g = math::add_l2(g, weight(), loss.l2);
    if (place_.tensor->decays && loss.l1 > 0) g = math::add_l1(g, weight(), loss.l1);
    const double limit = replay_.training.clip_value;
    const double clipped = limit > 0 ? math::clip_by_value(g, limit) : g;
    if (clipped != g) {
      for (double& part : parts_) part *= clipped / g;
    }
    return clipped;
  }

  /// The optimiser's step by source, then what max-norm did to the result.
  void settle(const ReplayStep& step, double w, const State& before, double g) {
    const bool decays = place_.tensor->decays || replay_.training.optimizer.decay_all;
    const Constants c = math::update_lanes<double>(step.control.update, decays);
    const std::size_t rows = replay_.samples.rows;
    parts_[rows + decay] = c.coupled_decay * w;
    const double posted = ledger_.post(parts_, before, state(), c), kept = (c.keep - 1) * w;
    ledger_.add(rows + decay, kept);
    double free = w;
    State s = before;
    math::with_update(math::update_shape(replay_.training.optimizer), [&](auto shape) {
      math::update_element<decltype(shape)::value>(g, free, s[0], s[1], s[2], s[3], c);
    });
    result_.rounding += (free - w) - (posted + kept);
    result_.max_norm += weight() - free;
  }

  const Replay& replay_;
  Network network_;
  std::size_t at_;
  WeightPlace place_;
  Ledger ledger_;
  std::vector<double> parts_;  ///< the gradient of this step by source: rows, then Extra
  reference::Batch<double> batch_;
  Account result_;
};

}  // namespace

double Account::sum() const {
  double total = weight_decay + l2 + l1 + max_norm + rounding;
  for (const double moved : by_row) total += moved;
  return total;
}

Account account(const Replay& replay, std::size_t at) { return Accountant(replay, at).run(); }

}  // namespace chainrule::explain
