// The problem list that speed is measured on: the fast engine equals the reference on it bit for bit.
#include <gtest/gtest.h>

#include <bit>

#include "engine/cpu/cpu_plan.h"
#include "engine/reference/reference_plan.h"
#include "net/initial_parameters.h"
#include "net/problems.h"

namespace chainrule::engine {
namespace {

std::vector<std::uint32_t> bits_of(const Plan& plan, Part part, std::size_t size) {
  std::vector<float> values(size);
  plan.store(part, values);
  std::vector<std::uint32_t> bits;
  for (float value : values) bits.push_back(std::bit_cast<std::uint32_t>(value));
  return bits;
}

/// The problem at the size the reference can follow, with its real batch: how rows are cut up depends on it.
net::Problem smaller(net::Problem problem) {
  problem.widths = problem.check_widths;
  return problem;
}

class Problems : public ::testing::TestWithParam<net::Problem> {};

TEST_P(Problems, FastEngineEqualsReferenceAtEveryThreadCount) {
  const net::Problem problem = smaller(GetParam());
  const NetworkSpec network = net::network_of(problem);
  const TrainingSpec training = net::training_of(problem);
  const std::vector<float> start = net::initial_parameters(network, 5);
  const net::ProblemRows rows(network, problem.batch, 2);
  std::vector<std::unique_ptr<Plan>> plans;
  plans.push_back(make_reference_plan(network, training, {EngineKind::reference, 1, problem.batch}));
  for (int threads : {1, 2, 3})
    plans.push_back(make_cpu_plan(network, training, {EngineKind::cpu, threads, problem.batch}));
  for (const auto& plan : plans) plan->load(Part::parameters, start);

  for (std::uint64_t t = 1; t <= 3; ++t) {
    const StepControl control{t, 1, math::update_constants(training.optimizer, t, training.optimizer.learning_rate, 0)};
    const StepResult expected = plans[0]->step(rows.samples, rows.batches[t % 2], control);
    ASSERT_TRUE(expected.finite);
    for (std::size_t p = 1; p < plans.size(); ++p) {
      const StepResult result = plans[p]->step(rows.samples, rows.batches[t % 2], control);
      ASSERT_EQ(std::bit_cast<std::uint64_t>(result.loss), std::bit_cast<std::uint64_t>(expected.loss)) << "plan " << p;
    }
  }
  for (Part part : {Part::parameters, Part::state0, Part::state1}) {
    const auto expected = bits_of(*plans[0], part, start.size());
    for (std::size_t p = 1; p < plans.size(); ++p)
      ASSERT_TRUE(bits_of(*plans[p], part, start.size()) == expected) << "plan " << p;
  }
  std::vector<float> before(start);
  plans[1]->store(Part::parameters, before);
  EXPECT_NE(before, start) << "three steps changed nothing";
}

INSTANTIATE_TEST_SUITE_P(Speed, Problems, ::testing::ValuesIn(net::training_problems()),
                         [](const auto& info) { return info.param.name; });

TEST(ProblemList, FlopsAreFourPerWeightInTheFirstLayerAndSixElsewhere) {
  const net::Problem* small = net::find_problem("S6");
  ASSERT_NE(small, nullptr);
  EXPECT_EQ(net::training_flops(net::network_of(*small)), 4.0 * 8 * 32 + 6.0 * 32 * 32 + 6.0 * 32);
  EXPECT_EQ(net::prediction_flops(net::network_of(*small)), 2.0 * (8 * 32 + 32 * 32 + 32));
}

TEST(ProblemList, PredictionProblemsUseNetworksOfTheList) {
  for (const net::PredictionProblem& problem : net::prediction_problems()) {
    EXPECT_NE(net::find_problem(problem.of), nullptr) << problem.name;
  }
}

}  // namespace
}  // namespace chainrule::engine
