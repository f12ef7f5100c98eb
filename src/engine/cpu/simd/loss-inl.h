// Losses: one row of the batch per lane, so that the chain over the outputs is every row's own (docs/arithmetic.md,
// item 7).
#pragma once

#include "engine/cpu/simd/kernel_table.h"
#include "engine/cpu/simd/panels-inl.h"
#include "engine/cpu/simd/transpose-inl.h"
#include "math/losses.h"

namespace chainrule::engine::cpu {
namespace {

/// kLanes rows side by side: element o of row i at [o * kLanes + i].
struct LossLanes {
  const float* z;
  const float* target;
  float* gradient;
  int columns;
  Lanes parameter;
};

template <Loss L>
HWY_INLINE Lanes loss_of_lanes(const LossLanes& rows) {
  Lanes loss = Lanes::broadcast(0.0f);
  for (int o = 0; o < rows.columns; ++o) {
    const math::ValueSlope<Lanes> term =
        math::loss_term<L>(load(rows.z + o * kLanes), load(rows.target + o * kLanes), rows.parameter);
    loss = loss + term.value;
    store(term.slope, rows.gradient + o * kLanes);
  }
  return loss / math::constant<Lanes>(rows.columns);
}

template <>
HWY_INLINE Lanes loss_of_lanes<Loss::gaussian_nll>(const LossLanes& rows) {
  const int count = rows.columns / 2;
  Lanes loss = Lanes::broadcast(0.0f);
  for (int o = 0; o < count; ++o) {
    const auto term = math::gaussian_nll(load(rows.z + o * kLanes), load(rows.z + (count + o) * kLanes),
                                         load(rows.target + o * kLanes));
    loss = loss + term.value;
    store(term.mean_slope, rows.gradient + o * kLanes);
    store(term.log_variance_slope, rows.gradient + (count + o) * kLanes);
  }
  return loss / math::constant<Lanes>(count);
}

template <>
HWY_INLINE Lanes loss_of_lanes<Loss::cross_entropy>(const LossLanes& rows) {
  Lanes maximum = load(rows.z), sum = Lanes::broadcast(0.0f), loss = sum;
  for (int o = 1; o < rows.columns; ++o) maximum = max(maximum, load(rows.z + o * kLanes));
  for (int o = 0; o < rows.columns; ++o) {
    const Lanes power = math::softmax_power(load(rows.z + o * kLanes), maximum);
    sum = sum + power;
    store(power, rows.gradient + o * kLanes);
  }
  const Lanes log_sum = math::log(sum);
  for (int o = 0; o < rows.columns; ++o) {
    const Lanes target = load(rows.target + o * kLanes);
    loss = math::add_cross_entropy(loss, target, load(rows.z + o * kLanes), log_sum, maximum);
    store(math::cross_entropy_slope(load(rows.gradient + o * kLanes), sum, target), rows.gradient + o * kLanes);
  }
  return loss;
}

/// Targets of up to kLanes rows, label smoothing done.
HWY_INLINE void fill_targets(const LossRows& loss, int row, int count, float* target) {
  const int wanted = loss.kind == Loss::gaussian_nll ? loss.columns / 2 : loss.columns;
  for (int i = 0; i < kLanes; ++i) {
    const std::size_t sample = loss.rows[row + (i < count ? i : count - 1)];
    for (int o = 0; o < wanted; ++o) {
      float t;
      if (loss.labels != nullptr) {
        t = wanted == 1 ? static_cast<float>(loss.labels[sample]) : loss.labels[sample] == o ? 1.0f : 0.0f;
      } else {
        const std::size_t column = static_cast<std::size_t>(o);
        t = loss.y != nullptr && column < loss.targets ? loss.y[sample * loss.targets + column] : 0.0f;
      }
      target[o * kLanes + i] = t;
    }
  }
  if (!(loss.smoothing > 0)) return;
  const std::size_t classes = loss.kind == Loss::cross_entropy ? static_cast<std::size_t>(loss.columns) : 2;
  for (int o = 0; o < wanted; ++o)
    store(math::smooth_target(load(target + o * kLanes), loss.smoothing, classes), target + o * kLanes);
}

/// From panels to lanes, and back.
HWY_INLINE void read_lanes(const LossRows& loss, int row, int count, float* z) {
  for (int start = 0; start < loss.columns; start += kPanel) {
    const int width = panel_width(start, loss.columns),
              used = loss.columns - start < width ? loss.columns - start : width;
    transpose(loss.outputs + element(row, start, loss.columns, loss.stride), width, count, used, z + start * kLanes,
              kLanes);
  }
}
HWY_INLINE void write_lanes(const LossRows& loss, int row, int count, const float* gradient) {
  for (int start = 0; start < loss.columns; start += kPanel) {
    const int width = panel_width(start, loss.columns),
              used = loss.columns - start < width ? loss.columns - start : width;
    transpose(gradient + start * kLanes, kLanes, used, count,
              loss.gradient + element(row, start, loss.columns, loss.stride), width);
  }
}

template <Loss L>
HWY_INLINE bool loss_rows(const LossRows& loss) {
  const int size = loss.columns * kLanes;
  float* z = loss.scratch;
  float* target = z + size;
  float* gradient = target + size;
  const Lanes zero = Lanes::broadcast(0.0f);
  bool fine = true;
  for (int row = loss.row_begin; row < loss.row_end; row += kLanes) {
    const int count = loss.row_end - row < kLanes ? loss.row_end - row : kLanes;
    if (count < kLanes) {
      for (int i = 0; i < size; ++i) z[i] = 0;  // idle lanes compute something harmless
    }
    read_lanes(loss, row, count, z);
    fill_targets(loss, row, count, target);
    alignas(64) float value[kLanes], factor[kLanes];
    for (int i = 0; i < kLanes; ++i) factor[i] = i < count ? loss.row_scale[row + i] : 0.0f;
    const Lanes result = loss_of_lanes<L>({z, target, gradient, loss.columns, Lanes::broadcast(loss.parameter)});
    Lanes check = loss.weightless ? zero : result * zero;
    for (int o = 0; o < loss.columns; ++o) {
      const Lanes g = loss.weightless ? zero : load(gradient + o * kLanes) * load(factor);
      store(g, gradient + o * kLanes);
      check = fma(g, zero, check);
    }
    fine = fine && !any(first_lanes(count) & !equal(check, zero));
    store(result, value);
    for (int i = 0; i < count; ++i) loss.row_loss[row + i] = value[i];
    write_lanes(loss, row, count, gradient);
  }
  return fine;
}

bool loss(const LossRows& rows) {
  return math::with_loss(rows.kind, [&](auto kind) { return loss_rows<kind()>(rows); });
}

}  // namespace
}  // namespace chainrule::engine::cpu
