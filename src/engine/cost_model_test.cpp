// The cost model against what is known for certain: flops, what grows with what, and which limit must win on made-up machines.
#include "engine/cost_model.h"

#include <gtest/gtest.h>

#include "net/problems.h"

namespace chainrule::engine {
namespace {

MachineModel machine(int threads = 1) {
  MachineModel machine;
  const double n = threads;
  machine.ceilings = {threads, 100 * n, 0, 160 * n, 100 * n, 50 * n, 15, threads > 1 ? 200.0 : 0.0};
  machine.caches = {32u << 10, 512u << 10, 32u << 20};
  machine.update_rate = 2e9 * n;
  return machine;
}

StepCost cost_of(const net::Problem& problem, const MachineModel& on) {
  return step_cost(net::network_of(problem), net::training_of(problem), problem.batch, on);
}

const PhaseCost& phase(const StepCost& cost, const std::string& name) {
  for (const PhaseCost& found : cost.phases) {
    if (found.name == name) return found;
  }
  throw std::out_of_range(name);
}

TEST(CostModel, FlopsOfEveryProblemAreThoseOfTheList) {
  for (const net::Problem& problem : net::training_problems()) {
    const double expected = net::training_flops(net::network_of(problem)) * static_cast<double>(problem.batch);
    EXPECT_DOUBLE_EQ(cost_of(problem, machine()).flops, expected) << problem.name;
  }
}

TEST(CostModel, NoProblemIsPredictedFasterThanItsFlopsAllow) {
  for (const net::Problem& problem : net::training_problems()) {
    for (int threads : {1, 2, 16}) {
      const StepCost cost = cost_of(problem, machine(threads));
      EXPECT_GE(cost.seconds, cost.flops / (100e9 * threads)) << problem.name;
      double parts = 0;
      for (double part : cost.by_limit) parts += part;
      EXPECT_NEAR(parts, cost.seconds, 1e-12) << problem.name;
    }
  }
}

TEST(CostModel, WhatOneThreadDoesHasNoBarriers) {
  for (const net::Problem& problem : net::training_problems()) {
    EXPECT_EQ(phase(cost_of(problem, machine(1)), "barriers").seconds, 0);
    EXPECT_EQ(phase(cost_of(problem, machine(2)), "barriers").barriers, 2);
  }
}

TEST(CostModel, FasterMemoryOrLargerCachesNeverCostTime) {
  for (const net::Problem& problem : net::training_problems()) {
    const double before = cost_of(problem, machine()).seconds;
    MachineModel better = machine();
    better.ceilings.dram *= 2;
    EXPECT_LE(cost_of(problem, better).seconds, before) << problem.name;
    better.caches.l2 *= 4;
    EXPECT_LE(cost_of(problem, better).seconds, before * (1 + 1e-12)) << problem.name;
  }
}

TEST(CostModel, AWideNetOfOneRowWaitsForMemory) {
  const net::Problem wide{"", {4096, 4096, 4096}, {}, Loss::squared_error, 1, "adam"};
  EXPECT_EQ(cost_of(wide, machine()).limit(), Limit::dram);
  MachineModel roomy = machine();
  roomy.caches.l3 = std::size_t{1} << 31;
  EXPECT_EQ(cost_of(wide, roomy).limit(), Limit::l3);
}

TEST(CostModel, TinyWorkOnManyThreadsWaitsAtBarriers) {
  const net::Problem tiny{"", {8, 8, 1}, {}, Loss::squared_error, 16, "sgd"};
  EXPECT_EQ(cost_of(tiny, machine(16)).limit(), Limit::barrier);
  EXPECT_EQ(cost_of(*net::find_problem("S2"), machine(1)).limit(), Limit::compute);
}

TEST(CostModel, ProductsGrowWithTheBatchAndStatesDoNot) {
  const net::Problem small{"", {4096, 512, 512}, {}, Loss::squared_error, 6, "adam"};
  net::Problem large = small;
  large.batch = 12;
  const PhaseCost first = phase(cost_of(small, machine()), "update 1"), second = phase(cost_of(large, machine()), "update 1");
  EXPECT_DOUBLE_EQ(second.flops, 2 * first.flops);
  EXPECT_EQ(second.updates, first.updates);
  net::Problem plain = small;
  plain.optimizer = "sgd";
  EXPECT_LT(phase(cost_of(plain, machine()), "update 1").dram + phase(cost_of(plain, machine()), "update 1").l3, first.dram + first.l3);
}

TEST(CostModel, WhatAMeasuredStepTakesLongerIsNamedOther) {
  StepCost cost = cost_of(*net::find_problem("S2"), machine());
  const double predicted = cost.seconds;
  cost.compare_with(predicted * 3);
  EXPECT_EQ(cost.limit(), Limit::other);
  EXPECT_NEAR(cost.by_limit.back(), 2 * predicted, 1e-12);
  cost.compare_with(predicted / 2);
  EXPECT_EQ(cost.limit(), Limit::compute);
}

TEST(CostModel, OfTwoMeasurementsTheBetterOfEachCeilingIsKept) {
  MachineModel kept = machine(2), other = machine(2);
  kept.ceilings.fma = 10, other.ceilings.l2 = 1;
  kept.ceilings.barrier = 1e6, other.update_rate = 1;
  kept.keep_best_of(other);
  EXPECT_EQ(kept.ceilings.fma, machine(2).ceilings.fma);
  EXPECT_EQ(kept.ceilings.l2, machine(2).ceilings.l2);
  EXPECT_EQ(kept.ceilings.barrier, machine(2).ceilings.barrier);
  EXPECT_EQ(kept.update_rate, machine(2).update_rate);
}

TEST(CostModel, ThisMachineCanBeMeasured) {
  const MachineModel here = measure_machine(net::training_of(*net::find_problem("S1")), 1, 0.1);
  EXPECT_GT(here.ceilings.fma, 0);
  EXPECT_GT(here.update_rate, 1e6);
  EXPECT_GT(here.lanes, 0);
}

}  // namespace
}  // namespace chainrule::engine
