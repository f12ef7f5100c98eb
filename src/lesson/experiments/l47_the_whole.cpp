// L47: feed-forward, back-propagation, SGD, Adam and dropout together in one training run.
#include <algorithm>
#include <cstring>

#include "engine/reference/gradient_check.h"
#include "lesson/chance.h"
#include "lesson/generalisation.h"
#include "lesson/run.h"
#include "lesson/stable_rate.h"
#include "lesson/text.h"

namespace chainrule::lesson::l47 {
namespace {

constexpr std::size_t kClasses = 10, kInputs = 64, kRows = 600, kTrainRows = 400, kBatch = 32, kCheckedRows = 8;
constexpr std::size_t kUsersRows = 2000, kUsersValidationRows = 500, kSteps = 150, kRecords = 15;
constexpr double kDropout = 0.2, kMostGradientError = 1e-5;
constexpr double kSgdRate = 0.05, kAdamRate = 0.003;

/// What one optimiser made of the network.
struct Trained {
  std::string optimizer;
  double train_before = 0, train_after = 0;    ///< loss on the training rows
  double before = 0, after = 0, accuracy = 0;  ///< on validation rows
  std::size_t better = 0, rows = 0;            ///< validation rows whose own loss fell
  double chance = 1;
  std::size_t outputs_off = 0;                 ///< feed-forward against the reference engine
  LessonPlot::Curve curve;
};

std::vector<double> row_losses(Run& run, const Samples& samples) {
  std::vector<double> losses;
  for (std::uint32_t r = 0; r < samples.rows; ++r) {
    const std::uint32_t row[] = {r};
    run.plan().forward(samples, row, engine::Mode::predict, run.control());
    losses.push_back(run.plan().loss(samples, row));
  }
  return losses;
}

/// How many outputs of the shipped engine differ from the reference engine's with the same weights.
std::size_t outputs_off(Run& run, const Samples& samples) {
  Run slow(run.network(), run.training(), samples, {kBatch, 1, EngineKind::reference});
  slow.set_parameters(run.parameters());
  const std::vector<float> a = run.predict(samples), b = slow.predict(samples);
  std::size_t off = 0;
  for (std::size_t i = 0; i < a.size(); ++i) off += std::memcmp(&a[i], &b[i], sizeof(float)) != 0;
  return off;
}

Trained train(const LessonSubject& subject, const char* optimizer, double rate) {
  Run run(subject.network, training_with(optimizer, rate, subject.training.seed), subject.train, {kBatch, kSteps});
  Trained result;
  result.optimizer = optimizer;
  result.train_before = run.loss(subject.train);
  result.before = run.loss(subject.validation);
  const std::vector<double> before = row_losses(run, subject.validation);
  result.curve.name = optimizer;
  for (std::size_t step = 0; step <= kSteps; ++step) {
    if (step % (kSteps / kRecords) == 0) {
      result.curve.x.push_back(static_cast<double>(step));
      result.curve.y.push_back(run.loss(subject.validation));
    }
    if (step < kSteps) run.step();
  }
  const std::vector<double> after = row_losses(run, subject.validation);
  for (std::size_t r = 0; r < after.size(); ++r) {
    result.better += after[r] < before[r];
    result.rows += after[r] != before[r];
  }
  result.train_after = run.loss(subject.train);
  result.chance = sign_test(result.better, result.rows);
  result.after = run.loss(subject.validation);
  if (subject.network.loss.kind == Loss::cross_entropy) result.accuracy = run.accuracy(subject.validation);
  result.outputs_off = outputs_off(run, subject.validation);
  return result;
}

/// Back-propagation with this network's dropout on against finite differences with the same masks.
double gradient_error(const LessonSubject& subject) {
  const Run run(subject, {kBatch, 1});
  reference::ReferenceNetwork<double> exact = exact_network(subject.network, subject.training, run.parameters());
  const reference::Batch<double> batch = exact_batch(subject.train, all_rows(std::min(kCheckedRows, subject.train.rows)));
  const reference::ClaimedGradients claimed = reference::back_propagate(exact, batch, run.control());
  return reference::check_gradients(exact, batch, run.control(), claimed, {12, 8}).max_relative_error;
}

LessonSubject built_in(const Rows& rows) {
  return subject_of(perceptron({kInputs, 32, 32, kClasses}, Activation::relu, Loss::cross_entropy), {}, rows.part(0, kTrainRows),
                    rows.part(kTrainRows, kRows - kTrainRows));
}

LessonSubject prepared(const LessonSetting& setting, const Rows& rows) {
  LessonSubject subject = chosen(setting, built_in(rows));
  const TwoParts parts = two_parts(subject, kUsersRows, kUsersValidationRows);
  subject.train = parts.train;
  subject.validation = parts.validation;
  subject.training.dropout_schedule = {};
  for (std::size_t l = 0; l + 1 < subject.network.layers.size(); ++l) {
    DropoutSpec& dropout = subject.network.layers[l].dropout;
    if (dropout.rate == 0) dropout = {DropoutKind::inverted, kDropout};
  }
  return subject;
}

std::vector<std::string> row_of(const Trained& t, bool classes) {
  return {t.optimizer, number(t.before), number(t.after), classes ? percent(t.accuracy) : "-",
          std::to_string(t.better) + " of " + std::to_string(t.rows), number(t.chance, 2), std::to_string(t.outputs_off)};
}

LessonOutcome outcome_of(bool users_own, bool classes, double error, const Trained& sgd, const Trained& adam) {
  // How well the user's rows can be predicted is up to them; what is built in can be, and must.
  const auto learned = [&](const Trained& t) {
    const bool predicts = t.after < t.before && t.chance < kSignTestError;
    return t.train_after < t.train_before && (users_own || predicts) && t.outputs_off == 0;
  };

  LessonOutcome outcome;
  outcome.held = error < kMostGradientError && learned(sgd) && learned(adam);
  outcome.verdict = filled("{0}: training loss {4} -> {5} with SGD and {6} with Adam, both with dropout; on new rows {1} -> {2} and {3}; ",
                           {users_own ? "your own rows" : "generated rows (no real data given: --data FILE --target COL)",
                            number(sgd.before), number(sgd.after), number(adam.after), number(sgd.train_before), number(sgd.train_after),
                            number(adam.train_after)}) +
                    filled("the loss fell on {0} and {1} of {2} of these (chance alone: {3}, limit {4}); back-propagation is within {5} of "
                           "finite differences; {6} outputs differ from the reference engine",
                           {std::to_string(sgd.better), std::to_string(adam.better), std::to_string(sgd.rows),
                            number(std::max(sgd.chance, adam.chance), 2), number(kSignTestError), number(error, 2),
                            std::to_string(sgd.outputs_off + adam.outputs_off)});
  outcome.formula = {"a <- f(W a + b), masks;  dL/da backward, same masks;  SGD: w <- w - eta g;  Adam: w <- w - eta m / (sqrt(v) + eps)"};
  outcome.numbers = {{"generated_data", users_own ? 0.0 : 1.0}, {"gradient_error", error}, {"loss_before", sgd.before},
                     {"loss_after_sgd", sgd.after}, {"loss_after_adam", adam.after}, {"accuracy_sgd", sgd.accuracy},
                     {"accuracy_adam", adam.accuracy}, {"chance_sgd", sgd.chance}, {"chance_adam", adam.chance},
                     {"outputs_unlike_reference", double(sgd.outputs_off + adam.outputs_off)}, {"test_error_rate", kSignTestError}};
  outcome.tables = {{"rows the network never trained on", {"optimiser", "loss before", "loss after", "accuracy", "rows better", "by chance",
                                                           "outputs unlike the reference"},
                     {row_of(sgd, classes), row_of(adam, classes)}}};
  outcome.plots = {{"validation loss while training", "step", "loss", {sgd.curve, adam.curve}, false}};
  return outcome;
}

LessonOutcome run(const LessonSetting& setting) {
  const Rows rows = digit_clusters(kRows, kClasses, kInputs, 0.6, setting.seed);
  const LessonSubject subject = prepared(setting, rows);
  const bool classes = subject.network.loss.kind == Loss::cross_entropy;
  return outcome_of(setting.own != nullptr, classes, gradient_error(subject), train(subject, "sgd", stable_rate(setting, subject, kSgdRate)),
                    train(subject, "adam", kAdamRate));
}

}  // namespace

extern const LessonStatement kStatement{
    47, LessonGroup::dropout,
    "Put together: rows are fed forward, blame goes backward, SGD or Adam turns it into steps, and dropout keeps it honest. That is training.",
    "In which order does one training step with dropout go?",
    "Draw masks and feed forward, compute the loss, go backward with the same masks, then let the optimiser step.",
    {{{"Backward first, then forward with the new weights, then dropout.", "Backward needs the activations and masks of the forward pass; there is nothing to go back through before it."},
      {"Feed forward, drop units of the result, let the optimiser step, then go backward.", "The optimiser's step is made from the gradients, which only exist after the backward pass."},
      {"Feed forward, go backward with fresh masks, step.", "Fresh masks belong to another thinned network. Blame must go back along the very paths the forward pass took."}}},
    true, run};

}  // namespace chainrule::lesson::l47
