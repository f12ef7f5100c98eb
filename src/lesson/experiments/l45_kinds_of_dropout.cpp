// L45: there are more kinds of dropout: gaussian, alpha, DropConnect, on inputs, scheduled, and Monte-Carlo at prediction.
#include <algorithm>
#include <cmath>

#include "lesson/chance.h"
#include "lesson/glass.h"
#include "lesson/text.h"

namespace chainrule::lesson::l45 {
namespace {

constexpr std::size_t kUnits = Glass::kUnits, kSteps = 6, kSamples = 2000, kScheduleSteps = 5;
constexpr double kRate = 0.25, kScheduledRate = 0.8;

/// What one kind of dropout showed.
struct Kind {
  std::string name, does, measured, expected;
  bool as_said = false;
  std::vector<LessonNumber> numbers;
};

/// Mean and variance of many numbers, and how far off each may be.
struct Moments {
  double mean = 0, variance = 0, mean_slack = 0, variance_slack = 0;
};

Moments moments(const std::vector<float>& values) {
  const double n = static_cast<double>(values.size());
  Moments m;
  for (const float value : values) m.mean += static_cast<double>(value) / n;
  double fourth = 0;
  for (const float value : values) {
    const double square = (static_cast<double>(value) - m.mean) * (static_cast<double>(value) - m.mean);
    m.variance += square / n;
    fourth += square * square / n;
  }
  m.mean_slack = kBoundDeviations * std::sqrt(m.variance / n);
  m.variance_slack = kBoundDeviations * std::sqrt((fourth - m.variance * m.variance) / n);
  return m;
}

void append(std::vector<float>& all, std::span<const float> more) { all.insert(all.end(), more.begin(), more.end()); }

bool all_equal(const std::vector<float>& values, float value) {
  return std::all_of(values.begin(), values.end(), [&](float v) { return v == value; });
}

Kind gaussian(std::uint64_t seed) {
  Glass glass({DropoutKind::gaussian, kRate}, seed);
  std::vector<float> seen;
  for (std::size_t step = 0; step < kSteps; ++step) append(seen, glass.train());
  const Moments m = moments(seen);
  const double deviation = std::sqrt(kRate / (1 - kRate));
  const bool right = std::abs(m.mean - 1) < m.mean_slack && std::abs(m.variance - deviation * deviation) < m.variance_slack;
  return {"gaussian", "multiplies by noise around 1", "mean " + number(m.mean) + ", deviation " + number(std::sqrt(m.variance)),
          "1, sqrt(rate/p) = " + number(deviation), right && all_equal(glass.predict(), 1),
          {{"gaussian_mean", m.mean}, {"gaussian_deviation", std::sqrt(m.variance)}}};
}

/// Behind selu with standard normal z, mean 0 and variance 1 must survive: rows of such z through an identity layer, into the glass's rest.
Kind alpha(std::uint64_t seed) {
  Draws draws(seed, 245);
  Rows rows;
  rows.inputs = rows.targets = kUnits;
  for (std::size_t i = 0; i < kUnits * kUnits; ++i) rows.x.push_back(static_cast<float>(draws.normal()));
  rows.y.assign(rows.x.size(), 0.0f);
  NetworkSpec network = perceptron({kUnits, kUnits, kUnits}, Activation::selu, Loss::squared_error);
  network.layers[0].dropout = {DropoutKind::alpha, kRate};
  for (LayerSpec& layer : network.layers) layer.bias = false;
  std::vector<float> identities(2 * kUnits * kUnits, 0.0f);
  for (std::size_t o = 0; o < 2 * kUnits; ++o) identities[o * kUnits + o % kUnits] = 1;
  Run run(network, training_with("sgd", 0, seed), rows.samples(), {kUnits, 1});
  run.set_parameters(identities);
  const std::vector<std::uint32_t> numbers = all_rows(kUnits);
  const std::span<const float> seen = run.plan().forward(rows.samples(), numbers, engine::Mode::train, run.control());
  const Moments m = moments({seen.begin(), seen.end()});
  return {"alpha", "drops to selu's saturation, then rescales", "mean " + number(m.mean) + ", variance " + number(m.variance), "0, 1",
          std::abs(m.mean) < m.mean_slack && std::abs(m.variance - 1) < m.variance_slack,
          {{"alpha_mean", m.mean}, {"alpha_variance", m.variance}}};
}

/// A share kept, with its bounds around what is expected.
bool near(std::uint64_t kept, std::uint64_t draws, double p) { return share_bounds(kept, draws, kBoundError).holds(p); }

std::uint64_t not_zero(std::span<const float> values) {
  return static_cast<std::uint64_t>(std::count_if(values.begin(), values.end(), [](float v) { return v != 0; }));
}

Kind dropconnect(std::uint64_t seed) {
  Glass glass({DropoutKind::dropconnect, kRate}, seed);
  std::uint64_t kept = 0;
  bool mixed = true;  // unit 0 never loses all of its weights, nor none
  for (std::size_t step = 0; step < kSteps; ++step) {
    const std::vector<float> seen = glass.train();
    kept += not_zero(seen);
    std::size_t of_unit = 0;
    for (std::size_t r = 0; r < kUnits; ++r) of_unit += seen[r * kUnits] != 0;
    mixed = mixed && of_unit > 0 && of_unit < kUnits;
  }
  const std::uint64_t draws = kSteps * kUnits * kUnits;
  return {"dropconnect", "drops single weights", number(double(kept) / double(draws)) + " of the weights kept", "p = " + number(1 - kRate),
          near(kept, draws, 1 - kRate) && mixed && all_equal(glass.predict(), static_cast<float>(1 - kRate)),
          {{"dropconnect_kept", double(kept) / double(draws)}}};
}

/// One layer of weights 1 on the diagonal: outputs are the inputs, all 1, as the network saw them.
Kind input_dropout(std::uint64_t seed) {
  Rows rows;
  rows.inputs = rows.targets = kUnits;
  rows.x.assign(kUnits * kUnits, 1.0f);
  rows.y.assign(kUnits * kUnits, 0.0f);
  NetworkSpec network = perceptron({kUnits, kUnits}, Activation::identity, Loss::squared_error);
  network.input_dropout = {DropoutKind::inverted, kRate};
  network.layers[0].bias = false;
  std::vector<float> identity(kUnits * kUnits, 0.0f);
  for (std::size_t o = 0; o < kUnits; ++o) identity[o * kUnits + o] = 1;
  Run run(network, training_with("sgd", 0, seed), rows.samples(), {kUnits, 1});
  run.set_parameters(identity);
  const std::vector<std::uint32_t> numbers = all_rows(kUnits);
  const std::span<const float> outputs = run.plan().forward(rows.samples(), numbers, engine::Mode::train, run.control());
  const std::vector<float> seen(outputs.begin(), outputs.end());
  std::vector<float> dx(seen.size());
  run.plan().loss(rows.samples(), numbers);
  run.plan().backward({}, dx);
  bool silent = true;
  for (std::size_t i = 0; i < seen.size(); ++i) silent = silent && (seen[i] == 0) == (dx[i] == 0);
  const std::uint64_t kept = not_zero(seen);
  return {"on inputs", "drops columns of a row", number(double(kept) / double(seen.size())) + " of the inputs kept", "p = " + number(1 - kRate),
          near(kept, seen.size(), 1 - kRate) && silent, {{"inputs_kept", double(kept) / double(seen.size())}}};
}

/// The rate falls in a straight line: rate * (1 - s/S) in step s of S, counted from 0.
Kind scheduled(std::uint64_t seed) {
  ScheduleSpec line;
  line.kind = ScheduleKind::polynomial;
  Glass glass({DropoutKind::inverted, kScheduledRate}, seed, line, kScheduleSteps);
  Kind kind{"scheduled", "changes the rate during training", "dropped", "", true, {}};
  for (std::size_t step = 0; step < kScheduleSteps; ++step) {
    const std::vector<float> seen = glass.train();
    const double rate = kScheduledRate * (1 - static_cast<double>(step) / kScheduleSteps);
    const double dropped = 1 - static_cast<double>(not_zero(seen)) / static_cast<double>(seen.size());
    kind.as_said = kind.as_said && near(not_zero(seen), seen.size(), 1 - rate);
    kind.measured += " " + number(dropped, 3);
    kind.expected += (step == 0 ? "" : " ") + number(rate, 3);
    kind.numbers.push_back({"dropped_in_step_" + std::to_string(step + 1), dropped});
  }
  return kind;
}

/// Samples of a linear network scatter around its prediction; the same sample number gives the same bits.
Kind monte_carlo(std::uint64_t seed) {
  const Rows rows = hilly_surface(8, 0, seed);
  NetworkSpec network = perceptron({2, 48, 1}, Activation::identity, Loss::squared_error);
  network.layers[0].dropout = {DropoutKind::inverted, kRate};
  Run run(network, training_with("sgd", 0, seed), rows.samples(), {8, 1});
  const std::vector<std::uint32_t> numbers = all_rows(8);
  const auto sample = [&](std::uint64_t number) {
    engine::StepControl control;
    control.step = number;
    const std::span<const float> outputs = run.plan().forward(rows.samples(), numbers, engine::Mode::monte_carlo, control);
    return std::vector<float>(outputs.begin(), outputs.end());
  };
  std::vector<float> of_row;
  for (std::size_t i = 0; i < kSamples; ++i) of_row.push_back(sample(i)[0]);
  const Moments m = moments(of_row);
  const double prediction = static_cast<double>(run.predict(rows.samples())[0]);
  return {"Monte-Carlo", "keeps the masks on when predicting", number(m.mean) + " +- " + number(std::sqrt(m.variance)),
          "around the prediction " + number(prediction),
          std::abs(m.mean - prediction) < 1.1 * m.mean_slack && m.variance > 0 && sample(3) == sample(3) && sample(3) != sample(4),
          {{"monte_carlo_mean", m.mean}, {"monte_carlo_deviation", std::sqrt(m.variance)}, {"monte_carlo_prediction", prediction}}};
}

LessonOutcome run(const LessonSetting& setting) {
  LessonOutcome outcome;
  LessonTable table{"kinds, rate " + number(kRate) + " unless scheduled", {"kind", "does", "measured", "expected", "as said"}, {}};
  std::size_t right = 0, kinds = 0;
  std::string wrong;
  for (const auto show : {gaussian, alpha, dropconnect, input_dropout, scheduled, monte_carlo}) {
    const Kind kind = show(setting.seed * 10 + kinds++);
    right += kind.as_said;
    if (!kind.as_said) wrong += " (not so: " + kind.name + ")";
    table.rows.push_back({kind.name, kind.does, kind.measured, kind.expected, kind.as_said ? "yes" : "no"});
    outcome.numbers.insert(outcome.numbers.end(), kind.numbers.begin(), kind.numbers.end());
  }
  outcome.held = right == kinds;
  outcome.verdict = filled("{0} of {1} further kinds of dropout do what they say{2}, each within bounds wrong in at most about {3} of all runs",
                           {std::to_string(right), std::to_string(kinds), wrong, number(kBoundError)});
  outcome.formula = {"gaussian: a * N(1, rate/p);  DropConnect: z = (W * M) a + b;  scheduled: rate(t) = rate * factor(t)",
                     filled("rate/p = {0} / {1} = {2}", {number(kRate), number(1 - kRate), number(kRate / (1 - kRate))})};
  outcome.numbers.push_back({"kinds_as_said", double(right)});
  outcome.numbers.push_back({"kinds", double(kinds)});
  outcome.tables = {table};
  return outcome;
}

}  // namespace

extern const LessonStatement kStatement{
    45, LessonGroup::dropout,
    "Dropping units is one member of a family: noise instead of zeros, weights instead of units, inputs, rates that change, masks that stay on "
    "to tell how sure a prediction is.",
    "What does DropConnect drop?",
    "Single weights: each connection is out with the given probability, so a unit usually loses some of its inputs and seldom all.",
    {{{"Whole layers.", "Nothing would pass. (Networks with a way around each layer can do that, it is called stochastic depth.)"},
      {"The same units as dropout, only more of them.", "Its mask lies on the weight matrix, not on the units: two units of a layer lose different inputs."},
      {"Rows of the batch.", "That would be a smaller batch. All rows stay, and in this engine all rows of a step share the weights' mask."}}},
    false, run};

}  // namespace chainrule::lesson::l45
