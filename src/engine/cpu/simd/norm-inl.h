// Layer and batch normalisation, forward and backward; sums are double chains (docs/arithmetic.md, items 3 and 9).
#pragma once

#include "engine/cpu/simd/kernel_table.h"
#include "engine/cpu/simd/panels-inl.h"

namespace chainrule::engine::cpu {
namespace {

constexpr double kEpsilon = 1e-5;
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

void normalise_row(const NormRows& norm, int row, double mean, double rstd) {
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
      const double rstd = 1 / __builtin_sqrt(variance[i] / units + kEpsilon);
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

HWY_INLINE double weight_of(const float* weights, int row) {
  return weights != nullptr ? static_cast<double>(weights[row]) : 1.0;
}

/// Sums of kLanes neighbouring columns, rows ascending: f(row, element, lane index).
template <class F>
HWY_INLINE void for_rows(int width, int column, int row_begin, int row_end, F f) {
  for (int row = row_begin; row < row_end; ++row) {
    const std::size_t at =
        static_cast<std::size_t>(row) * static_cast<std::size_t>(width) + static_cast<std::size_t>(column);
    for (int i = 0; i < kLanes; ++i) f(row, at + static_cast<std::size_t>(i), i);
  }
}

void batch_statistics(const BatchStatistics& s) {
  for (int column = 0; column < s.width; column += kLanes) {
    double mean[kLanes] = {}, variance[kLanes] = {};
    if (s.total > 0) {
      for_rows(s.width, column, 0, s.rows, [&](int row, std::size_t e, int i) HWY_ATTR {
        mean[i] += weight_of(s.weights, row) * static_cast<double>(s.value[e]);
      });
      for (double& m : mean) m /= s.total;
      for_rows(s.width, column, 0, s.rows, [&](int row, std::size_t e, int i) HWY_ATTR {
        const double d = static_cast<double>(s.value[e]) - mean[i];
        variance[i] = __builtin_fma(weight_of(s.weights, row) * d, d, variance[i]);
      });
      for (double& v : variance) v /= s.total;
    }
    for (int i = 0; i < kLanes; ++i) s.mean[column + i] = mean[i], s.variance[column + i] = variance[i];
  }
}

void batch_normalise(const BatchNormalise& norm) {
  for (int column = 0; column < norm.width; column += kLanes) {
    alignas(64) float means[kLanes], rstds[kLanes];
    for (int i = 0; i < kLanes; ++i) {
      means[i] = static_cast<float>(norm.mean[column + i]);
      rstds[i] = static_cast<float>(norm.rstd[column + i]);
    }
    const Lanes mean = load(means), rstd = load(rstds), scale = load(norm.scale + column),
                shift = load(norm.shift + column);
    for (int row = norm.row_begin; row < norm.row_end; ++row) {
      const std::size_t at =
          static_cast<std::size_t>(row) * static_cast<std::size_t>(norm.width) + static_cast<std::size_t>(column);
      const Lanes xhat = (load(norm.value + at) - mean) * rstd;
      if (norm.normal != nullptr) store(xhat, norm.normal + at);
      store(fma(scale, xhat, shift), norm.value + at);
    }
  }
}

void batch_sums(const BatchNormBackward& norm) {
  for (int column = 0; column < norm.width; column += kLanes) {
    double c1[kLanes] = {}, c2[kLanes] = {};
    if (norm.total > 0) {
      for_rows(norm.width, column, norm.row_begin, norm.row_end, [&](int, std::size_t e, int i) HWY_ATTR {
        const double g = static_cast<double>(norm.dn[e]) * static_cast<double>(norm.scale[column + i]);
        c1[i] += g;
        c2[i] = __builtin_fma(g, static_cast<double>(norm.normal[e]), c2[i]);
      });
      for (int i = 0; i < kLanes; ++i) c1[i] /= norm.total, c2[i] /= norm.total;
    }
    for (int i = 0; i < kLanes; ++i) norm.c1[column + i] = c1[i], norm.c2[column + i] = c2[i];
  }
}

void batch_backward(const BatchNormBackward& norm) {
  for (int column = 0; column < norm.width; column += kLanes) {
    for_rows(norm.width, column, norm.row_begin, norm.row_end, [&](int row, std::size_t e, int i) HWY_ATTR {
      const int u = column + i;
      const double g = static_cast<double>(norm.dn[e]) * static_cast<double>(norm.scale[u]);
      const double w = weight_of(norm.weights, row), xhat = static_cast<double>(norm.normal[e]);
      norm.dz[e] = static_cast<float>(norm.running ? norm.rstd[u] * g
                                                   : norm.rstd[u] * (g - w * norm.c1[u] - w * (xhat * norm.c2[u])));
    });
  }
}

}  // namespace
}  // namespace chainrule::engine::cpu
