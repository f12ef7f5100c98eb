// Explanations of a model on a table: which rows, in the words of the table.
#include "chainrule/explanation.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "api/counterfactual.h"
#include "api/labelled_rows.h"
#include "api/model_impl.h"
#include "api/prepared_data.h"
#include "api/run_replay.h"
#include "api/setting_text.h"
#include "chainrule/error.h"
#include "explain/explain.h"
#include "explain/step_forecast.h"
#include "features/column_source.h"
#include "train/trainer.h"

namespace chainrule {
namespace {

/// Rows times parameters that a data set may have before it is sampled: some seconds of fp64 for all that is shown.
constexpr double kWork = 1.5e8;
constexpr std::size_t kFewestRows = 256;
/// Multiply-adds of a replay; more steps than that are refused a silent long wait and cut down, which is said.
constexpr double kReplayWork = 2e10;

constexpr const char* kUnroundedNote =
    "the model multiplies operands rounded to bf16; sums, losses and gradients here are fp64 and round nothing, so they differ a little from its own";

bool is_lbfgs(const Model::Impl& model) { return model.file.training.optimizer.kind == Optimizer::lbfgs; }

/// The inputs each column of the table became.
std::vector<explain::InputGroup> input_groups(const features::FeatureSet& features) {
  std::vector<explain::InputGroup> groups;
  for (std::size_t j = 0; j < features.dense.columns; ++j) {
    groups.push_back({features.dense.name(j), features.dense.first_input + j, 1});
  }
  for (const features::ColumnState& column : features.columns) {
    if (column.inputs > 0) groups.push_back({column.name, column.first_input, column.inputs});
  }
  return groups;
}

std::string optimizer_text(const TrainingSpec& training) {
  const OptimizerSpec& o = training.optimizer;
  std::string text = std::string(name(o.kind)) + ", learning rate " + api::write_number(o.learning_rate);
  if (o.weight_decay > 0) text += ", weight decay " + api::write_number(o.weight_decay);
  if (training.clip_norm > 0) text += ", gradient norm at most " + api::write_number(training.clip_norm);
  return text;
}

class Explainer {
 public:
  Explainer(Model& model, const Table& table, const ExplainRequest& request)
      : handle_(model), model_(model.impl()), table_(table.data()), request_(request), finder_(model_.file.features, table_) {}

  Explanation run() {
    check_request();
    prepare();
    const auto& averaged = model_.file.averaged;
    const std::vector<float>& parameters = averaged.empty() ? model_.file.parameters : averaged;
    result_ = explain::explain_samples({model_.predicting, parameters, samples_, rows_, input_groups(model_.file.features)}, request_);
    name_everything();
    forecast_step();
    if (request_.movers) find_movers();
    if (request_.counterfactual) {
      result_.counterfactual = api::find_counterfactual(handle_, table_, rows_.front(), numbers_, request_);
    }
    return std::move(result_);
  }

 private:
  void check_request() const {
    if (request_.movers && is_lbfgs(model_)) {
      throw Error("E0112", "movers", "L-BFGS takes all rows at once and searches along a line: its steps are not divided among rows",
                  "train with --optimizer momentum or adam to see which rows move a weight");
    }
    if (request_.counterfactual && request_.scope.kind != RowScope::Kind::row) {
      throw Error("E0112", "counterfactual", "a counterfactual belongs to one row", "name the row with --row N");
    }
  }

  void prepare() {
    check_rows();
    numbers_ = api::labelled_rows(model_, table_, notes_);
    if (model_.file.training.precision == Precision::bf16) notes_.push_back(kUnroundedNote);
    if (request_.scope.kind != RowScope::Kind::row || request_.movers) api::weigh_rows(numbers_, model_.file.features, table_);
    samples_ = numbers_.samples();
    if (request_.scope.kind == RowScope::Kind::row) samples_.weights = nullptr;
    choose_rows();
  }

