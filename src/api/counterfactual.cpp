// From a row to a search in feature space and back to cells that people can read.
#include "api/counterfactual.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <set>

#include "api/model_impl.h"
#include "api/setting_text.h"
#include "base/number_text.h"
#include "chainrule/error.h"
#include "explain/counterfactual_search.h"
#include "features/column_source.h"

namespace chainrule::api {
namespace {

/// Seven digits: as many as a float holds.
std::string shown_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.7g", value);
  return text;
}

using explain::CounterfactualProblem;
using features::ColumnState;

constexpr std::size_t kSeeds = 4;

/// An input that may move, with the way back to its column.
struct NumberCell {
  std::string column;
  std::size_t input = 0;
  double center = 0, scale = 1;
  double low = 0, high = 0, value = 0;  ///< in the table's unit
  bool whole = false;                   ///< all values of the column are whole numbers
  double in_table(double x) const { return center + scale * x; }
  float in_features(double cell) const { return static_cast<float>((cell - center) / scale); }
};
struct ChoiceCell { const ColumnState* state = nullptr; };

class Finder {
 public:
  Finder(Model& model, const data::Table& table, std::size_t row, const NumberTable& numbers, const ExplainRequest& request)
      : model_(model), impl_(model.impl()), table_(table), row_(row), numbers_(numbers), request_(request),
        finder_(impl_.file.features, table) {}

  Counterfactual run() {
    collect_cells();
    const Answer before = predicted_answer(model_, row_inputs(row_));
    result_.before = before.text;
    result_.score = before.score;
    CounterfactualProblem problem{impl_.predicting, parameters(), {}, {}, {}, {}, {}};
    const std::span<const float> x = row_inputs(row_);
    problem.x.assign(x.begin(), x.end());
    set_goals(problem);
    set_freedom(problem);
    set_seeds(problem);
    const explain::CounterfactualPoints points = explain::search_counterfactual(problem);
    if (points.closest.found) result_.closest = verified(points.closest.x);
    if (points.fewest.found) result_.fewest = verified(points.fewest.x);
    // Whole numbers cost distance: what changes fewer columns may then be the nearer one.
    if (result_.fewest.found && (!result_.closest.found || result_.fewest.distance < result_.closest.distance)) result_.closest = result_.fewest;
    if (!result_.closest.found) result_.notes.push_back("none was found: no change of these columns within the table's ranges reaches it");
    return std::move(result_);
  }

 private:
  const std::vector<float>& parameters() const {
    return impl_.file.averaged.empty() ? impl_.file.parameters : impl_.file.averaged;
  }
  std::span<const float> row_inputs(std::size_t row) const {
    return std::span(numbers_.x).subspan(row * numbers_.inputs, numbers_.inputs);
  }

  // ---- what may change ----

  void collect_cells() {
    std::set<std::string> held(request_.hold.begin(), request_.hold.end());
    const features::DenseState& dense = impl_.file.features.dense;
    for (std::size_t j = 0; j < dense.columns; ++j) add_dense(j, held);
    for (const ColumnState& state : impl_.file.features.columns) {
      if (state.inputs == 0) continue;
      if (held.erase(state.name) > 0) fixed_.push_back(state.name);
      else add_column(state);
    }
    if (!held.empty()) unknown_column(*held.begin());
    if (!fixed_.empty()) {
      std::string list;
      for (const std::string& name : fixed_) list += (list.empty() ? "" : ", ") + name;
      result_.notes.push_back("left alone: " + list);
    }
  }

  [[noreturn]] void unknown_column(const std::string& column) const {
    std::vector<std::string_view> names;
    for (const ColumnState& state : impl_.file.features.columns) names.push_back(state.name);
    const std::string nearest = nearest_name(column, names);
    throw Error("E0310", "--hold", "the model has no input column \"" + column + "\"",
                nearest.empty() ? "`chainrule inspect` lists the columns" : "did you mean \"" + nearest + "\"?");
  }

