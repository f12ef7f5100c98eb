// L42: the retention p is 1 - dropout rate.
#include <algorithm>

#include "lesson/chance.h"
#include "lesson/glass.h"
#include "lesson/text.h"

namespace chainrule::lesson::l42 {
namespace {

constexpr double kRates[] = {0.1, 0.25, 0.5, 0.8};
constexpr DropoutKind kKinds[] = {DropoutKind::inverted, DropoutKind::standard, DropoutKind::alpha, DropoutKind::dropconnect};
constexpr std::size_t kSteps = 6;

struct Kept {
  std::uint64_t kept = 0, draws = 0;
  Interval bounds;
  double share() const { return static_cast<double>(kept) / static_cast<double>(draws); }
};

/// A dropped unit shows the same number in every row: 0, or under alpha dropout what it saturates to, which is below 0.
Kept measure(const DropoutSpec& dropout, std::uint64_t seed) {
  Glass glass(dropout, seed);
  Kept result;
  for (std::size_t step = 0; step < kSteps; ++step) {
    const std::vector<float> seen = glass.train();
    result.kept += static_cast<std::uint64_t>(std::count_if(seen.begin(), seen.end(), [](float value) { return value > 0; }));
    result.draws += seen.size();
  }
  result.bounds = share_bounds(result.kept, result.draws, kBoundError);
  return result;
}

LessonOutcome run(const LessonSetting& setting) {
  LessonOutcome outcome;
  LessonTable table{"kept in " + std::to_string(kSteps) + " steps", {"kind", "rate", "p = 1 - rate", "measured", "at least", "at most"}, {}};
  std::size_t inside = 0, cases = 0;
  double farthest = 0;
  for (const DropoutKind kind : kKinds) {
    for (const double rate : kRates) {
      const Kept kept = measure({kind, rate}, setting.seed * 100 + cases);
      ++cases;
      inside += kept.bounds.holds(1 - rate);
      farthest = std::max(farthest, std::abs(kept.share() - (1 - rate)));
      table.rows.push_back({std::string(name(kind)), number(rate), number(1 - rate), number(kept.share()), number(kept.bounds.low),
                            number(kept.bounds.high)});
      outcome.numbers.push_back({"kept_" + std::string(name(kind)) + "_" + number(rate), kept.share()});
      if (outcome.formula.empty()) {
        outcome.formula = {"p = 1 - rate, and p is the share that is kept",
                           filled("1 - {0} = {1};  measured {2} of {3} = {4}", {number(rate), number(1 - rate), std::to_string(kept.kept),
                                                                               std::to_string(kept.draws), number(kept.share())})};
      }
    }
  }
  outcome.held = inside == cases;
  outcome.verdict = filled("in {0} of {1} cases p = 1 - rate lies within the bounds of the measured share (each wrong in at most {2} of all "
                           "runs); the farthest share is {3} away from it",
                           {std::to_string(inside), std::to_string(cases), number(kBoundError), number(farthest, 2)});
  outcome.numbers.push_back({"cases_inside", double(inside)});
  outcome.numbers.push_back({"cases", double(cases)});
  outcome.numbers.push_back({"bound_error_rate", kBoundError});
  outcome.tables = {table};
  return outcome;
}

}  // namespace

extern const LessonStatement kStatement{
    42, LessonGroup::dropout,
    "What a layer keeps on average is p = 1 - dropout rate: a rate of 0.2 keeps four units in five.",
    "A layer of 200 units has dropout with rate 0.3. How many of its units take part in a step?",
    "About 140: each one stays with probability p = 1 - 0.3 = 0.7, drawn anew, so the number varies around 140 from step to step.",
    {{{"About 60.", "0.3 is the share that is left out. Rate and retention are easily mixed up: libraries and papers do not agree on which to name."},
      {"Exactly 140.", "Each unit is drawn by itself. The number kept scatters around 140, here with a deviation of 6.5."},
      {"200, each with 0.7 of its value.", "That is what standard dropout does when it predicts. In a training step a unit is in or out."}}},
    false, run};

}  // namespace chainrule::lesson::l42
