// The user's own network and rows for the experiments of the lesson.
#include "chainrule/lesson.h"

#include <algorithm>

#include "api/network_choice.h"
#include "api/prepared_data.h"
#include "chainrule/error.h"
#include "net/problems.h"

namespace chainrule {
namespace {

constexpr std::size_t kMostLessonRows = 4096;  // of each part: enough to learn from, few enough to run in a second
constexpr std::size_t kMadeUpBatch = 32, kMadeUpBatches = 8;

/// Rows of a part one after the other, in memory of their own.
api::NumberTable copied(const training::DataPart& part) {
  const Samples& from = part.samples;
  api::NumberTable table;
  table.rows = std::min(part.size(), kMostLessonRows);
  table.inputs = from.inputs;
  table.targets = from.targets;
  for (std::size_t i = 0; i < table.rows; ++i) {
    table.x.insert(table.x.end(), part.x(i), part.x(i) + from.inputs);
    if (from.y) table.y.insert(table.y.end(), part.y(i), part.y(i) + from.targets);
    if (from.labels) table.labels.push_back(part.label(i));
    if (from.weights) table.weights.push_back(from.weights[part.rows[i]]);
  }
  return table;
}

void refuse_lbfgs(const TrainingSpec& training) {
  if (training.optimizer.kind != Optimizer::lbfgs) return;
  throw Error("E0218", "optimizer", "the lesson is about steps along the gradient of a batch, and lbfgs takes no such steps",
              "choose another --optimizer");
}

/// The statements are about the sums themselves: with rounded operands nothing is what its formula says to the last digits.
void compute_in_fp32(OwnLessonSubject& own) {
  if (own.subject.training.precision == Precision::fp32) return;
  own.subject.training.precision = Precision::fp32;
  own.decisions.push_back("the lesson computes in fp32: its statements are about sums whose operands are not rounded");
}

OwnLessonSubject on_data(const std::string& data, const TrainSettings& settings) {
  struct Memory { api::NumberTable train, validation; };
  api::refuse_later_settings(settings);
  refuse_idle_settings(settings);
  OwnLessonSubject own;
  api::PreparedData prepared = api::prepare_data({data, nullptr, {}}, settings);
  own.decisions = prepared.decisions;
  const api::NetworkChoice choice = api::choose_network(settings, prepared, own.decisions);
  const auto memory = std::make_shared<Memory>(Memory{copied(prepared.train), copied(prepared.validation)});
  if (prepared.train.size() > kMostLessonRows) {
    own.decisions.push_back("the experiments see the first " + std::to_string(kMostLessonRows) + " of " + std::to_string(prepared.train.size()) +
                            " training rows");
  }
  own.subject = {choice.network, choice.training, memory->train.samples(), memory->validation.samples(), true};
  own.memory = memory;
  return own;
}

OwnLessonSubject on_made_up_rows(const TrainSettings& settings) {
  const ParsedSpec spec = api::read_spec_file(settings.spec_file, settings.read.stop);
  check_spec(spec.network, spec.training);
  const auto memory = std::make_shared<net::ProblemRows>(spec.network, kMadeUpBatch, kMadeUpBatches);
  OwnLessonSubject own;
  own.subject = {spec.network, spec.training, memory->samples, {}, true};
  own.decisions = {"rows: " + std::to_string(memory->samples.rows) + " made up, since no data was given"};
  own.memory = memory;
  return own;
}

}  // namespace

OwnLessonSubject own_lesson_subject(const std::string& data, const TrainSettings& settings) {
  if (data.empty() && settings.spec_file.empty()) {
    throw Error("E0105", "", "neither data nor a spec was given", "give --data FILE --target COL, or --spec FILE");
  }
  OwnLessonSubject own = data.empty() ? on_made_up_rows(settings) : on_data(data, settings);
  refuse_lbfgs(own.subject.training);
  compute_in_fp32(own);
  return own;
}

}  // namespace chainrule
