// Tests: a fast plan and the reference on the same network and data, compared bit for bit.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/cpu/cpu_plan.h"
#include "engine/cpu/random_network.h"
#include "engine/reference/reference_plan.h"
#include "net/parameter_layout.h"

namespace chainrule::engine::testing {

inline bool same_number(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) || std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

inline ::testing::AssertionResult same_bits(std::span<const float> a, std::span<const float> b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) && std::isnan(b[i])) continue;
    if (std::bit_cast<std::uint32_t>(a[i]) != std::bit_cast<std::uint32_t>(b[i])) {
      return ::testing::AssertionFailure() << "element " << i << ": " << a[i] << " against " << b[i];
    }
  }
  return ::testing::AssertionSuccess();
}

inline std::vector<float> part_of(const Plan& plan, Part part, std::size_t size) {
  std::vector<float> values(size);
  plan.store(part, values);
  return values;
}

/// Two plans that must stay equal.
struct Pair {
  Pair(const RandomNetwork& made, std::uint32_t number, int threads, decltype(make_cpu_plan)* make = make_cpu_plan)
      : random(made),
        size(net::ParameterLayout(made.network).size),
        data(random_data(made, made.max_batch * 2 + 3, number)) {
    const PlanOptions options{EngineKind::automatic, threads, made.max_batch};
    EXPECT_EQ(refuse_cpu(made.network, made.training, options), "");
    fast = make(made.network, made.training, options);
    slow = make_reference_plan(made.network, made.training, options);
    const std::vector<float> start = random_parameters(made.network, number);
    for (Plan* plan : {fast.get(), slow.get()}) {
      plan->load(Part::parameters, start);
      plan->load(Part::average, start);
    }
  }

  StepControl control(std::uint64_t t) const {
    const OptimizerSpec& optimizer = random.training.optimizer;
    return {t, random.dropout_factor,
            math::update_constants(optimizer, t, optimizer.learning_rate, optimizer.weight_decay)};
  }

  std::vector<std::uint32_t> rows(std::uint64_t t) const {
    const std::size_t count = t % 3 == 2 ? (random.max_batch + 1) / 2 : random.max_batch;
    std::vector<std::uint32_t> picked;
    for (std::size_t r = 0; r < count; ++r)
      picked.push_back(static_cast<std::uint32_t>((r * 7 + t) % data.samples.rows));
    return picked;
  }

  ::testing::AssertionResult equal(Part part) const {
    return same_bits(part_of(*fast, part, size), part_of(*slow, part, size));
  }

  void expect_equal_state() const {
    for (Part part : {Part::parameters, Part::state0, Part::state1, Part::state2, Part::state3, Part::average}) {
      ASSERT_TRUE(equal(part)) << "part " << static_cast<int>(part);
    }
  }

  void expect_equal_predictions(std::size_t count) const {
    std::vector<float> a(count * random.network.outputs()), b(a.size());
    for (bool average : {false, true}) {
      fast->predict(data.x.data(), count, average, a.data());
      slow->predict(data.x.data(), count, average, b.data());
      ASSERT_TRUE(same_bits(a, b)) << "predictions, average " << average;
    }
  }

  RandomNetwork random;
  std::size_t size;
  RandomData data;
  std::unique_ptr<Plan> fast, slow;
};

inline std::string describe(const RandomNetwork& random, std::uint32_t number, int threads) {
  return "network " + std::to_string(number) + ", " + std::to_string(threads) + " threads\n" +
         spec_to_toml(random.network, random.training);
}

/// Runs `compare` under every instruction set this machine has; each is checked to be the one running.
template <class F>
void on_all_instruction_sets(F compare) {
  for (const std::string& name : InstructionSets::available()) {
    if (name == "scalar") continue;
    SCOPED_TRACE(name);
    setenv("CHAINRULE_ISA", name.c_str(), 1);
    const RandomNetwork random = random_network(0);
    EXPECT_EQ(make_cpu_plan(random.network, random.training, {})->report().instruction_set, name);
    compare();
    unsetenv("CHAINRULE_ISA");
  }
}

}  // namespace chainrule::engine::testing
