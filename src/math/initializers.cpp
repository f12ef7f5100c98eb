// Filling one weight tensor with its initial values.
#include "math/initializers.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/counter_rng.h"
#include "math/elementary.h"

namespace chainrule::math {
namespace {

/// Calls fill(unit, input, word) for every weight, four words per Philox block.
template <class F>
void for_each_draw(WeightShape shape, std::uint64_t seed, std::uint32_t layer, F fill) {
  DrawPlace place{.seed = seed, .purpose = Purpose::initial_weights, .layer = layer};
  for (std::size_t o = 0; o < shape.units; ++o) {
    place.row = static_cast<std::uint32_t>(o);
    for (std::size_t k = 0; k < shape.inputs; k += 4) {
      const auto words = draw_block(place, static_cast<std::uint32_t>(k / 4));
      for (std::size_t i = 0; i < std::min<std::size_t>(4, shape.inputs - k); ++i) fill(o, k + i, words[i]);
    }
  }
}

float upper_bits(std::uint32_t word) { return static_cast<float>(word >> 8); }

/// u in [-half, half).
void fill_uniform(std::span<float> w, WeightShape shape, double half, std::uint64_t seed, std::uint32_t layer) {
  const float width = static_cast<float>(half);
  for_each_draw(shape, seed, layer, [&](std::size_t o, std::size_t k, std::uint32_t word) {
    w[o * shape.inputs + k] = width * (upper_bits(word) * 0x1p-23f - 1.0f);
  });
}

void fill_normal(std::span<float> w, WeightShape shape, double deviation, std::uint64_t seed, std::uint32_t layer) {
  const float scale = static_cast<float>(deviation);
  for_each_draw(shape, seed, layer, [&](std::size_t o, std::size_t k, std::uint32_t word) {
    w[o * shape.inputs + k] = scale * normal_from_draw(upper_bits(word));
  });
}

/// Removes from row `last` its parts along the rows before it (twice, for full precision) and gives it length 1.
void make_orthonormal(std::vector<double>& rows, std::size_t last, std::size_t length) {
  double* row = rows.data() + last * length;
  for (int pass = 0; pass < 2; ++pass) {
    for (std::size_t i = 0; i < last; ++i) {
      const double* other = rows.data() + i * length;
      double dot = 0;
      for (std::size_t k = 0; k < length; ++k) dot += row[k] * other[k];
      for (std::size_t k = 0; k < length; ++k) row[k] -= dot * other[k];
    }
    double square = 0;
    for (std::size_t k = 0; k < length; ++k) square += row[k] * row[k];
    const double scale = 1 / std::sqrt(square);
    for (std::size_t k = 0; k < length; ++k) row[k] *= scale;
  }
}

/// Saxe et al. 2014: Gram-Schmidt on normal numbers, on units or on inputs, whichever are fewer; in double, rows
/// ascending.
void fill_orthogonal(std::span<float> w, WeightShape shape, std::uint64_t seed, std::uint32_t layer) {
  const bool by_units = shape.units <= shape.inputs;
  const std::size_t count = by_units ? shape.units : shape.inputs, length = by_units ? shape.inputs : shape.units;
  std::vector<double> rows(count * length);
  const auto place = [&](std::size_t o, std::size_t k) { return by_units ? o * length + k : k * length + o; };
  for_each_draw(shape, seed, layer, [&](std::size_t o, std::size_t k, std::uint32_t word) {
    rows[place(o, k)] = normal_from_draw(upper_bits(word));
  });
  for (std::size_t i = 0; i < count; ++i) make_orthonormal(rows, i, length);
  for (std::size_t o = 0; o < shape.units; ++o) {
    for (std::size_t k = 0; k < shape.inputs; ++k) w[o * shape.inputs + k] = static_cast<float>(rows[place(o, k)]);
  }
}

}  // namespace

Initializer resolve_initializer(Initializer kind, Activation activation) noexcept {
  if (kind != Initializer::automatic) return kind;
  switch (activation) {
    case Activation::selu: return Initializer::lecun_normal;
    case Activation::relu:
    case Activation::leaky_relu:
    case Activation::prelu:
    case Activation::elu:
    case Activation::celu:
    case Activation::gelu:
    case Activation::gelu_tanh:
    case Activation::silu:
    case Activation::mish:
    case Activation::softplus: return Initializer::he_normal;
    default: return Initializer::glorot_uniform;
  }
}

void fill_weights(std::span<float> w, WeightShape shape, Initializer kind, double parameter, std::uint64_t seed,
                  std::uint32_t layer) {
  const double given = parameter == 0 ? 0.01 : parameter;
  const double inputs = static_cast<double>(shape.inputs), both = inputs + static_cast<double>(shape.units);
  switch (kind) {
    case Initializer::zeros: return std::fill(w.begin(), w.end(), 0.0f);
    case Initializer::constant: return std::fill(w.begin(), w.end(), static_cast<float>(given));
    case Initializer::normal: return fill_normal(w, shape, given, seed, layer);
    case Initializer::uniform: return fill_uniform(w, shape, given, seed, layer);
    case Initializer::automatic:
    case Initializer::glorot_uniform: return fill_uniform(w, shape, std::sqrt(6 / both), seed, layer);
    case Initializer::glorot_normal: return fill_normal(w, shape, std::sqrt(2 / both), seed, layer);
    case Initializer::he_uniform: return fill_uniform(w, shape, std::sqrt(6 / inputs), seed, layer);
    case Initializer::he_normal: return fill_normal(w, shape, std::sqrt(2 / inputs), seed, layer);
    case Initializer::lecun_uniform: return fill_uniform(w, shape, std::sqrt(3 / inputs), seed, layer);
    case Initializer::lecun_normal:
    case Initializer::data_dependent: return fill_normal(w, shape, std::sqrt(1 / inputs), seed, layer);
    case Initializer::orthogonal: return fill_orthogonal(w, shape, seed, layer);
  }
}

}  // namespace chainrule::math
