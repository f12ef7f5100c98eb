// L39: regularisation by a penalty on complexity.
#include <cstring>

#include "lesson/generalisation.h"
#include "lesson/run.h"
#include "lesson/stable_rate.h"
#include "lesson/text.h"
#include "math/penalties.h"

namespace chainrule::lesson::l39 {
namespace {

constexpr double kL1 = 1e-3, kL2 = 1e-2, kRate = 0.1;
constexpr std::size_t kSteps = 120, kRecordEvery = 20, kRows = 96, kUsersRows = 512, kBatch = 32;

/// The two penalties of these weights; biases and norm parameters pay nothing.
struct Penalty {
  double l1 = 0, l2 = 0;
};

Penalty penalty_of(const Run& run, const std::vector<float>& parameters) {
  Penalty sum;
  for (const net::Tensor& tensor : run.layout().tensors) {
    for (std::size_t i = tensor.info.offset; tensor.decays && i < tensor.info.offset + tensor.info.size; ++i) {
      sum.l1 += math::penalty_value(static_cast<double>(parameters[i]), kL1, 0);
      sum.l2 += math::penalty_value(static_cast<double>(parameters[i]), 0, kL2);
    }
  }
  return sum;
}

/// How many weights the step leaves elsewhere than  w - eta (g + l2 w + l1 sign w)  in the engine's arithmetic.
std::size_t weights_elsewhere(Run& run, double rate) {
  const std::vector<std::uint32_t> rows(run.next_batch().begin(), run.next_batch().end());
  const std::vector<float> before = run.parameters(), gradient = run.gradients(rows);
  run.step();
  const std::vector<float> after = run.parameters();
  std::size_t elsewhere = 0;
  for (const net::Tensor& tensor : run.layout().tensors) {
    for (std::size_t i = tensor.info.offset; tensor.info.trainable && i < tensor.info.offset + tensor.info.size; ++i) {
      const float w = before[i];
      float g = gradient[i];
      if (tensor.decays) g = math::add_l1(math::add_l2(g, w, static_cast<float>(kL2)), w, static_cast<float>(kL1));
      const float expected = math::fma(-static_cast<float>(rate), g, w);
      elsewhere += std::memcmp(&expected, &after[i], sizeof expected) != 0;
    }
  }
  return elsewhere;
}

/// Penalty of the same network after the same steps without one.
Penalty unpenalised(LessonSubject subject, const RunOptions& options) {
  subject.network = without_regularisation(subject.network);
  Run run(subject, options);
  run.steps(kSteps);
  return penalty_of(run, run.parameters());
}

/// The loss report of a whole run, and how its steps compare with the formula.
struct Report {
  LessonTable table{"the loss report", {"step", "loss on the rows", "l1 * sum |w|", "l2/2 * sum w^2", "total"}, {}};
  LessonPlot plot{"the loss and its penalty", "step", "loss", {{"loss on the rows", {}, {}}, {"penalty", {}, {}}}, false};
  std::size_t elsewhere = 0;
  double loss = 0;      ///< at the end
  Penalty penalty;

  void add(Run& run, const Samples& rows) {
    loss = run.loss(rows);
    penalty = penalty_of(run, run.parameters());
    table.rows.push_back({std::to_string(run.steps_done()), number(loss), number(penalty.l1), number(penalty.l2),
                          number(loss + penalty.l1 + penalty.l2)});
    for (LessonPlot::Curve& curve : plot.curves) curve.x.push_back(static_cast<double>(run.steps_done()));
    plot.curves[0].y.push_back(loss);
    plot.curves[1].y.push_back(penalty.l1 + penalty.l2);
  }
};

Report train(const LessonSubject& subject, const RunOptions& options) {
  Run run(subject, options);
  Report report;
  report.add(run, subject.train);
  for (std::size_t step = 1; step <= kSteps; ++step) {
    report.elsewhere += weights_elsewhere(run, subject.training.optimizer.learning_rate);
    if (step % kRecordEvery == 0) report.add(run, subject.train);
  }
  return report;
}

LessonOutcome run(const LessonSetting& setting) {
  const Rows rows = noisy_halves(kRows, 4, 0.1, setting.seed);
  LessonSubject subject = chosen(setting, subject_of(perceptron({4, 24, 24, 1}, Activation::tanh, Loss::binary_cross_entropy), {}, rows.samples()));
  subject.train = two_parts(subject, kUsersRows, 1).train;
  subject.training = training_with("sgd", kRate, setting.seed);
  subject.network = without_regularisation(subject.network);
  subject.network.loss.l1 = kL1;
  subject.network.loss.l2 = kL2;
  subject.training.optimizer.learning_rate = stable_rate(setting, subject, kRate);
  const RunOptions options{kBatch, kSteps};
  const Report report = train(subject, options);
  const Penalty& penalty = report.penalty;
  const Penalty free = unpenalised(subject, options);
  const double with = penalty.l1 + penalty.l2, without = free.l1 + free.l2;

  LessonOutcome outcome;
  outcome.held = report.elsewhere == 0 && with < without;
  outcome.verdict = filled("the penalty stands as a term of its own ({0} beside a loss of {1} at the end); all {2} steps moved every weight by "
                           "exactly -eta times the gradient of their sum ({3} exceptions), and the weights would cost {4} without it",
                           {number(with), number(report.loss), std::to_string(kSteps), std::to_string(report.elsewhere), number(without)});
  outcome.formula = {"L = loss on the rows + l1 * sum |w| + l2/2 * sum w^2",
                     filled("{0} = {1} + {2} + {3}", {number(report.loss + with), number(report.loss), number(penalty.l1), number(penalty.l2)}),
                     "w <- w - eta (dloss/dw + l2 w + l1 sign w)"};
  outcome.numbers = {{"loss_on_rows", report.loss}, {"l1_term", penalty.l1}, {"l2_term", penalty.l2}, {"total", report.loss + with},
                     {"penalty_without", without}, {"weights_elsewhere", double(report.elsewhere)}, {"steps", double(kSteps)}};
  outcome.tables = {report.table};
  outcome.plots = {report.plot};
  return outcome;
}

}  // namespace

extern const LessonStatement kStatement{
    39, LessonGroup::regularisation,
    "Regularisation makes a network pay for being complex: a penalty on its weights is added to the loss it has to lower.",
    "With an L2 penalty, what does training minimise?",
    "The loss on the rows plus l2/2 times the sum of all squared weights, so a large weight must earn what it costs.",
    {{{"The loss on the rows; the penalty is taken off the result afterwards.",
       "Then it could not change a single weight. It works because its gradient, l2 times w, takes part in every step."},
      {"The number of weights that are not 0.", "That has no gradient. The sum of squares has one, and it draws weights towards 0 without counting them."},
      {"The sum of squared biases and weights.",
       "Biases are usually spared, here too: they shift a unit but do not make it bend, and penalising them mostly hurts the fit."}}},
    true, run};

}  // namespace chainrule::lesson::l39
