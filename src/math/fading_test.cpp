// UpdateShape::fades changes no bit, whatever the numbers: its ways around denormals against the plain formulas.
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "math/optimizers.h"

namespace chainrule::math {
namespace {

struct Element {
  float g, w;
  std::array<float, 4> state{};
};

/// Zero, denormals, the least normal numbers, what lies around the bounds of `felt`, infinity, NaN.
const std::vector<float>& numbers() {
  static const std::vector<float> all = [] {
    std::vector<float> made;
    for (const float x : {0.0f, 0x1p-149f, 0x1.8p-147f, 0x1p-130f, 0x1.fffffcp-127f, 0x1p-126f, 0x1.8p-120f, 0x1.4p-80f, 0x1p-70f, 0x1.000002p-69f,
                          0x1p-40f, 1e-8f, 0.02f, 1.0f, 3e5f, 1e30f, std::numeric_limits<float>::infinity(), std::nanf("")}) {
      made.push_back(x), made.push_back(-x);
    }
    return made;
  }();
  return all;
}

std::vector<OptimizerSpec> fading_forms() {
  std::vector<OptimizerSpec> specs;
  for (const std::string& form : optimizer_forms()) specs.push_back(default_optimizer(form));
  for (const Optimizer kind : all<Optimizer>()) {
    OptimizerSpec spec = default_optimizer(name(kind));
    specs.push_back(spec);
    spec.amsgrad = kind == Optimizer::adam, spec.centered = kind == Optimizer::rmsprop, spec.decoupled = true;
    specs.push_back(spec);
  }
  std::erase_if(specs, [](const OptimizerSpec& spec) { return !can_fade(update_shape(spec).kind); });
  return specs;
}

template <UpdateShape S>
Element updated(Element e, const UpdateLanes<float>& c) {
  update_element<S>(e.g, e.w, e.state[0], e.state[1], e.state[2], e.state[3], c);
  return e;
}

bool same(float a, float b) { return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b) || (std::isnan(a) && std::isnan(b)); }

/// Everything against everything that matters: how many elements came out differently.
template <UpdateShape S>
int differences(const UpdateLanes<float>& c) {
  constexpr UpdateShape kFades = [] {
    UpdateShape shape = S;
    shape.fades = true;
    return shape;
  }();
  int count = 0;
  for (const float g : {0.0f, 0x1p-149f, -0x1p-128f, 1e-3f}) {
    for (const float w : numbers()) {
      for (const float first : numbers()) {
        for (const float second : numbers()) {
          if (std::signbit(second)) continue;
          Element e{g, w, {first, second, second, 0}};
          if (S.kind == Optimizer::rmsprop) e.state = {second, first, first, 0};
          const Element a = updated<S>(e, c), b = updated<kFades>(e, c);
          bool equal = same(a.w, b.w);
          for (std::size_t s = 0; s < 4; ++s) equal = equal && same(a.state[s], b.state[s]);
          if (!equal && count++ == 0) ADD_FAILURE() << "g " << g << ", w " << w << ", states " << first << " and " << second << ": " << a.w << " against " << b.w;
        }
      }
    }
  }
  return count;
}

TEST(Fading, ChangesNoBit) {
  for (OptimizerSpec spec : fading_forms()) {
    const auto look = [&](double rate, std::uint64_t t) {
      const auto c = update_lanes<float>(update_constants(spec, t, rate, 0.01), true);
      with_update(update_shape(spec), [&](auto shape) {
        EXPECT_EQ(differences<shape.value>(c), 0) << name(spec.kind) << ", rate " << rate << ", epsilon " << spec.epsilon << ", step " << t;
      });
    };
    look(1e-3, 1);
    for (const double rate : {1e-3, 0.0, 3.0, 1e-30, 1e20}) look(rate, 2000);
    for (const double epsilon : {0.0, 1e-12, 0x1p-40, 0x1p-36, 1e-2, 30.0}) spec.epsilon = epsilon, look(1e-3, 2000);
  }
}

/// The slow operations are really left out: what divides and what stands under the root is normal, or zero.
TEST(Fading, LeavesNoDenormalToDivideOrToTakeTheRootOf) {
  const auto c = update_lanes<float>(update_constants(default_optimizer("adam"), 1000, 1e-3, 0), true);
  constexpr UpdateShape kFades{.kind = Optimizer::adam, .fades = true};
  EXPECT_EQ(update_parts::felt<kFades>(0x1p-140f, 0.01f, c), 0.0f);
  EXPECT_EQ(update_parts::felt<kFades>(-0x1p-127f, -0.01f, c), 0.0f);
  EXPECT_EQ(update_parts::felt<kFades>(0x1p-140f, 0x1p-75f, c), 0x1p-140f) << "such a weight may feel it";
  EXPECT_EQ(update_parts::felt<kFades>(0x1p-126f, 0.01f, c), 0x1p-126f);
  EXPECT_EQ(c.fading.least_radicand, 0x1p-126f);
}

}  // namespace
}  // namespace chainrule::math