  void add_dense(std::size_t j, std::set<std::string>& held) {
    const features::DenseState& dense = impl_.file.features.dense;
    const std::string name = dense.name(j);
    if (held.erase(name) > 0) return fixed_.push_back(name);
    const std::size_t i = dense.center.size() == 1 ? 0 : j;
    NumberCell cell{name, dense.first_input + j, dense.center[i], dense.scale[i]};
    cell.whole = !table_.dense.bytes.empty();
    set_range(cell);
    if (cell.whole) cell.low = 0, cell.high = 255;
    numbers_free_.push_back(cell);
  }

  void add_column(const ColumnState& state) {
    const data::Column& column = finder_.get(state.name, state.position);
    const bool category = state.type == data::ColumnType::categorical;
    const bool fixed = column.missing(row_) || state.type == data::ColumnType::date || (!category && state.scale == 0);
    if (fixed || (category && state.levels.size() < 2)) return fixed_.push_back(state.name);
    if (category) return choices_.push_back({&state});
    NumberCell cell{state.name, state.first_input, state.center, state.scale};
    cell.whole = column.integers;
    set_range(cell);
    numbers_free_.push_back(cell);
  }

  /// The column's range over the table, from its inputs: that is what the model sees.
  void set_range(NumberCell& cell) const {
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (std::size_t row = 0; row < numbers_.rows; ++row) {
      const double value = static_cast<double>(numbers_.x[row * numbers_.inputs + cell.input]);
      low = std::min(low, value), high = std::max(high, value);
    }
    cell.low = cell.in_table(low), cell.high = cell.in_table(high);
    cell.value = cell.in_table(static_cast<double>(numbers_.x[row_ * numbers_.inputs + cell.input]));
    if (cell.whole) cell.low = std::round(cell.low), cell.high = std::round(cell.high), cell.value = std::round(cell.value);
  }

  void set_freedom(CounterfactualProblem& problem) const {
    for (const NumberCell& cell : numbers_free_) {
      const double x = problem.x[cell.input], a = (cell.low - cell.center) / cell.scale, b = (cell.high - cell.center) / cell.scale;
      problem.numbers.push_back({cell.input, std::min(a, x), std::max(b, x)});
    }
    for (const ChoiceCell& choice : choices_) {
      explain::FreeChoice free;
      for (std::size_t i = 0; i < choice.state->levels.size(); ++i) {
        if (!choice.state->levels[i].empty()) free.inputs.push_back(choice.state->first_input + i);  // never to "missing"
      }
      if (choice.state->other) free.inputs.push_back(choice.state->first_input + choice.state->levels.size());
      problem.choices.push_back(std::move(free));
    }
  }

  // ---- what is to be reached ----

  void set_goals(CounterfactualProblem& problem) {
    if (!impl_.unit.classification) return set_number_goal(problem);
    if (request_.until != 0) {
      throw Error("E0121", "until", "this setting would do nothing here: the model answers with classes, and only a number can move by an amount",
                  "ask with --counterfactual what would change the class");
    }
    result_.goal = "another class than " + result_.before;
    const std::size_t outputs = impl_.file.network.outputs(), before = class_of(row_inputs(row_));
    if (outputs == 1) {
      // One output: class 1 above its threshold of 0 (log odds, or the hinge's margin).
      problem.goals.push_back({{before == 1 ? 1.0 : -1.0}, 0});
      return;
    }
    for (std::size_t rival = 0; rival < outputs; ++rival) {
      if (rival == before) continue;
      explain::Goal goal{std::vector<double>(outputs), 0};
      goal.weights[before] = 1, goal.weights[rival] = -1;
      problem.goals.push_back(std::move(goal));
    }
  }

  std::size_t class_of(std::span<const float> x) const {
    std::vector<float> outputs(impl_.file.network.outputs());
    model_.predict_inputs(x, outputs);
    return training::largest(training::class_scores(impl_.file.network, outputs, 1, impl_.unit.classes.size()));
  }

