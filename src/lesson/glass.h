// A network one can look through: each output is what dropout made of a 1 in one hidden unit, so masks show on the shipped engine.
#pragma once

#include <cstdint>
#include <vector>

#include "lesson/run.h"
#include "lesson/subject.h"

namespace chainrule::lesson {

/// kUnits rows and kUnits hidden units: row r asks with weight [u, r], which is 1, and output u shows hidden unit u. So a pass makes
/// kUnits * kUnits independent draws, be it units or weights that are dropped.
class Glass {
 public:
  static constexpr std::size_t kUnits = 64;

  explicit Glass(const DropoutSpec& dropout, std::uint64_t seed, const ScheduleSpec& schedule = {}, std::uint64_t total_steps = 1);
  Glass(const Glass&) = delete;
  Glass& operator=(const Glass&) = delete;

  /// [kUnits, kUnits] of the next training step, whose weights do not move.
  std::vector<float> train();
  /// The same at prediction, or for a Monte-Carlo sample.
  std::vector<float> predict();
  std::vector<float> sample(std::uint64_t number);
  /// What the next step is told.
  engine::StepControl control() const { return run_.control(); }

 private:
  std::vector<float> outputs(engine::Mode mode, const engine::StepControl& control);

  Rows rows_;
  Run run_;
};

}  // namespace chainrule::lesson