  void check_rows() const {
    const RowScope& scope = request_.scope;
    const std::size_t last = table_.rows - 1;
    const std::string hint = "rows are numbered 0 to " + std::to_string(last);
    if (scope.kind == RowScope::Kind::row && scope.first > last) {
      throw Error("E0329", table_.source, "there is no row " + std::to_string(scope.first), hint);
    }
    if (scope.kind == RowScope::Kind::range && (scope.first >= scope.last || scope.last > table_.rows)) {
      throw Error("E0329", table_.source, "there are no rows " + std::to_string(scope.first) + ":" + std::to_string(scope.last),
                  hint + "; A:B means rows A to B-1");
    }
  }

  void choose_rows() {
    const RowScope& scope = request_.scope;
    switch (scope.kind) {
      case RowScope::Kind::row: rows_ = {static_cast<std::uint32_t>(scope.first)}; break;
      case RowScope::Kind::range:
        for (std::size_t row = scope.first; row < scope.last; ++row) rows_.push_back(static_cast<std::uint32_t>(row));
        break;
      case RowScope::Kind::batch: choose_batch(); break;
      case RowScope::Kind::data_set: choose_sample();
    }
  }

  void choose_batch() {
    const api::RunReplay run(model_, table_, numbers_);
    if (request_.scope.first >= run.steps_per_epoch()) {
      throw Error("E0329", table_.source, "there is no batch " + std::to_string(request_.scope.first),
                  "an epoch has batches 0 to " + std::to_string(run.steps_per_epoch() - 1) + " of " + std::to_string(run.batch()) + " rows");
    }
    rows_ = run.batch_rows(request_.scope.first);
    notes_.insert(notes_.end(), run.notes().begin(), run.notes().end());
  }

  /// Evenly spaced rows, as many as some seconds allow.
  void choose_sample() {
    const double parameters = static_cast<double>(model_.file.parameters.size());
    const std::size_t most = std::max(kFewestRows, static_cast<std::size_t>(kWork / parameters));
    const std::size_t count = request_.scope.every_row ? table_.rows : std::min(most, table_.rows);
    for (std::size_t i = 0; i < count; ++i) rows_.push_back(static_cast<std::uint32_t>(i * table_.rows / count));
    if (count < table_.rows) {
      notes_.push_back(std::to_string(count) + " evenly spaced rows of " + std::to_string(table_.rows) + "; --all takes every row");
    }
  }

  std::string truth_of(std::size_t row) { return target().text(row); }
  const data::Column& target() {
    const features::TargetState& state = model_.file.features.target;
    return finder_.get(state.name, state.position);
  }

  void name_everything() {
    result_.scope = request_.scope.kind;
    result_.notes = notes_;
    result_.input_names = model_.file.features.input_names;
    result_.rows_text = scope_text();
    const std::size_t inputs = numbers_.inputs;
    if (request_.scope.kind == RowScope::Kind::row) {
      result_.truth = truth_of(rows_.front());
      result_.prediction = api::predicted_answer(handle_, std::span(numbers_.x).subspan(rows_.front() * inputs, inputs)).text;
    } else {
      result_.prediction.clear();
      result_.truth.clear();
    }
    if (request_.scope.kind != RowScope::Kind::data_set) result_.row_numbers.assign(rows_.begin(), rows_.end());
    for (RowChain& chain : result_.row_chains) chain.line = table_.line(chain.row);
    if (!result_.pulls) return;
    for (auto* list : {&result_.pulls->raise, &result_.pulls->lower}) {
      for (RowPull& pull : *list) pull.line = table_.line(pull.row), pull.truth = truth_of(pull.row);
    }
  }

  std::string scope_text() const {
    const RowScope& scope = request_.scope;
    const std::string count = std::to_string(rows_.size()) + (rows_.size() == 1 ? " row" : " rows");
    switch (scope.kind) {
      case RowScope::Kind::row: return api::row_name(table_, scope.first);
      case RowScope::Kind::range: return "rows " + std::to_string(scope.first) + " to " + std::to_string(scope.last - 1) + " of " + table_.source;
      case RowScope::Kind::batch: return "batch " + std::to_string(scope.first) + " of the run's first epoch, " + count + " of " + table_.source;
      case RowScope::Kind::data_set: break;
    }
    return count + " of " + table_.source;
  }

