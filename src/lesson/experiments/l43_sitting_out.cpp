// L43: kept units take part in forward and backward, dropped ones sit out, for that step only.
#include <algorithm>

#include "lesson/run.h"
#include "lesson/subject.h"
#include "lesson/text.h"

namespace chainrule::lesson::l43 {
namespace {

constexpr double kRate = 0.4;
constexpr std::size_t kSteps = 60, kInputs = 6, kFirstUnits = 20, kShownUnits = 8;

/// One unit in one step.
struct Part {
  bool kept = false;
  bool heard = true;            ///< somebody in the layer above was kept
  float incoming = 0, outgoing = 0;  ///< largest |gradient| of its weights and bias, of the weights that read it
  bool moved = false;           ///< the step changed a weight or bias of its own
};

/// What became of the units of all hidden layers.
struct Counts {
  std::size_t dropped = 0, kept = 0;
  std::size_t dropped_with_gradient = 0, dropped_moved = 0, kept_without_gradient = 0;
};

float largest(const float* values, std::size_t count, std::size_t stride = 1) {
  float result = 0;
  for (std::size_t i = 0; i < count; ++i) result = std::max(result, std::abs(values[i * stride]));
  return result;
}

/// The units of hidden layer l in the step between `before` and `after`.
std::vector<Part> parts_of(const Run& run, const reference::ReferenceNetwork<float>& watched, std::size_t l, const std::vector<float>& gradient,
                           const std::vector<float>& before, const std::vector<float>& after) {
  const net::Tensor& weight = *run.layout().find(net::Role::weight, l);
  const net::Tensor& above = *run.layout().find(net::Role::weight, l + 1);
  const std::size_t bias = run.layout().find(net::Role::bias, l)->info.offset;
  const std::vector<float>& higher = watched.layers()[l + 1].mask.values;
  const bool heard = std::any_of(higher.begin(), higher.end(), [](float m) { return m != 0; });
  std::vector<Part> parts(weight.rows);
  for (std::size_t u = 0; u < parts.size(); ++u) {
    const std::size_t first = weight.info.offset + u * weight.columns;
    const auto same = [&](std::size_t at, std::size_t count) { return std::equal(&before[at], &before[at] + count, &after[at]); };
    parts[u] = {watched.layers()[l].mask(0, u) != 0, heard, std::max(largest(&gradient[first], weight.columns), std::abs(gradient[bias + u])),
                largest(&gradient[above.info.offset + u], above.rows, above.columns), !same(first, weight.columns) || !same(bias + u, 1)};
  }
  return parts;
}

void count(const std::vector<Part>& parts, Counts& counts) {
  for (const Part& part : parts) {
    if (!part.kept) {
      ++counts.dropped;
      counts.dropped_with_gradient += part.incoming != 0 || part.outgoing != 0;
      counts.dropped_moved += part.moved;
    } else if (part.heard) {
      ++counts.kept;
      counts.kept_without_gradient += part.incoming == 0;
    }
  }
}

LessonTable shown(const std::vector<std::vector<Part>>& first_steps) {
  LessonTable table{"the first hidden layer in two steps", {"step", "unit", "takes part", "max |gradient| in", "max |gradient| out", "moved"}, {}};
  for (std::size_t step = 0; step < first_steps.size(); ++step) {
    for (std::size_t u = 0; u < kShownUnits; ++u) {
      const Part& part = first_steps[step][u];
      table.rows.push_back({std::to_string(step + 1), std::to_string(u), part.kept ? "yes" : "no", number(double(part.incoming)),
                            number(double(part.outgoing)), part.moved ? "yes" : "no"});
    }
  }
  return table;
}

/// What kSteps steps of one row each came to.
struct Watch {
  Counts counts;
  std::vector<std::vector<Part>> first_steps;
  std::vector<bool> was_out = std::vector<bool>(kFirstUnits), came_back = std::vector<bool>(kFirstUnits);

