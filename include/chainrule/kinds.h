// The names of everything a network can be built from: one enum and one name table per concept.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace chainrule {

enum class Activation { identity, relu, leaky_relu, prelu, elu, selu, celu, gelu, gelu_tanh, silu, mish, tanh, sigmoid,
                        hard_tanh, hard_sigmoid, softplus, softsign };
enum class Loss { squared_error, absolute_error, huber, quantile, poisson, gaussian_nll, binary_cross_entropy,
                  cross_entropy, hinge };
/// `automatic` picks by activation (printed): lecun_normal for selu, he_normal for the relu family, glorot_uniform otherwise.
/// `data_dependent`: normal draws of deviation 1/sqrt(inputs); train() then scales and shifts each unit so that its z has mean 0 and
/// deviation 1 over the first training rows. A Network made in memory keeps the draws.
enum class Initializer { automatic, zeros, constant, normal, uniform, glorot_uniform, glorot_normal, he_uniform, he_normal,
                         lecun_uniform, lecun_normal, orthogonal, data_dependent };
enum class DropoutKind { inverted, standard, gaussian, alpha, dropconnect };
enum class Norm { none, layer, batch };
enum class Optimizer { sgd, momentum, rmsprop, adam, adamw, nadam, radam, adagrad, adadelta, adamax, lion, lbfgs };
/// How `momentum` (and rmsprop's momentum) accumulates: the lesson's exponential mean, PyTorch's sum, or Nesterov's look-ahead.
enum class MomentumForm { ema, heavy_ball, nesterov };
enum class ScheduleKind { constant, step, multi_step, exponential, polynomial, inverse_time, cosine, cosine_restarts,
                          one_cycle, coslog4, flat_cos, plateau };
enum class Task { automatic, classification, regression };
enum class EngineKind { automatic, cpu, reference };
/// What the operands of the three matrix products are rounded to; docs/arithmetic.md, "Operands in bf16".
enum class Precision { fp32, bf16 };
enum class SplitKind { automatic, random, stratified, time, group };

/// The names of E in enum order: names<Activation>()[size_t(Activation::relu)] == "relu". Defined for every enum above.
template <class E>
std::span<const std::string_view> names() noexcept;

/// What the concept is called in messages, e.g. "activation".
template <class E>
std::string_view concept_name() noexcept;

template <class E>
std::string_view name(E kind) noexcept {
  const auto all = names<E>();
  const auto index = static_cast<size_t>(kind);
  return index < all.size() ? all[index] : std::string_view("no value of its kind");
}

/// Every value of E, for tests and help texts that loop over a registry.
template <class E>
std::vector<E> all() {
  std::vector<E> values;
  for (size_t i = 0; i < names<E>().size(); ++i) values.push_back(static_cast<E>(i));
  return values;
}

/// Finds `text` among the names of E; throws Error E0202 with the nearest name. `where` is repeated in the error.
/// "auto" is accepted for "automatic".
template <class E>
E parse_kind(std::string_view text, std::string_view where = "");

/// The nearest of `candidates` to `text` by edit distance, or "" when none is near; for "did you mean" hints.
std::string nearest_name(std::string_view text, std::span<const std::string_view> candidates);

}  // namespace chainrule