  void forecast_step() {
    if (is_lbfgs(model_)) {
      result_.notes.push_back("no step is shown: L-BFGS has none of its own for some rows");
      return;
    }
    if (request_.scope.kind == RowScope::Kind::row && training::has_batch_norm(model_.file.network)) {
      result_.notes.push_back("no step is shown: batch norm would measure its units over this one row, and every normalised value would be 0");
      return;
    }
    result_.step = explain::forecast_step(model_.file.network, model_.file.training, model_.file.parameters, samples_, rows_, request_.top);
    const bool scheduled = model_.file.training.learning_rate_schedule.kind != ScheduleKind::constant ||
                           model_.file.training.learning_rate_schedule.warmup > 0;
    result_.step->optimizer = optimizer_text(model_.file.training) + "; fresh state, step 1" + (scheduled ? "; full rate, no schedule" : "");
  }

  void find_movers() {
    const api::RunReplay run(model_, table_, numbers_);
    const double cost = 3.0 * static_cast<double>(model_.file.parameters.size() * run.batch());
    const std::size_t steps = std::clamp<std::size_t>(static_cast<std::size_t>(kReplayWork / cost), 1, request_.steps);
    const explain::Replay replay = run.replay(steps);
    const net::ParameterLayout layout(replay.network);
    const explain::Account account = explain::account(replay, explain::find_weight(layout, result_.chain_weight).at);
    WeightMovement& m = result_.movement.emplace();
    m.notes = run.notes();
    if (steps < request_.steps) m.notes.push_back("cut to " + std::to_string(steps) + " steps, which is some minute of fp64");
    if (model_.file.training.learning_rate_schedule.kind == ScheduleKind::plateau) m.notes.push_back("the plateau schedule never shrinks the rate here");
    set_movement(account, replay, run, m);
  }

  void set_movement(const explain::Account& account, const explain::Replay& replay, const api::RunReplay& run, WeightMovement& m) {
    m.weight = result_.chain_weight;
    m.optimizer = optimizer_text(replay.training);
    m.exact = account.exact;
    m.steps = replay.steps.size();
    m.rows = run.rows(), m.batch = run.batch();
    m.start = account.start, m.end = account.end;
    m.moved = account.end - account.start, m.sum = account.sum();
    m.gap = m.moved != 0 ? std::abs(m.sum - m.moved) / std::abs(m.moved) : std::abs(m.sum);
    for (const double moved : account.by_row) (moved > 0 ? m.raised : m.lowered) += moved;
    const auto add = [&](const char* name, double value) { if (value != 0) m.others.push_back({name, value}); };
    add("weight decay", account.weight_decay), add("l2 penalty", account.l2), add("l1 penalty", account.l1);
    add("max-norm limit", account.max_norm), add("rounding of the weight", account.rounding);
    std::vector<std::size_t> order(account.by_row.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const std::size_t top = std::min(request_.top, order.size());
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(top), order.end(), [&](std::size_t a, std::size_t b) {
      const double x = std::abs(account.by_row[a]), y = std::abs(account.by_row[b]);
      return x != y ? x > y : a < b;
    });
    for (std::size_t i = 0; i < top && account.by_row[order[i]] != 0; ++i) {
      const std::size_t row = order[i];
      m.movers.push_back({row, table_.line(row), account.by_row[row], account.visits[row], truth_of(row)});
    }
  }

  Model& handle_;
  const Model::Impl& model_;
  const data::Table& table_;
  const ExplainRequest& request_;
  features::ColumnFinder finder_;
  api::NumberTable numbers_;
  Samples samples_;
  std::vector<std::uint32_t> rows_;
  std::vector<std::string> notes_;
  Explanation result_;
};

}  // namespace

Explanation explain_rows(Model& model, const Table& table, const ExplainRequest& request) {
  Explanation explanation = Explainer(model, table, request).run();
  explanation.digest = model.digest();
  return explanation;
}

Explanation explain_row(Model& model, const Table& table, std::size_t row, std::size_t top) {
  ExplainRequest request;
  request.scope = {RowScope::Kind::row, row, row + 1, false};
  request.top = top;
  return explain_rows(model, table, request);
}

}  // namespace chainrule