  void set_number_goal(CounterfactualProblem& problem) {
    if (request_.until == 0) {
      throw Error("E0112", "counterfactual", "a regression has no class to flip",
                  "say by how much the prediction is to move: --until 1000 or --until=-1000");
    }
    wanted_ = result_.score + request_.until;
    result_.goal = "a prediction of " + shown_number(wanted_) + (request_.until > 0 ? " or more" : " or less");
    double output = (wanted_ - impl_.unit.center) / impl_.unit.scale;
    if (impl_.file.network.loss.kind == Loss::poisson) {
      if (wanted_ <= 0) throw Error("E0112", "--until", "a count never falls to " + write_number(wanted_), "ask for a smaller change");
      output = std::log(output);
    }
    explain::Goal goal{std::vector<double>(impl_.file.network.outputs()), 0};
    goal.weights[0] = request_.until > 0 ? -1 : 1;
    goal.offset = request_.until > 0 ? output : -output;
    problem.goals.push_back(std::move(goal));
  }

  bool reached(const Answer& answer) const {
    if (impl_.unit.classification) return answer.text != result_.before;
    return request_.until > 0 ? answer.score >= wanted_ : answer.score <= wanted_;
  }

  /// The nearest rows of the table that the model answers as wanted.
  void set_seeds(CounterfactualProblem& problem) const {
    std::vector<std::pair<double, std::size_t>> order;
    for (std::size_t row = 0; row < numbers_.rows; ++row) {
      double squares = 0;
      for (std::size_t k = 0; k < numbers_.inputs; ++k) {
        const double d = static_cast<double>(numbers_.x[row * numbers_.inputs + k]) - problem.x[k];
        squares += d * d;
      }
      order.push_back({squares, row});
    }
    std::sort(order.begin(), order.end());
    for (const auto& [squares, row] : order) {
      if (problem.seeds.size() == kSeeds) return;
      const std::span<const float> x = row_inputs(row);
      if (reached(predicted_answer(model_, x))) problem.seeds.emplace_back(x.begin(), x.end());
    }
  }

  // ---- back to the table ----

  /// The point with round numbers where those do as well, run on the engine that predicts; not found when it does not change the answer.
  CounterfactualRow verified(const std::vector<double>& point) const {
    for (const double stretch : {1.0, 1.0005, 1.005, 1.02, 1.05}) {
      for (const int digits : {2, 3, 4, 5, 7, 10, 17}) {
        CounterfactualRow row = changed_row(point, stretch, digits);
        if (row.found && (digits > 3 || row.distance < 1.02 * distance_of(point))) return row;
      }
    }
    return {};
  }

  double distance_of(const std::vector<double>& point) const {
    double squares = 0;
    for (std::size_t k = 0; k < point.size(); ++k) squares += std::pow(point[k] - static_cast<double>(row_inputs(row_)[k]), 2);
    return std::sqrt(squares);
  }

  CounterfactualRow changed_row(const std::vector<double>& point, double stretch, int digits) const {
    const std::span<const float> before = row_inputs(row_);
    std::vector<float> x(before.begin(), before.end());
    CounterfactualRow row;
    double squares = 0;
    for (const NumberCell& cell : numbers_free_) {
      const double moved = point[cell.input] - static_cast<double>(before[cell.input]);
      if (moved == 0) continue;
      const double wanted = cell.value + stretch * cell.scale * moved;
      const double value = std::clamp(rounded(cell, wanted, digits), std::min(cell.low, cell.value), std::max(cell.high, cell.value));
      if (value == cell.value) continue;
      x[cell.input] = cell.in_features(value);
      const double distance = std::abs(value - cell.value) / cell.scale;
      squares += distance * distance;
      row.changes.push_back({cell.column, write_number(shown(cell, cell.value)), write_number(value), distance});
    }
    for (const ChoiceCell& choice : choices_) squares += switch_level(*choice.state, point, x, row);
    std::stable_sort(row.changes.begin(), row.changes.end(), [](const CellChange& a, const CellChange& b) { return a.distance > b.distance; });
    const Answer answer = predicted_answer(model_, x);
    row.found = reached(answer) && !row.changes.empty();
    row.answer = answer.text;
    row.score = answer.score;
    row.distance = std::sqrt(squares);
    return row;
  }

