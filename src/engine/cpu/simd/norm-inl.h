// Layer and batch normalisation, forward and backward; sums are double chains (docs/arithmetic.md, items 3 and 9).
#pragma once

#include <type_traits>

#include "engine/cpu/simd/kernel_table.h"
#include "engine/cpu/simd/panels-inl.h"
#include "math/norms.h"

namespace chainrule::engine::cpu {
namespace {

constexpr int kNormRows = 4;  // chains side by side: an addition takes four cycles

/// Calls f(u, values) for the units of kNormRows rows, ascending; rows past the last repeat it.
template <class F>
HWY_INLINE void for_units(int columns, std::size_t stride, const int (&rows)[kNormRows], F f) {
  for (int start = 0; start < columns; start += kPanel) {
    const int width = panel_width(start, columns), end = columns - start < width ? columns - start : width;
    std::size_t at[kNormRows];
    for (int i = 0; i < kNormRows; ++i) at[i] = element(rows[i], start, columns, stride);
    for (int j = 0; j < end; ++j) f(start + j, at, j);
  }
}

HWY_INLINE void choose_rows(int row, int end, int (&rows)[kNormRows]) {
  for (int i = 0; i < kNormRows; ++i) rows[i] = row + i < end ? row + i : end - 1;
}

void normalise_row(const NormRows& shared, int row, double mean, double rstd) {
  const NormRows norm = shared;  // a copy that no store of floats can reach
  const Lanes m = math::constant<Lanes>(mean), s = math::constant<Lanes>(rstd);
  for (int j = 0; j < padded(norm.columns); j += kLanes) {
    const std::size_t at = element(row, j, norm.columns, norm.stride);
    const Lanes xhat = (load(norm.value + at) - m) * s;
    if (norm.normal != nullptr) store(xhat, norm.normal + at);
    store(fma(load(norm.scale + j), xhat, load(norm.shift + j)), norm.value + at);
  }
}

void norm_rows(const NormRows& norm) {
  const double units = norm.columns;
  for (int row = norm.row_begin; row < norm.row_end; row += kNormRows) {
    int rows[kNormRows];
    choose_rows(row, norm.row_end, rows);
    double mean[kNormRows] = {}, variance[kNormRows] = {};
    for_units(norm.columns, norm.stride, rows, [&](int, const std::size_t* at, int j) HWY_ATTR {
      for (int i = 0; i < kNormRows; ++i)
        mean[i] += static_cast<double>(norm.value[at[i] + static_cast<std::size_t>(j)]);
    });
    for (double& m : mean) m /= units;
    for_units(norm.columns, norm.stride, rows, [&](int, const std::size_t* at, int j) HWY_ATTR {
      for (int i = 0; i < kNormRows; ++i) {
        const double d = static_cast<double>(norm.value[at[i] + static_cast<std::size_t>(j)]) - mean[i];
        variance[i] = __builtin_fma(d, d, variance[i]);
      }
    });
    for (int i = 0; i < kNormRows && row + i < norm.row_end; ++i) {
      const double rstd = 1 / __builtin_sqrt(variance[i] / units + math::kNormEpsilon);
      if (norm.rstd != nullptr) norm.rstd[row + i] = rstd;
      normalise_row(norm, row + i, mean[i], rstd);
    }
  }
}

void norm_rows_backward(const NormRowsBackward& norm) {
  const double units = norm.columns;
  for (int row = norm.row_begin; row < norm.row_end; row += kNormRows) {
    int rows[kNormRows];
    choose_rows(row, norm.row_end, rows);
    double c1[kNormRows] = {}, c2[kNormRows] = {};
    for_units(norm.columns, norm.stride, rows, [&](int u, const std::size_t* at, int j) HWY_ATTR {
      for (int i = 0; i < kNormRows; ++i) {
        const std::size_t e = at[i] + static_cast<std::size_t>(j);
        const double g = static_cast<double>(norm.dn[e]) * static_cast<double>(norm.scale[u]);
        c1[i] += g;
        c2[i] = __builtin_fma(g, static_cast<double>(norm.normal[e]), c2[i]);
      }
    });
    for (int i = 0; i < kNormRows; ++i) c1[i] /= units, c2[i] /= units;
    const int count = norm.row_end - row < kNormRows ? norm.row_end - row : kNormRows;
    for_units(norm.columns, norm.stride, rows, [&](int u, const std::size_t* at, int j) HWY_ATTR {
      for (int i = 0; i < count; ++i) {
        const std::size_t e = at[i] + static_cast<std::size_t>(j);
        const double g = static_cast<double>(norm.dn[e]) * static_cast<double>(norm.scale[u]);
        norm.dz[e] = static_cast<float>(norm.rstd[rows[i]] * (g - c1[i] - static_cast<double>(norm.normal[e]) * c2[i]));
      }
    });
  }
}

/// As many doubles as Lanes has floats.
struct DoubleLanes {
  using Tag = hn::Repartition<double, FloatTag>;
  hn::Vec<Tag> low, high;
  static HWY_INLINE DoubleLanes broadcast(double value) { return {hn::Set(Tag(), value), hn::Set(Tag(), value)}; }
};
constexpr int kHalf = kLanes / 2;

HWY_INLINE DoubleLanes to_doubles(const float* from) {
  const Vector x = load(from).v;
  return {hn::PromoteTo(DoubleLanes::Tag(), hn::LowerHalf(x)), hn::PromoteTo(DoubleLanes::Tag(), hn::UpperHalf(hn::Half<FloatTag>(), x))};
}
HWY_INLINE Lanes to_floats(DoubleLanes a) {
  const hn::Half<FloatTag> half;
  return {hn::Combine(FloatTag(), hn::DemoteTo(half, a.high), hn::DemoteTo(half, a.low))};
}
HWY_INLINE DoubleLanes load(const double* from) { return {hn::LoadU(DoubleLanes::Tag(), from), hn::LoadU(DoubleLanes::Tag(), from + kHalf)}; }
HWY_INLINE void store(DoubleLanes a, double* to) {
  hn::StoreU(a.low, DoubleLanes::Tag(), to);
  hn::StoreU(a.high, DoubleLanes::Tag(), to + kHalf);
}
HWY_INLINE DoubleLanes operator+(DoubleLanes a, DoubleLanes b) { return {hn::Add(a.low, b.low), hn::Add(a.high, b.high)}; }
HWY_INLINE DoubleLanes operator-(DoubleLanes a, DoubleLanes b) { return {hn::Sub(a.low, b.low), hn::Sub(a.high, b.high)}; }
HWY_INLINE DoubleLanes operator*(DoubleLanes a, DoubleLanes b) { return {hn::Mul(a.low, b.low), hn::Mul(a.high, b.high)}; }
HWY_INLINE DoubleLanes operator/(DoubleLanes a, DoubleLanes b) { return {hn::Div(a.low, b.low), hn::Div(a.high, b.high)}; }
HWY_INLINE DoubleLanes fma(DoubleLanes a, DoubleLanes b, DoubleLanes c) { return {hn::MulAdd(a.low, b.low, c.low), hn::MulAdd(a.high, b.high, c.high)}; }

/// The row's weight times a; without weights a itself, which is the same.
HWY_INLINE DoubleLanes weighted(const float* weights, int row, DoubleLanes a) {
  return weights == nullptr ? a : DoubleLanes::broadcast(static_cast<double>(weights[row])) * a;
}

/// Calls f(vectors, column) for a panel's columns: all of a full panel at once, so that as many chains hide the latency of the additions.
template <class F>
HWY_INLINE void for_column_groups(int width, F f) {
  if (width == kPanel) return f(std::integral_constant<int, kPanelVectors>(), 0);
  for (int column = 0; column < width; column += kLanes) f(std::integral_constant<int, 1>(), column);
}

/// Calls f(row, element, v) for rows ascending and each of the group's vectors.
template <int kVectors, class F>
HWY_INLINE void for_rows(int width, int column, int row_begin, int row_end, F f) {
  for (int row = row_begin; row < row_end; ++row) {
    const std::size_t at = static_cast<std::size_t>(row) * static_cast<std::size_t>(width) + static_cast<std::size_t>(column);
    CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) f(row, at + static_cast<std::size_t>(v * kLanes), v);
  }
}

void batch_statistics(const BatchStatistics& s) {
  for_column_groups(s.width, [&](auto vectors, int column) HWY_ATTR {
    constexpr int kVectors = vectors();
    const DoubleLanes total = DoubleLanes::broadcast(s.total);
    DoubleLanes mean[kVectors], variance[kVectors];
    CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) mean[v] = variance[v] = DoubleLanes::broadcast(0);
    if (s.total > 0) {
      for_rows<kVectors>(s.width, column, 0, s.rows, [&](int row, std::size_t e, int v) HWY_ATTR {
        mean[v] = mean[v] + weighted(s.weights, row, to_doubles(s.value + e));
      });
      CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) mean[v] = mean[v] / total;
      for_rows<kVectors>(s.width, column, 0, s.rows, [&](int row, std::size_t e, int v) HWY_ATTR {
        const DoubleLanes d = to_doubles(s.value + e) - mean[v];
        variance[v] = fma(weighted(s.weights, row, d), d, variance[v]);
      });
      CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) variance[v] = variance[v] / total;
    }
    CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) {
      store(mean[v], s.mean + column + v * kLanes);
      store(variance[v], s.variance + column + v * kLanes);
    }
  });
}