  void see(const std::vector<Part>& first_layer) {
    if (first_steps.size() < 2) first_steps.push_back(first_layer);
    for (std::size_t u = 0; u < kFirstUnits; ++u) {
      came_back[u] = came_back[u] || (was_out[u] && first_layer[u].moved);
      was_out[u] = was_out[u] || !first_layer[u].kept;
    }
  }
};

Watch watch(std::uint64_t seed) {
  const Rows rows = digit_clusters(kSteps, 2, kInputs, 0.3, seed);
  NetworkSpec network = perceptron({kInputs, kFirstUnits, 16, 2}, Activation::tanh, Loss::cross_entropy);
  network.layers[0].dropout = network.layers[1].dropout = {DropoutKind::inverted, kRate};
  const TrainingSpec training = training_with("sgd", 0.1, seed);
  Run run(network, training, rows.samples(), {1, kSteps});
  reference::ReferenceNetwork<float> watched(network, training);  // tells the masks: they depend on seed, step and row alone
  reference::Batch<float> batch;
  Watch result;
  for (std::uint32_t step = 0; step < kSteps; ++step) {
    const std::uint32_t row[] = {step};
    const std::vector<float> before = run.parameters(), gradient = run.gradients(row);
    reference::gather(rows.samples(), row, batch);
    watched.forward(batch, engine::Mode::train, run.control());
    run.step(row);
    const std::vector<float> after = run.parameters();
    for (std::size_t l = 0; l < 2; ++l) {
      const std::vector<Part> parts = parts_of(run, watched, l, gradient, before, after);
      count(parts, result.counts);
      if (l == 0) result.see(parts);
    }
  }
  return result;
}

LessonOutcome run(const LessonSetting& setting) {
  const Watch seen = watch(setting.seed);
  const Counts& counts = seen.counts;
  const auto out = std::count(seen.was_out.begin(), seen.was_out.end(), true);
  const auto back = std::count(seen.came_back.begin(), seen.came_back.end(), true);
  LessonOutcome outcome;
  outcome.held = counts.dropped_with_gradient == 0 && counts.dropped_moved == 0 && counts.kept_without_gradient == 0 && out > 0 && back == out;
  outcome.verdict = filled("{0} times a unit was dropped; its gradients were other than exactly 0 in {1} of them and its weights moved in {2}. {3} times "
                           "a unit was kept; {4} of them were without a gradient. {5} of the {6} first-layer units that were out once moved later",
                           {std::to_string(counts.dropped), std::to_string(counts.dropped_with_gradient), std::to_string(counts.dropped_moved),
                            std::to_string(counts.kept), std::to_string(counts.kept_without_gradient), std::to_string(back), std::to_string(out)});
  outcome.formula = {"a = f(z) * m and dL/dz = dL/da * f'(z) * m: the same m, so m = 0 silences both ways",
                     filled("m = 0 in {0} cases: dL/dz = 0 in {1} of them",
                            {std::to_string(counts.dropped), std::to_string(counts.dropped - counts.dropped_with_gradient)})};
  outcome.numbers = {{"dropped", double(counts.dropped)}, {"dropped_with_gradient", double(counts.dropped_with_gradient)},
                     {"dropped_moved", double(counts.dropped_moved)}, {"kept", double(counts.kept)},
                     {"kept_without_gradient", double(counts.kept_without_gradient)}, {"units_out_once", double(out)}, {"units_back", double(back)}};
  outcome.tables = {shown(seen.first_steps)};
  return outcome;
}

}  // namespace

extern const LessonStatement kStatement{
    43, LessonGroup::dropout,
    "Units that are kept take part in the forward and the backward pass as always; those that are dropped sit out both, for that step only.",
    "A unit was dropped in this step. What is the gradient of its weights?",
    "Exactly 0: it said nothing forward, so it gets no blame backward and plain SGD leaves its weights where they were. Next step it may be back.",
    {{{"Smaller than usual, by the factor p.", "p is an average over many steps. In this one step the unit was out altogether."},
      {"What it would have been without dropout.",
       "That is the classic mistake: the mask used forward must be used backward too, or blame reaches units that did nothing."},
      {"0 from now on.", "The mask is drawn anew for the next step, and the unit will be in again with probability p."}}},
    false, run};

}  // namespace chainrule::lesson::l43