  /// The table's own number, not the one that passed through fp32.
  double shown(const NumberCell& cell, double value) const {
    for (const ColumnState& state : impl_.file.features.columns) {
      if (state.name != cell.column || state.first_input != cell.input) continue;
      const data::Column& column = finder_.get(state.name, state.position);
      if (column.type == data::ColumnType::numeric) return column.numbers[row_];
    }
    return static_cast<double>(static_cast<float>(value));
  }

  /// Away from the present value, to a whole number or to so many digits of the difference.
  static double rounded(const NumberCell& cell, double wanted, int digits) {
    if (digits >= 17) return wanted;
    const double difference = wanted - cell.value;
    double unit = std::pow(10.0, std::floor(std::log10(std::abs(difference))) + 1 - digits);
    if (cell.whole) unit = std::max(1.0, std::round(unit));
    const double result = unit * (difference > 0 ? std::ceil(wanted / unit - 1e-9) : std::floor(wanted / unit + 1e-9));
    char text[40];
    std::snprintf(text, sizeof text, "%.*f", std::clamp(static_cast<int>(-std::floor(std::log10(unit))), 0, 17), result);
    return std::strtod(text, nullptr);
  }

  /// Returns the square of the distance.
  double switch_level(const ColumnState& state, const std::vector<double>& point, std::vector<float>& x, CounterfactualRow& row) const {
    std::string from = "none", to = "none";
    double squares = 0;
    for (std::size_t i = 0; i < state.inputs; ++i) {
      const std::size_t k = state.first_input + i;
      const std::string level = i < state.levels.size() ? state.levels[i] : "other";
      if (x[k] > 0.5f) from = level;
      if (point[k] > 0.5) to = level;
      squares += std::pow(point[k] - static_cast<double>(x[k]), 2);
      x[k] = static_cast<float>(point[k]);
    }
    if (squares > 0) row.changes.push_back({state.name, from, to, std::sqrt(squares)});
    return squares;
  }

  Model& model_;
  const Model::Impl& impl_;
  const data::Table& table_;
  std::size_t row_;
  const NumberTable& numbers_;
  const ExplainRequest& request_;
  mutable features::ColumnFinder finder_;  // remembers columns it took out of a dense block
  std::vector<NumberCell> numbers_free_;
  std::vector<ChoiceCell> choices_;
  std::vector<std::string> fixed_;
  double wanted_ = 0;
  Counterfactual result_;
};

}  // namespace

Answer predicted_answer(Model& model, std::span<const float> x) {
  const Model::Impl& impl = model.impl();
  std::vector<float> outputs(impl.file.network.outputs());
  model.predict_inputs(x, outputs);
  if (!impl.unit.classification) {
    const double value = training::target_predictions(impl.file.network, impl.unit, outputs, 1)[0];
    char text[kLongestNumber];
    return {std::string(text, write_number_to(text, value, training::resolution(impl.unit))), value};
  }
  const std::vector<float> p = training::class_scores(impl.file.network, outputs, 1, impl.unit.classes.size());
  const std::size_t best = training::largest(p);
  return {impl.unit.classes[best], static_cast<double>(p[best])};
}

Counterfactual find_counterfactual(Model& model, const data::Table& table, std::size_t row, const NumberTable& numbers,
                                   const ExplainRequest& request) {
  return Finder(model, table, row, numbers, request).run();
}

}  // namespace chainrule::api