void batch_normalise(const BatchNormalise& shared) {
  const BatchNormalise norm = shared;  // a copy that no store of floats can reach
  for (int column = 0; column < norm.width; column += kLanes) {
    const Lanes mean = to_floats(load(norm.mean + column)), rstd = to_floats(load(norm.rstd + column));
    const Lanes scale = load(norm.scale + column), shift = load(norm.shift + column);
    for_rows<1>(norm.width, column, norm.row_begin, norm.row_end, [&](int, std::size_t at, int) HWY_ATTR {
      const Lanes xhat = (load(norm.value + at) - mean) * rstd;
      if (norm.normal != nullptr) store(xhat, norm.normal + at);
      store(fma(scale, xhat, shift), norm.value + at);
    });
  }
}

void batch_sums(const BatchNormBackward& norm) {
  for_column_groups(norm.width, [&](auto vectors, int column) HWY_ATTR {
    constexpr int kVectors = vectors();
    const DoubleLanes total = DoubleLanes::broadcast(norm.total);
    DoubleLanes c1[kVectors], c2[kVectors];
    CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) c1[v] = c2[v] = DoubleLanes::broadcast(0);
    if (norm.total > 0) {
      for_rows<kVectors>(norm.width, column, norm.row_begin, norm.row_end, [&](int, std::size_t e, int v) HWY_ATTR {
        const DoubleLanes g = to_doubles(norm.dn + e) * to_doubles(norm.scale + column + v * kLanes);
        c1[v] = c1[v] + g;
        c2[v] = fma(g, to_doubles(norm.normal + e), c2[v]);
      });
      CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) c1[v] = c1[v] / total, c2[v] = c2[v] / total;
    }
    CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) {
      store(c1[v], norm.c1 + column + v * kLanes);
      store(c2[v], norm.c2 + column + v * kLanes);
    }
  });
}

void batch_backward(const BatchNormBackward& shared) {
  const BatchNormBackward norm = shared;  // a copy that no store of floats can reach
  for (int column = 0; column < norm.width; column += kLanes) {
    const DoubleLanes scale = to_doubles(norm.scale + column), rstd = load(norm.rstd + column);
    const DoubleLanes c1 = norm.running ? scale : load(norm.c1 + column), c2 = norm.running ? scale : load(norm.c2 + column);
    for_rows<1>(norm.width, column, norm.row_begin, norm.row_end, [&](int row, std::size_t e, int) HWY_ATTR {
      DoubleLanes g = to_doubles(norm.dn + e) * scale;
      if (!norm.running) g = g - weighted(norm.weights, row, c1) - weighted(norm.weights, row, to_doubles(norm.normal + e) * c2);
      store(to_floats(rstd * g), norm.dz + e);
    });
  }
}

}  // namespace
}  // namespace chainrule::engine::cpu
