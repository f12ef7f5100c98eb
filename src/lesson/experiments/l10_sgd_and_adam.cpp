// L10: SGD and Adam are there by name, with documented forms, and both train the same network from the same start.
#include <algorithm>

#include "lesson/recorder.h"
#include "lesson/run.h"
#include "lesson/stable_rate.h"
#include "lesson/subject.h"
#include "lesson/text.h"

namespace chainrule::lesson::l10 {
namespace {

constexpr std::size_t kSteps = 300;

std::size_t forms_of(std::string_view optimizer) {
  const std::vector<std::string> forms = optimizer_forms();
  return static_cast<std::size_t>(std::count_if(forms.begin(), forms.end(), [&](const std::string& form) {
    return form == optimizer || form.starts_with(std::string(optimizer) + ":");
  }));
}

std::string memory_of(const OptimizerSpec& spec) {
  std::string names;
  for (std::size_t s = 0; s < math::state_count(spec); ++s) names += (s ? ", " : "") + std::string(math::state_name(spec, s));
  return names.empty() ? "nothing" : names;
}

struct Trained { double before = 0, after = 0; };

Trained train(const LessonSubject& subject, const OptimizerSpec& optimizer, LessonPlot& plot) {
  LessonSubject mine = subject;
  mine.training.optimizer = optimizer;
  Run run(mine, {.batch = 16, .total_steps = kSteps, .engine = EngineKind::automatic});
  Trained result{run.loss(mine.train), 0};
  LessonPlot::Curve curve{std::string(name(optimizer.kind)), {0}, {result.before}};
  while (run.steps_done() < kSteps) {
    run.steps(kSteps / 20);
    curve.x.push_back(static_cast<double>(run.steps_done()));
    curve.y.push_back(run.loss(mine.train));
  }
  result.after = curve.y.back();
  plot.curves.push_back(std::move(curve));
  return result;
}

LessonOutcome run(const LessonSetting& setting) {
  const Rows moons = two_moons(256, 0.1, setting.seed);
  const LessonSubject subject = chosen(setting, subject_of(perceptron({2, 16, 2}, Activation::tanh, Loss::cross_entropy),
                                                           training_with("sgd", 0.1, setting.seed), moons.samples()));
  LessonOutcome outcome;
  LessonTable table{"both from the same start, in the same batches, " + number(kSteps) + " steps",
                    {"optimiser", "rate", "named forms", "keeps per weight", "loss before", "loss after"}, {}};
  LessonPlot plot{"loss over all training rows", "step", "loss", {}, true};
  const double share = setting.own != nullptr ? 1 : 0.75;
  bool held = true;
  const double adam_rate = setting.own != nullptr ? 0.002 : 0.02;
  for (const auto& [form, rate] : {std::pair{"sgd", stable_rate(setting, subject, 0.5)}, std::pair{"adam", adam_rate}}) {
    const OptimizerSpec spec = optimizer_with(form, rate);
    const Trained loss = train(subject, spec, plot);
    table.rows.push_back({form, number(rate), number(static_cast<double>(forms_of(form))), memory_of(spec), number(loss.before),
                          number(loss.after)});
    held = held && name(parse_kind<Optimizer>(form)) == form && forms_of(form) >= 2 && loss.after < share * loss.before;
    outcome.numbers.push_back({std::string(form) + "_loss_before", loss.before});
    outcome.numbers.push_back({std::string(form) + "_loss_after", loss.after});
  }
  held = held && table.rows[0][3] == "nothing" && table.rows[1][3] == "m, v";
  outcome.held = held;
  outcome.verdict = filled("both are known by name; SGD took the loss from {0} to {1}, Adam from {2} to {3} (wanted: below {4} of the "
                           "start); SGD keeps nothing per weight, Adam keeps m and v",
                           {table.rows[0][4], table.rows[0][5], table.rows[1][4], table.rows[1][5], percent(share)});
  outcome.formula = {"SGD:  W <- W - eta g", "Adam: W <- W - eta m / sqrt(v + eps)"};
  outcome.tables = {table};
  outcome.plots = {plot};
  return outcome;
}

}  // namespace

extern const LessonStatement kStatement = {
    10, LessonGroup::optimizers,
    "Two optimisers do most of the training in practice: stochastic gradient descent, SGD, and Adam.",
    "What does an optimiser such as SGD or Adam do?",
    "it turns the gradient of the loss by each weight into that weight's next change",
    {{{"it computes the gradient", "back-propagation does that; the optimiser takes the gradient as given"},
      {"it chooses the number of layers", "the shape of the network is settled before training; an optimiser moves the weights of that "
                                          "network"},
      {"it scales the inputs", "that is preparation of the data; an optimiser never sees a row, only gradients"}}},
    true, run};

}  // namespace chainrule::lesson::l10
