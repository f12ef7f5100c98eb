// L44: standard dropout scales when it predicts, inverted dropout when it trains.
#include <algorithm>

#include "lesson/chance.h"
#include "lesson/glass.h"
#include "lesson/text.h"

namespace chainrule::lesson::l44 {
namespace {

constexpr double kRates[] = {0.2, 0.5, 0.75};
constexpr std::size_t kSteps = 6;

/// What a unit of value 1 shows in training and at prediction.
struct Scaling {
  float kept = 0, predicted = 0;
  bool two_values = true;  ///< in training nothing but 0 and `kept`
  double mean = 0;         ///< over all draws in training
  Interval mean_bounds;
};

Scaling measure(DropoutKind kind, double rate, std::uint64_t seed) {
  Glass glass({kind, rate}, seed);
  Scaling result;
  result.predicted = glass.predict().front();
  std::vector<float> seen;
  for (std::size_t step = 0; step < kSteps; ++step) {
    const std::vector<float> of_step = glass.train();
    seen.insert(seen.end(), of_step.begin(), of_step.end());
  }
  result.kept = *std::max_element(seen.begin(), seen.end());
  std::uint64_t hits = 0;
  for (const float value : seen) {
    hits += value == result.kept;
    result.two_values = result.two_values && (value == 0 || value == result.kept);
  }
  const Interval share = share_bounds(hits, seen.size(), kBoundError);
  const double kept = static_cast<double>(result.kept);
  result.mean = kept * static_cast<double>(hits) / static_cast<double>(seen.size());
  result.mean_bounds = {kept * share.low, kept * share.high};
  return result;
}

/// The factors to the last bit, and training's mean where prediction stands.
bool as_stated(const Scaling& s, float kept, float predicted) {
  return s.two_values && s.kept == kept && s.predicted == predicted && s.mean_bounds.holds(static_cast<double>(s.predicted));
}

LessonOutcome run(const LessonSetting& setting) {
  LessonOutcome outcome;
  LessonTable table{"a unit whose value is 1",
                    {"kind", "rate", "kept in training", "mean in training", "bounds of the mean", "at prediction", "mean / prediction"}, {}};
  std::size_t right = 0, cases = 0;
  for (const double rate : kRates) {
    const double p = 1 - rate;
    for (const DropoutKind kind : {DropoutKind::standard, DropoutKind::inverted}) {
      const bool standard = kind == DropoutKind::standard;
      const Scaling s = measure(kind, rate, setting.seed * 10 + cases++ / 2);
      right += as_stated(s, standard ? 1.0f : static_cast<float>(1 / p), standard ? static_cast<float>(p) : 1.0f);
      const std::string kind_name(name(kind));
      table.rows.push_back({kind_name, number(rate), number(double(s.kept)), number(s.mean),
                            number(s.mean_bounds.low) + " to " + number(s.mean_bounds.high), number(double(s.predicted)),
                            number(s.mean / double(s.predicted))});
      const std::string suffix = "_" + kind_name + "_" + number(rate);
      outcome.numbers.push_back({"kept_factor" + suffix, double(s.kept)});
      outcome.numbers.push_back({"training_mean" + suffix, s.mean});
      outcome.numbers.push_back({"prediction" + suffix, double(s.predicted)});
      if (rate == 0.5) outcome.formula.push_back(filled("{0}, p = {1}: training {1} * {2} = {3}, prediction {4}",
          {kind_name, number(p), number(double(s.kept)), number(p * double(s.kept)), number(double(s.predicted))}));
    }
  }
  outcome.formula.insert(outcome.formula.begin(), "standard: training a * m, prediction a * p;  inverted: training a * m / p, prediction a");
  outcome.held = right == cases;
  outcome.verdict = filled("in {0} of {1} cases a kept unit is scaled by 1 (standard) or 1/p (inverted) in training and by p or 1 at prediction, "
                           "to the last bit, and the mean over {2} draws agrees with prediction within bounds wrong in at most {3} of all runs",
                           {std::to_string(right), std::to_string(cases), std::to_string(kSteps * Glass::kUnits * Glass::kUnits), number(kBoundError)});
  outcome.numbers.push_back({"cases_right", double(right)});
  outcome.numbers.push_back({"cases", double(cases)});
  outcome.tables = {table};
  return outcome;
}

}  // namespace

extern const LessonStatement kStatement{
    44, LessonGroup::dropout,
    "What the missing units would have contributed must be made up for somewhere: standard dropout multiplies by p when it predicts, "
    "inverted dropout divides by p while it trains.",
    "With inverted dropout and p = 0.8, what is done to the activations when the finished network predicts?",
    "Nothing. Kept units were divided by 0.8 during training already, so the full network's activations have the right size.",
    {{{"They are multiplied by 0.8.", "That belongs to standard dropout. Done on top of inverted dropout, every layer would come out a fifth too small."},
      {"They are divided by 0.8.", "Inverted dropout does so in training. At prediction all units are present and the sum would become too large."},
      {"A fifth of them is set to 0.", "Units are dropped in training only, unless one asks for Monte-Carlo samples."}}},
    false, run};

}  // namespace chainrule::lesson::l44
