// L46: the subject is the multilayer perceptron, of any depth and width.
#include <cstring>

#include "engine/reference/gradient_check.h"
#include "lesson/run.h"
#include "lesson/subject.h"
#include "lesson/text.h"

namespace chainrule::lesson::l46 {
namespace {

constexpr std::size_t kRows = 48, kSteps = 60, kComparedSteps = 3;
constexpr double kMostGradientError = 1e-6;

const std::vector<std::vector<std::size_t>> kShapes = {
    {2, 2}, {2, 1, 2}, {2, 3, 2}, {2, 17, 5, 2}, {2, 64, 2}, {2, 7, 13, 31, 2}, {2, 9, 9, 9, 9, 9, 9, 9, 9, 2}, {2, 129, 33, 2}};

std::string text_of(const std::vector<std::size_t>& widths) {
  std::string text;
  for (const std::size_t width : widths) text += (text.empty() ? "" : "-") + std::to_string(width);
  return text;
}

/// What training a network of this shape showed.
struct Shape {
  std::size_t parameters = 0, bits_off = 0;
  double gradient_error = 0, before = 0, after = 0;
  bool fine() const { return bits_off == 0 && gradient_error < kMostGradientError && after < before; }
};

std::size_t weights_differing(const Run& a, const Run& b) {
  const std::vector<float> x = a.parameters(), y = b.parameters();
  std::size_t differing = 0;
  for (std::size_t i = 0; i < x.size(); ++i) differing += std::memcmp(&x[i], &y[i], sizeof(float)) != 0;
  return differing;
}

double gradient_error(const NetworkSpec& network, const TrainingSpec& training, const Run& run, const Samples& samples) {
  reference::ReferenceNetwork<double> exact = exact_network(network, training, run.parameters());
  const reference::Batch<double> batch = exact_batch(samples, all_rows(8));
  const reference::ClaimedGradients claimed = reference::back_propagate(exact, batch, {});
  return reference::check_gradients(exact, batch, {}, claimed, {4, 4}).max_relative_error;
}

Shape try_shape(const std::vector<std::size_t>& widths, const Samples& samples, std::uint64_t seed) {
  const NetworkSpec network = perceptron(widths, Activation::tanh, Loss::cross_entropy);
  const TrainingSpec training = training_with("adam", 0.01, seed);
  Run run(network, training, samples, {kRows, kSteps}), slow(network, training, samples, {kRows, kSteps, EngineKind::reference});
  Shape shape;
  shape.parameters = run.layout().size;
  shape.gradient_error = gradient_error(network, training, run, samples);
  shape.before = run.loss(samples);
  run.steps(kComparedSteps);
  slow.steps(kComparedSteps);
  shape.bits_off = weights_differing(run, slow);
  run.steps(kSteps - kComparedSteps);
  shape.after = run.loss(samples);
  return shape;
}

LessonOutcome run(const LessonSetting& setting) {
  const Rows moons = two_moons(kRows, 0.15, setting.seed);
  LessonOutcome outcome;
  LessonTable table{"one training run each",
                    {"widths", "parameters", "gradient error", "weights unlike the reference", "loss before", "loss after"}, {}};
  std::size_t fine = 0, bits_off = 0;
  double worst = 0;
  for (const std::vector<std::size_t>& widths : kShapes) {
    const Shape shape = try_shape(widths, moons.samples(), setting.seed);
    fine += shape.fine();
    bits_off += shape.bits_off;
    worst = std::max(worst, shape.gradient_error);
    table.rows.push_back({text_of(widths), std::to_string(shape.parameters), number(shape.gradient_error, 2), std::to_string(shape.bits_off),
                          number(shape.before), number(shape.after)});
  }
  outcome.held = fine == kShapes.size();
  outcome.verdict = filled("{0} of {1} shapes, from no hidden layer to eight and from 1 to 129 units, back-propagate to within {2} of finite "
                           "differences ({3} allowed), equal the reference engine bit for bit ({4} weights do not) and lower their loss",
                           {std::to_string(fine), std::to_string(kShapes.size()), number(worst, 2), number(kMostGradientError),
                            std::to_string(bits_off)});
  outcome.formula = {"a(l) = f(W(l) a(l-1) + b(l)) for l = 1 ... depth, whatever the shapes of W(l)"};
  outcome.numbers = {{"shapes", double(kShapes.size())}, {"shapes_fine", double(fine)}, {"largest_gradient_error", worst},
                     {"weights_unlike_reference", double(bits_off)}};
  outcome.tables = {table};
  return outcome;
}

}  // namespace

extern const LessonStatement kStatement{
    46, LessonGroup::chain_rule,
    "All of this is about multilayer perceptrons: layers of units, each reading every unit of the layer before, as many and as wide as one likes.",
    "What has to change in back-propagation when a network gets two more hidden layers?",
    "Nothing. The same rule is applied twice more, once per layer, on the way back; depth and widths are mere numbers in it.",
    {{{"A new formula for the gradient must be derived.", "The chain rule needs each layer's own derivative only. Layers are links, and a longer chain is still a chain."},
      {"All layers must have the same width.", "Each weight matrix has as many rows as its layer has units and as many columns as the one before; no two need agree."},
      {"Gradients can no longer be exact.", "They are as exact as in one layer. That they may become very small or large is true, but it is their true size."}}},
    false, run};

}  // namespace chainrule::lesson::l46
