// The constants of one step of each optimiser, and what state it keeps.
#include "math/optimizers.h"

#include <array>

#include "math/exact_double.h"

namespace chainrule::math {
namespace {

using exact_double::power;

void set_epsilon(UpdateConstants& c, const OptimizerSpec& spec) {
  (spec.epsilon_inside ? c.inside : c.outside) = spec.epsilon;
}

void set_momentum(UpdateConstants& c, const OptimizerSpec& spec) {
  c.first_keep = spec.momentum;
  c.first_gain = spec.form == MomentumForm::ema ? 1 - spec.momentum : 1;
  c.gradient_gain = spec.momentum;
}

/// A decayed mean of g in m and of g^2 in v.
void set_moments(UpdateConstants& c, const OptimizerSpec& spec) {
  c.first_keep = spec.beta1, c.first_gain = 1 - spec.beta1;
  c.second_keep = spec.beta2, c.second_gain = 1 - spec.beta2;
}

/// 1 - beta^t, or 1 without bias correction.
double correction(const OptimizerSpec& spec, double beta, std::uint64_t t) {
  return spec.bias_correction ? 1 - power(beta, t) : 1;
}

/// Correction of v: in front of epsilon, or (epsilon_hat) folded into the rate.
void correct_second(UpdateConstants& c, const OptimizerSpec& spec, std::uint64_t t) {
  const double b = correction(spec, spec.beta2, t);
  if (spec.epsilon_hat) {
    c.rate *= sqrt(b);
  } else {
    c.second_scale = 1 / b;
  }
}

void set_adam(UpdateConstants& c, const OptimizerSpec& spec, std::uint64_t t) {
  set_moments(c, spec);
  set_epsilon(c, spec);
  c.rate /= correction(spec, spec.beta1, t);
  correct_second(c, spec, t);
}

/// Dozat 2016 with the momentum schedule mu_t = beta1 (1 - 0.96^(t * momentum_decay) / 2), or mu_t = beta1 when
/// momentum_decay is 0.
void set_nadam(UpdateConstants& c, const OptimizerSpec& spec, std::uint64_t t) {
  set_moments(c, spec);
  set_epsilon(c, spec);
  correct_second(c, spec, t);
  double now = spec.beta1, next = spec.beta1, product = power(spec.beta1, t);
  if (spec.momentum_decay > 0) {
    const double ratio = power(0.96, spec.momentum_decay);
    const auto mu = [&](double decayed) { return spec.beta1 * (1 - 0.5 * decayed); };
    double decayed = 1;
    product = 1;
    // Below 1e-18 the product no longer changes 1 - product, so its further factors are not needed.
    for (std::uint64_t i = 1; i <= t && product > 1e-18; ++i) product *= mu(decayed *= ratio);
    now = mu(power(ratio, t));
    next = mu(power(ratio, t + 1));
  }
  if (!spec.bias_correction) product = 0;
  c.direction_gain = next / (1 - product * next);
  c.gradient_gain = (1 - now) / (1 - product);
}

/// Liu et al. 2020, algorithm 2: while the variance of the adaptive rate has no bound (rho <= 5), momentum alone.
void set_radam(UpdateConstants& c, const OptimizerSpec& spec, std::uint64_t t) {
  set_adam(c, spec, t);
  const double decayed = power(spec.beta2, t), count = static_cast<double>(t);
  const double limit = 2 / (1 - spec.beta2) - 1;
  const double rho = limit - 2 * count * decayed / (1 - decayed);
  if (rho > 5) {
    c.adaptive = 1;
    c.rate *= sqrt((rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho));
  } else {
    c.flat = 1;
    c.rate = c.learning_rate / correction(spec, spec.beta1, t);
  }
}

void set_lion(UpdateConstants& c, const OptimizerSpec& spec) {
  c.direction_gain = spec.beta1, c.gradient_gain = 1 - spec.beta1;
  c.first_keep = spec.beta2, c.first_gain = 1 - spec.beta2;
}

void set_kind(UpdateConstants& c, const OptimizerSpec& spec, std::uint64_t t) {
  switch (spec.kind) {
    case Optimizer::sgd:
    case Optimizer::momentum: return set_momentum(c, spec);
    case Optimizer::rmsprop:
      c.second_keep = spec.beta2, c.second_gain = 1 - spec.beta2;
      set_momentum(c, spec);
      return set_epsilon(c, spec);
    case Optimizer::adam:
    case Optimizer::adamw: return set_adam(c, spec, t);
    case Optimizer::nadam: return set_nadam(c, spec, t);
    case Optimizer::radam: return set_radam(c, spec, t);
    case Optimizer::adagrad:
      c.second_keep = c.second_gain = 1;
      return set_epsilon(c, spec);
    case Optimizer::adadelta:
      c.second_keep = spec.beta2, c.second_gain = 1 - spec.beta2;
      c.inside = spec.epsilon;
      return;
    case Optimizer::adamax:
      set_moments(c, spec);
      set_epsilon(c, spec);
      c.rate /= correction(spec, spec.beta1, t);
      return;
    case Optimizer::lion: return set_lion(c, spec);
    case Optimizer::lbfgs: return;
  }
}

struct StateNames {
  std::size_t count = 0;
  std::array<const char*, 4> names{};
};

StateNames state_names(const OptimizerSpec& spec) noexcept {
  const UpdateShape shape = update_shape(spec);
  switch (shape.kind) {
    case Optimizer::sgd: return shape.momentum ? StateNames{1, {"m"}} : StateNames{};
    case Optimizer::rmsprop:
      if (shape.centered) return {shape.momentum ? 3u : 2u, {"v", "mean", "m"}};
      return {shape.momentum ? 2u : 1u, {"v", "m"}};
    case Optimizer::adam: return {shape.amsgrad ? 3u : 2u, {"m", "v", "largest_v"}};
    case Optimizer::nadam:
    case Optimizer::radam: return {2, {"m", "v"}};
    case Optimizer::adagrad: return {1, {"v"}};
    case Optimizer::adadelta: return {2, {"v", "d"}};
    case Optimizer::adamax: return {2, {"m", "u"}};
    case Optimizer::lion: return {1, {"m"}};
    default: return {};
  }
}

}  // namespace

UpdateConstants update_constants(const OptimizerSpec& spec, std::uint64_t t, double learning_rate, double weight_decay) {
  UpdateConstants c;
  c.learning_rate = learning_rate;
  c.weight_decay = weight_decay;
  c.rate = learning_rate;
  c.keep = 1;
  c.second_scale = 1;
  if (spec.decoupled || spec.kind == Optimizer::adamw) {
    c.keep = 1 - learning_rate * weight_decay;
  } else {
    c.coupled_decay = weight_decay;
  }
  set_kind(c, spec, t);
  return c;
}

UpdateShape update_shape(const OptimizerSpec& spec) noexcept {
  UpdateShape shape{spec.kind};
  if (spec.kind == Optimizer::adamw) shape.kind = Optimizer::adam;
  if (spec.kind == Optimizer::momentum || spec.kind == Optimizer::lbfgs) shape.kind = Optimizer::sgd;
  if (shape.kind == Optimizer::sgd || shape.kind == Optimizer::rmsprop) {
    shape.momentum = spec.kind == Optimizer::momentum || (spec.momentum > 0 && spec.kind != Optimizer::lbfgs);
    shape.nesterov = shape.momentum && spec.form == MomentumForm::nesterov;
  }
  shape.centered = shape.kind == Optimizer::rmsprop && spec.centered;
  shape.amsgrad = shape.kind == Optimizer::adam && spec.amsgrad;
  return shape;
}

std::size_t state_count(const OptimizerSpec& spec) noexcept { return state_names(spec).count; }

double state_start(const OptimizerSpec& spec, std::size_t state) noexcept {
  return spec.kind == Optimizer::adagrad && state == 0 ? spec.initial_accumulator : 0;
}

const char* state_name(const OptimizerSpec& spec, std::size_t state) noexcept {
  const StateNames names = state_names(spec);
  return state < names.count ? names.names[state] : "";
}

}  // namespace chainrule::math
