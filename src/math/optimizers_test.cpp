// Tests of the optimisers: the lesson's laws, hand-computed steps, state, constants and named forms.
#include "math/optimizers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <set>

#include "chainrule/error.h"
#include "testing/error_of.h"

namespace chainrule::math {
namespace {

/// One weight driven by given gradients.
template <class T>
struct Walker {
  explicit Walker(const OptimizerSpec& s, T start = 1) : spec(s), w(start) {
    for (std::size_t i = 0; i < state_count(s); ++i) state[i] = static_cast<T>(state_start(s, i));
  }
  void step(T g, bool decays = true) {
    ++t;
    const auto c = update_lanes<T>(update_constants(spec, t, spec.learning_rate, spec.weight_decay), decays);
    with_update(update_shape(spec), [&](auto shape) { update_element<shape.value>(g, w, state[0], state[1], state[2], state[3], c); });
  }
  OptimizerSpec spec;
  T w;
  std::array<T, 4> state{};
  std::uint64_t t = 0;
};

std::vector<OptimizerSpec> every_form() {
  std::vector<OptimizerSpec> specs;
  for (const std::string& form : optimizer_forms()) specs.push_back(default_optimizer(form));
  for (const Optimizer kind : all<Optimizer>()) {
    if (kind != Optimizer::lbfgs) specs.push_back(default_optimizer(name(kind)));
  }
  OptimizerSpec rms = default_optimizer("rmsprop");
  for (const bool centered : {false, true}) {
    for (const MomentumForm form : all<MomentumForm>()) {
      rms.centered = centered, rms.momentum = 0.5, rms.form = form;
      specs.push_back(rms);
    }
  }
  return specs;
}

TEST(Optimizers, EveryFormWalksDownAValley) {
  for (OptimizerSpec spec : every_form()) {
    spec.learning_rate = spec.kind == Optimizer::adadelta ? 1 : 0.02;
    spec.weight_decay = 0;
    Walker<double> walker(spec, 2.0);
    for (int i = 0; i < 3000; ++i) walker.step(walker.w);  // loss w^2/2
    EXPECT_LT(std::fabs(walker.w), 1.9) << name(spec.kind);
  }
}

TEST(Optimizers, Fp32FollowsFp64) {
  for (const OptimizerSpec& spec : every_form()) {
    Walker<float> single(spec);
    Walker<double> judge(spec);
    for (int i = 0; i < 50; ++i) {
      const float g = static_cast<float>(std::sin(i * 1.7) + 0.2);
      single.step(g), judge.step(static_cast<double>(g));
    }
    EXPECT_NEAR(single.w, judge.w, 2e-5 * (1 + std::fabs(judge.w))) << name(spec.kind);
  }
}

TEST(Optimizers, NanGradientReachesTheWeight) {
  for (const OptimizerSpec& spec : every_form()) {
    if (spec.kind == Optimizer::lion) continue;  // keeps it in m: sign(NaN) = 0
    Walker<float> walker(spec);
    walker.step(std::nanf(""));
    EXPECT_TRUE(std::isnan(walker.w)) << name(spec.kind);
  }
}

TEST(Optimizers, UnusedStateStaysUntouched) {
  for (const OptimizerSpec& spec : every_form()) {
    Walker<float> walker(spec);
    for (std::size_t s = state_count(spec); s < 4; ++s) walker.state[s] = 42;
    for (int i = 0; i < 3; ++i) walker.step(0.5f);
    for (std::size_t s = 0; s < 4; ++s) {
      EXPECT_EQ(walker.state[s] == 42, s >= state_count(spec)) << name(spec.kind) << s;
      EXPECT_EQ(std::string(state_name(spec, s)).empty(), s >= state_count(spec));
    }
  }
}

TEST(Optimizers, DispatcherGivesTheShapeAskedFor) {
  for (const OptimizerSpec& spec : every_form()) {
    with_update(update_shape(spec), [&](auto shape) { EXPECT_EQ(shape.value, update_shape(spec)) << name(spec.kind); });
  }
}

// Lesson L32: w <- w - eta m / sqrt(v + eps), no bias correction.
TEST(Optimizers, LessonAdamIsTheLessonsFormula) {
  Walker<double> walker(default_optimizer("adam:lesson"));
  double w = 1, m = 0, v = 0;
  for (int i = 1; i < 30; ++i) {
    const double g = std::cos(i);
    m = 0.9 * m + 0.1 * g, v = 0.999 * v + 0.001 * g * g;
    w -= 0.001 * m / std::sqrt(v + 1e-8);
    walker.step(g);
    EXPECT_NEAR(walker.w, w, 1e-15);
  }
}

TEST(Optimizers, PublishedAdamIsAlgorithmOne) {
  Walker<double> walker(default_optimizer("adam"));
  double w = 1, m = 0, v = 0;
  for (int i = 1; i < 30; ++i) {
    const double g = std::cos(i);
    m = 0.9 * m + 0.1 * g, v = 0.999 * v + 0.001 * g * g;
    w -= 0.001 * (m / (1 - std::pow(0.9, i))) / (std::sqrt(v / (1 - std::pow(0.999, i))) + 1e-8);
    walker.step(g);
    EXPECT_NEAR(walker.w, w, 1e-14);
  }
}

// Lesson L21: Adam with one half switched off is the other optimiser.
TEST(Optimizers, AdamWithoutMomentumIsRmspropStepForStep) {
  OptimizerSpec adam = default_optimizer("adam:lesson"), rmsprop = default_optimizer("rmsprop:lesson");
  adam.beta1 = 0, adam.beta2 = rmsprop.beta2;
  Walker<float> a(adam), r(rmsprop);
  for (int i = 0; i < 50; ++i) {
    const float g = static_cast<float>(std::sin(i * 2.1));
    a.step(g), r.step(g);
    EXPECT_EQ(a.w, r.w);
  }
}

TEST(Optimizers, AdamWithConstantScaleIsMomentumStepForStep) {
  OptimizerSpec adam = default_optimizer("adam:lesson"), momentum = default_optimizer("momentum:lesson");
  adam.beta2 = 1, adam.epsilon = 1;  // v stays 0, so the divisor is sqrt(0 + 1)
  adam.learning_rate = momentum.learning_rate;
  Walker<float> a(adam), m(momentum);
  for (int i = 0; i < 50; ++i) {
    const float g = static_cast<float>(std::sin(i * 2.1));
    a.step(g), m.step(g);
    EXPECT_EQ(a.w, m.w);
  }
}

TEST(Optimizers, DecoupledDecayActsOnTheWeightAloneAndOnlyWhereItApplies) {
  OptimizerSpec spec = default_optimizer("adamw");
  spec.weight_decay = 0.5, spec.learning_rate = 0.1;
  Walker<double> decayed(spec), kept(spec);
  decayed.step(0), kept.step(0, false);
  EXPECT_DOUBLE_EQ(decayed.w, 0.95);
  EXPECT_EQ(kept.w, 1.0);
}

TEST(Optimizers, CoupledDecayEqualsTheGradientWithIt) {
  OptimizerSpec with = default_optimizer("adam"), without = with;
  with.weight_decay = 0.25;
  Walker<double> a(with), b(without);
  for (int i = 0; i < 10; ++i) a.step(0.3), b.step(0.3 + 0.25 * b.w);
  EXPECT_NEAR(a.w, b.w, 1e-14);
}

TEST(Optimizers, NadamMomentumProductIsRight) {
  const OptimizerSpec spec = default_optimizer("nadam");
  long double product = 1;
  const auto mu = [](long double t) { return 0.9L * (1 - 0.5L * std::pow(0.96L, t * 0.004L)); };
  for (std::uint64_t t = 1; t <= 3000; ++t) {
    product *= mu(t);
    const auto c = update_constants(spec, t, 1, 0);
    EXPECT_NEAR(c.gradient_gain, static_cast<double>((1 - mu(t)) / (1 - product)), 1e-12);
    EXPECT_NEAR(c.direction_gain, static_cast<double>(mu(t + 1) / (1 - product * mu(t + 1))), 1e-12);
  }
}

TEST(Optimizers, ConstantsStayFiniteForLateSteps) {
  for (const OptimizerSpec& spec : every_form()) {
    for (const std::uint64_t t : {1ull, 6ull, 1000000ull, 0xffffffffull}) {
      const auto c = update_constants(spec, t, 0.1, 0.1);
      for (const double x : {c.rate, c.keep, c.second_scale, c.gradient_gain, c.direction_gain}) EXPECT_TRUE(std::isfinite(x));
    }
  }
}

TEST(Optimizers, ConstantsAreCheap) {
  double sum = 0;
  const auto start = std::chrono::steady_clock::now();
  for (std::uint64_t t = 100000; t < 110000; ++t) sum += update_constants(default_optimizer("adamw:torch"), t, 0.1, 0.1).rate;
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  EXPECT_GT(sum, 0);
  EXPECT_LT(seconds.count() / 10000, 20e-6);  // measured: well below 1 us; wide for sanitizers and busy machines
}

TEST(OptimizerForms, EveryNameGivesItsKindAndEveryKindHasADefault) {
  for (const Optimizer kind : all<Optimizer>()) EXPECT_EQ(default_optimizer(name(kind)).kind, kind);
  std::set<std::string> seen;
  for (const std::string& form : optimizer_forms()) {
    EXPECT_EQ(name(default_optimizer(form).kind), form.substr(0, form.find(':')));
    EXPECT_TRUE(seen.insert(form).second) << form;
  }
  EXPECT_GE(seen.size(), 25u);
}

TEST(OptimizerForms, MistakesAreNamed) {
  const auto fails = [](const char* text, const char* code, const char* hint) {
    const Error error = error_of([&] { default_optimizer(text); });
    EXPECT_EQ(error.code(), code) << text;
    EXPECT_NE(error.hint().find(hint), std::string::npos) << error.hint();
  };
  fails("addam", "E0202", "adam");
  fails("adam:troch", "E0203", "adam:torch");
  fails("adam:", "E0203", "torch");
  fails("lbfgs:torch", "E0203", "no forms");
  fails("", "E0202", "sgd");
}

}  // namespace
}  // namespace chainrule::math
