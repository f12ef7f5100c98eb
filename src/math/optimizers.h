// Every optimiser's update of one element, in one place, for scalars and vectors alike.
#pragma once

#include <cstddef>
#include <cstdint>

#include "chainrule/network_spec.h"
#include "math/losses.h"

// Formulas in prose, sources and named parities: docs/optimizers.md. Options are constants where a constant can
// express them (bias
// correction, place of epsilon, kind of weight decay, exponential mean or sum); what changes the work is an
// UpdateShape.
namespace chainrule::math {

/// The numbers of one step that an update uses.
template <class T>
struct UpdateValues {
  T rate{};           ///< w -= rate * direction; holds the learning rate and the bias correction of the first moment
  T coupled_decay{};  ///< first g = fma(coupled_decay, w, g)
  T keep{};           ///< then w = w * keep: 1 - learning rate * decoupled weight decay
  T first_keep{}, first_gain{};    ///< m = first_keep*m + first_gain*g
  T second_keep{}, second_gain{};  ///< v = second_keep*v + second_gain*g^2
  T second_scale{};   ///< bias correction of v: 1 / (1 - beta2^t)
  T inside{}, outside{};  ///< epsilon: sqrt(v*second_scale + inside) + outside
  T gradient_gain{};  ///< nesterov: factor of the buffer; nadam: factor of g beside m; lion: factor of g in the direction
  T direction_gain{}; ///< nadam, lion: factor of m in the direction
  T adaptive{}, flat{};  ///< radam: denominator = adaptive*root + flat, either (1, 0) or (0, 1)
};

/// Computed in double from the spec, the step number and the scheduled rates; engines round to their type once.
struct UpdateConstants : UpdateValues<double> {
  double learning_rate = 0;
  double weight_decay = 0;
};

/// t counts from 1. Uses no C library function. lbfgs has no update per element: all zero but learning_rate and
/// weight_decay.
UpdateConstants update_constants(const OptimizerSpec& spec, std::uint64_t t, double learning_rate, double weight_decay);

/// Bounds of update_parts::felt and root, for fp32 and UpdateShape::fades. With room to spare: no denominator is less than epsilon, and if that is
/// at least 2^-40 a denormal numerator moves a weight above rate * 2^-60 by less than rate * 2^-86, which is less than 2^-26 of it.
template <class V>
struct FadingBounds {
  [[gnu::always_inline]] explicit FadingBounds(const UpdateConstants& c)
      : unfelt_below(constant<V>(max(c.outside, c.inside) >= 0x1p-40 ? 0x1p-126 : 0)),
        felt_above(constant<V>(abs(c.rate) * 0x1p-60)),
        least_radicand(constant<V>(c.outside >= 0x1p-36 ? 0x1p-126 : 0)) {}
  V unfelt_below, felt_above, least_radicand;
};

template <class V>
struct UpdateLanes : UpdateValues<V> {
  FadingBounds<V> fading;
};

/// The constants as lanes, for a tensor that weight decay applies to (Tensor::decays or OptimizerSpec::decay_all) or
/// not.
template <class V>
[[gnu::always_inline]] inline UpdateLanes<V> update_lanes(const UpdateConstants& c, bool decays) {
  return {{constant<V>(c.rate), constant<V>(decays ? c.coupled_decay : 0), constant<V>(decays ? c.keep : 1),
          constant<V>(c.first_keep), constant<V>(c.first_gain), constant<V>(c.second_keep), constant<V>(c.second_gain),
          constant<V>(c.second_scale), constant<V>(c.inside), constant<V>(c.outside), constant<V>(c.gradient_gain),
          constant<V>(c.direction_gain), constant<V>(c.adaptive), constant<V>(c.flat)}, FadingBounds<V>(c)};
}

/// What an update does, beyond its numbers. `kind`: momentum counts as sgd, adamw as adam.
struct UpdateShape {
  Optimizer kind = Optimizer::sgd;
  bool momentum = false;  ///< sgd, rmsprop: a buffer of directions
  bool nesterov = false;
  bool centered = false;  ///< rmsprop
  bool amsgrad = false;   ///< adam
  bool fades = false;     ///< fp32: some state has decayed to denormal numbers; the same bits by a way they slow down less
  friend constexpr bool operator==(const UpdateShape&, const UpdateShape&) = default;
};
UpdateShape update_shape(const OptimizerSpec& spec) noexcept;

/// Whether UpdateShape::fades makes a difference: a decaying mean is divided, or is under a root.
constexpr bool can_fade(Optimizer kind) {
  using enum Optimizer;
  return kind == rmsprop || kind == adam || kind == adamw || kind == nadam || kind == radam || kind == adamax;
}

/// How many state vectors (0 to 4) the optimiser keeps per parameter, and what each starts at.
std::size_t state_count(const OptimizerSpec& spec) noexcept;
double state_start(const OptimizerSpec& spec, std::size_t state) noexcept;
/// "m", "v", ... for files and for people.
const char* state_name(const OptimizerSpec& spec, std::size_t state) noexcept;

namespace update_parts {

template <class V>
[[gnu::always_inline]] inline V second_moment(V v, V g, const UpdateLanes<V>& c) {
  return fma(c.second_keep, v, c.second_gain * g * g);
}
template <class V>
[[gnu::always_inline]] inline V first_moment(V m, V g, const UpdateLanes<V>& c) {
  return fma(c.first_keep, m, c.first_gain * g);
}
/// v >= 0. Roots of denormals are slow and less than half a unit in the last place of c.outside, as that of 2^-126 is.
template <UpdateShape S, class V>
[[gnu::always_inline]] inline V root(V v, const UpdateLanes<V>& c) {
  V radicand = fma(v, c.second_scale, c.inside);
  if constexpr (S.fades) radicand = max(c.fading.least_radicand, radicand);
  return sqrt(radicand) + c.outside;
}

/// What is divided for weight w (after decay). Quotients of denormals are slow and, unless the weight is tiny itself, less than half a
/// unit in its last place: a zero leaves w the same bits. NaN stays.
template <UpdateShape S, class V>
[[gnu::always_inline]] inline V felt(V numerator, [[maybe_unused]] V w, [[maybe_unused]] const UpdateLanes<V>& c) {
  if constexpr (!S.fades) return numerator;
  const auto tiny = less(abs(numerator), c.fading.unfelt_below), unfelt = less(c.fading.felt_above, abs(w));
  return zero_if(tiny & unfelt, numerator);
}

/// The direction itself, or its running sum or mean in `buffer`, or Nesterov's look-ahead.
template <UpdateShape S, class V>
[[gnu::always_inline]] inline V accumulate(V direction, V& buffer, const UpdateLanes<V>& c) {
  if constexpr (!S.momentum) {
    return direction;
  } else {
    buffer = first_moment(buffer, direction, c);
    if constexpr (S.nesterov) return fma(c.gradient_gain, buffer, direction);
    return buffer;
  }
}

template <UpdateShape S, class V>
[[gnu::always_inline]] inline V rmsprop_direction(V g, V& v, V& s1, V& s2, const UpdateLanes<V>& c) {
  v = second_moment(v, g, c);
  if constexpr (S.centered) {
    s1 = fma(c.second_keep, s1, c.second_gain * g);
    const V variance = max(constant<V>(0), fma(-s1, s1, v));
    return accumulate<S>(g / root<S>(variance, c), s2, c);
  } else {
    return accumulate<S>(g / root<S>(v, c), s1, c);
  }
}

template <UpdateShape S, class V>
[[gnu::always_inline]] inline V adam_direction(V g, V w, V& m, V& v, V& largest, const UpdateLanes<V>& c) {
  m = first_moment(m, g, c);
  v = second_moment(v, g, c);
  if constexpr (S.amsgrad) largest = max(largest, v);
  return felt<S>(m, w, c) / root<S>(S.amsgrad ? largest : v, c);
}

template <UpdateShape S, class V>
[[gnu::always_inline]] inline V nadam_direction(V g, V w, V& m, V& v, const UpdateLanes<V>& c) {
  m = first_moment(m, g, c);
  v = second_moment(v, g, c);
  return felt<S>(fma(c.direction_gain, m, c.gradient_gain * g), w, c) / root<S>(v, c);
}

template <UpdateShape S, class V>
[[gnu::always_inline]] inline V radam_direction(V g, V w, V& m, V& v, const UpdateLanes<V>& c) {
  m = first_moment(m, g, c);
  v = second_moment(v, g, c);
  return felt<S>(m, w, c) / fma(c.adaptive, root<S>(v, c), c.flat);
}

template <class V>
[[gnu::always_inline]] inline V adadelta_direction(V g, V& v, V& d, const UpdateLanes<V>& c) {
  v = second_moment(v, g, c);
  const V direction = sqrt(d + c.inside) / sqrt(v + c.inside) * g;
  d = second_moment(d, direction, c);
  return direction;
}

template <UpdateShape S, class V>
[[gnu::always_inline]] inline V adamax_direction(V g, V w, V& m, V& u, const UpdateLanes<V>& c) {
  m = first_moment(m, g, c);
  u = max(c.second_keep * u, abs(g) + c.inside);
  return felt<S>(m, w, c) / (u + c.outside);
}

template <class V>
[[gnu::always_inline]] inline V lion_direction(V g, V& m, const UpdateLanes<V>& c) {
  const V direction = sign(fma(c.direction_gain, m, c.gradient_gain * g));
  m = first_moment(m, g, c);
  return direction;
}

}  // namespace update_parts

/// One step of one element: g is its gradient (penalties and clipping done), w its weight, s0..s3 the state in
/// state_name() order.
template <UpdateShape S, class V>
[[gnu::always_inline]] inline void update_element(V g, V& w, V& s0, V& s1, V& s2, [[maybe_unused]] V& s3,
                                                  const UpdateLanes<V>& c) {
  using namespace update_parts;
  g = fma(c.coupled_decay, w, g);
  const V kept = w * c.keep;
  V direction = g;
  if constexpr (S.kind == Optimizer::sgd) direction = accumulate<S>(g, s0, c);
  if constexpr (S.kind == Optimizer::rmsprop) direction = rmsprop_direction<S>(g, s0, s1, s2, c);
  if constexpr (S.kind == Optimizer::adam) direction = adam_direction<S>(g, kept, s0, s1, s2, c);
  if constexpr (S.kind == Optimizer::nadam) direction = nadam_direction<S>(g, kept, s0, s1, c);
  if constexpr (S.kind == Optimizer::radam) direction = radam_direction<S>(g, kept, s0, s1, c);
  if constexpr (S.kind == Optimizer::adagrad) {
    s0 = second_moment(s0, g, c);
    direction = g / root<S>(s0, c);
  }
  if constexpr (S.kind == Optimizer::adadelta) direction = adadelta_direction(g, s0, s1, c);
  if constexpr (S.kind == Optimizer::adamax) direction = adamax_direction<S>(g, kept, s0, s1, c);
  if constexpr (S.kind == Optimizer::lion) direction = lion_direction(g, s0, c);
  w = fma(-c.rate, direction, kept);
}

template <UpdateShape S>
struct ShapeConstant {
  static constexpr UpdateShape value = S;
};

namespace update_parts {

template <Optimizer K, bool centered, class F>
[[gnu::always_inline]] inline decltype(auto) with_momentum(const UpdateShape& s, F&& f) {
  if (s.nesterov) return f(ShapeConstant<UpdateShape{K, true, true, centered, false}>{});
  if (s.momentum) return f(ShapeConstant<UpdateShape{K, true, false, centered, false}>{});
  return f(ShapeConstant<UpdateShape{K, false, false, centered, false}>{});
}

}  // namespace update_parts

/// f(ShapeConstant<S>{}) for the S that equals update_shape(spec): 17 shapes. lbfgs counts as sgd.
template <class F>
[[gnu::always_inline]] inline decltype(auto) with_update(const UpdateShape& s, F&& f) {
  using enum Optimizer;
  switch (s.kind) {
    case rmsprop:
      if (s.centered) return update_parts::with_momentum<rmsprop, true>(s, f);
      return update_parts::with_momentum<rmsprop, false>(s, f);
    case adam:
    case adamw:
      if (s.amsgrad) return f(ShapeConstant<UpdateShape{adam, false, false, false, true}>{});
      return f(ShapeConstant<UpdateShape{adam}>{});
    case nadam: return f(ShapeConstant<UpdateShape{nadam}>{});
    case radam: return f(ShapeConstant<UpdateShape{radam}>{});
    case adagrad: return f(ShapeConstant<UpdateShape{adagrad}>{});
    case adadelta: return f(ShapeConstant<UpdateShape{adadelta}>{});
    case adamax: return f(ShapeConstant<UpdateShape{adamax}>{});
    case lion: return f(ShapeConstant<UpdateShape{lion}>{});
    case sgd:
    case momentum:
    case lbfgs: break;
  }
  return update_parts::with_momentum<sgd, false>(s, f);
}

}  // namespace chainrule::math
