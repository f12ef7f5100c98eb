// Which engine is chosen: the first that accepts, or the one asked for.
#include "engine/plan.h"

#include <gtest/gtest.h>

#include "chainrule/error.h"

namespace chainrule::engine {
namespace {

NetworkSpec small_spec() {
  NetworkSpec spec;
  spec.inputs = 3;
  spec.layers.resize(2);
  spec.layers[0].units = 4;
  spec.layers[1].units = 1;
  return spec;
}

PlanOptions asking_for(EngineKind engine) {
  PlanOptions options;
  options.engine = engine;
  options.max_batch = 4;
  return options;
}

TEST(MakePlan, ReferenceIsTheLastCandidateAndRefusesNothing) {
  const auto list = candidates();
  ASSERT_FALSE(list.empty());
  EXPECT_EQ(list.back().name, "reference");
  EXPECT_EQ(list.back().refuse(small_spec(), {}, {}), "");
}

TEST(MakePlan, TheEngineAskedForIsTheEngineTaken) {
  for (const Candidate& candidate : candidates()) {
    const EngineKind kind = parse_kind<EngineKind>(candidate.name);
    if (!candidate.refuse(small_spec(), {}, asking_for(kind)).empty()) continue;
    EXPECT_EQ(make_plan(small_spec(), {}, asking_for(kind))->report().engine, candidate.name);
  }
}

TEST(MakePlan, AutomaticTakesTheFirstThatAccepts) {
  const PlanOptions options = asking_for(EngineKind::automatic);
  for (const Candidate& candidate : candidates()) {
    if (!candidate.refuse(small_spec(), {}, options).empty()) continue;
    EXPECT_EQ(make_plan(small_spec(), {}, options)->report().engine, candidate.name);
    break;
  }
}

TEST(MakePlan, AnEngineThatRefusesIsAnErrorWhenAskedForAndANoteOtherwise) {
  for (const Candidate& candidate : candidates()) {
    for (const Optimizer optimizer : all<Optimizer>()) {
      TrainingSpec training;
      training.optimizer.kind = optimizer;
      const EngineKind kind = parse_kind<EngineKind>(candidate.name);
      const std::string reason = candidate.refuse(small_spec(), training, asking_for(kind));
      if (reason.empty()) continue;
      EXPECT_THROW(make_plan(small_spec(), training, asking_for(kind)), Error);
      const PlanReport report = make_plan(small_spec(), training, asking_for(EngineKind::automatic))->report();
      ASSERT_FALSE(report.notes.empty());
      EXPECT_NE(report.notes[0].find(reason), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace chainrule::engine
