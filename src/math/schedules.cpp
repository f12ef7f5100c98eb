// The factor of each schedule at each step.
#include "math/schedules.h"

#include <algorithm>

#include "math/elementary.h"
#include "math/exact_double.h"

namespace chainrule::math {
namespace {

using exact_double::cos_pi;
using exact_double::power;

/// Where a step stands without the warm-up: steps since the start, their number in an epoch, and the share of the run that is over.
struct Position {
  double steps = 0, per_epoch = 1, share = 0;

  double epoch() const { return steps / per_epoch; }
  /// That many epochs in steps. What is a whole number of steps but for rounding (0.2 epochs of 10 steps, a quotient) is one.
  double in_steps(double epochs) const { return snapped(epochs * per_epoch); }
  static double snapped(double x) {
    const double nearest = round_even(x);
    return abs(x - nearest) <= 1e-9 * nearest ? nearest : x;
  }
};

/// Half a cosine wave from `from` (x = 0) to `to` (x = 1).
double wave(double from, double to, double x) { return to + (from - to) * 0.5 * (1 + cos_pi(x)); }

/// x >= 0 without its fraction, limited to what fits.
std::uint64_t whole(double x) { return static_cast<std::uint64_t>(std::min(x, 1e18)); }

/// Whole periods of `length` steps that are over.
std::uint64_t periods_over(double steps, double length) { return whole(Position::snapped(steps / length)); }

double multi_step(const ScheduleSpec& spec, Position at) {
  const auto passed = std::count_if(spec.milestones.begin(), spec.milestones.end(), [&](double m) { return at.in_steps(m) <= at.steps; });
  return power(spec.factor, static_cast<std::uint64_t>(passed));
}

/// Loshchilov & Hutter 2017: cycles of period, period*growth, period*growth^2, ... epochs.
double cosine_restarts(const ScheduleSpec& spec, Position at) {
  double length = at.in_steps(spec.period), steps = at.steps;
  if (spec.period_growth > 1) {
    for (int cycle = 0; periods_over(steps, length) >= 1 && cycle < 10000; ++cycle) {
      steps -= length, length = Position::snapped(length * spec.period_growth);
    }
  } else {
    steps -= static_cast<double>(periods_over(steps, length)) * length;
  }
  return wave(1, spec.floor, clamp(steps / length, 0.0, 1.0));
}

/// Smith & Topin 2019: up to the peak, then down.
double one_cycle(const ScheduleSpec& spec, double x) {
  if (x < spec.peak_at) return wave(spec.start_factor, 1, x / spec.peak_at);
  return spec.peak_at < 1 ? wave(1, spec.floor, (x - spec.peak_at) / (1 - spec.peak_at)) : 1;
}

double flat_cos(const ScheduleSpec& spec, double x) {
  if (x <= spec.peak_at) return 1;
  return wave(1, spec.floor, (x - spec.peak_at) / (1 - spec.peak_at));
}

/// Holzmüller et al. 2024 (RealMLP): four waves, each twice as long in log2 as the one before.
double coslog4(double x) { return 0.5 * (1 - cos_pi(2 * (exact_double::log(1 + 15 * x) / 0.6931471805599453))); }

double main_factor(const ScheduleSpec& spec, Position at) {
  switch (spec.kind) {
    case ScheduleKind::constant:
    case ScheduleKind::plateau: return 1;
    case ScheduleKind::step: return power(spec.factor, periods_over(at.steps, at.in_steps(spec.period)));
    case ScheduleKind::multi_step: return multi_step(spec, at);
    case ScheduleKind::exponential: return power(spec.factor, at.epoch());
    case ScheduleKind::polynomial: return spec.floor + (1 - spec.floor) * power(1 - at.share, spec.power);
    case ScheduleKind::inverse_time: return 1 / (1 + at.epoch() / spec.period);
    case ScheduleKind::cosine: return wave(1, spec.floor, at.share);
    case ScheduleKind::cosine_restarts: return cosine_restarts(spec, at);
    case ScheduleKind::one_cycle: return one_cycle(spec, at.share);
    case ScheduleKind::coslog4: return coslog4(at.share);
    case ScheduleKind::flat_cos: return flat_cos(spec, at.share);
  }
  return 1;
}

/// Steps of warm-up: a number, or below 1 a share of all steps.
double warmup_steps(const ScheduleSpec& spec, double total) {
  if (!(spec.warmup > 0)) return 0;
  return static_cast<double>(whole((spec.warmup < 1 ? spec.warmup * total : spec.warmup) + 0.5));
}

}  // namespace

double schedule_factor(const ScheduleSpec& spec, std::uint64_t step, std::uint64_t steps_per_epoch, std::uint64_t total_steps) noexcept {
  const double total = static_cast<double>(std::max<std::uint64_t>(1, total_steps));
  const double per_epoch = static_cast<double>(std::max<std::uint64_t>(1, steps_per_epoch));
  const double now = std::min(static_cast<double>(step), total), warmup = warmup_steps(spec, total);
  if (now < warmup) return (now + 1) / (warmup + 1) * main_factor(spec, {});
  const double after = now - warmup, length = std::max(1.0, total - warmup);
  return main_factor(spec, {after, per_epoch, std::min(1.0, after / length)});
}

void PlateauState::add(const ScheduleSpec& spec, double score) noexcept {
  const bool better = epochs == 0 || score < best || best != best;
  ++epochs;
  if (better) {
    best = score;
    waiting = 0;
  } else if (static_cast<double>(++waiting) > spec.patience) {
    factor = std::max(spec.floor, factor * spec.factor);
    waiting = 0;
  }
}

}  // namespace chainrule::math
