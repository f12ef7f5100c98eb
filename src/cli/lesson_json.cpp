// The JSON objects of `learn --json`.
#include "lesson_json.h"

#include <algorithm>

#include "report/json.h"

namespace chainrule::cli {
namespace {

using report::Json;

std::string statement_id(int id) { return "L" + std::to_string(id); }

Json numbers_json(const std::vector<LessonNumber>& numbers) {
  Json json = Json::object();
  for (const LessonNumber& n : numbers) json[n.name] = n.value;
  return json;
}

Json table_json(const LessonTable& table) { return {{"title", table.title}, {"columns", table.columns}, {"rows", table.rows}}; }

Json plot_json(const LessonPlot& plot) {
  Json json = {{"title", plot.title}, {"x", plot.x_label}, {"y", plot.y_label}, {"logarithmic_y", plot.logarithmic_y}, {"curves", Json::array()}};
  for (const LessonPlot::Curve& curve : plot.curves) {
    json["curves"].push_back({{"name", curve.name}, {"x", curve.x}, {"y", curve.y}});
  }
  return json;
}

Json card(const LessonStatement& s) {
  Json json = {{"id", statement_id(s.id)},   {"group", name_of(s.group)}, {"statement", s.statement},
               {"question", s.question}, {"answer", s.answer},       {"wrong", Json::array()}};
  for (const WrongAnswer& wrong : s.wrong) json["wrong"].push_back({{"answer", wrong.answer}, {"why", wrong.why}});
  json["takes_own_data"] = s.takes_own;
  return json;
}

/// What all seeds of one statement came to.
Json checked(std::span<const LessonResult> runs) {
  const auto failed = std::find_if(runs.begin(), runs.end(), [](const LessonResult& r) { return !r.held; });
  const LessonResult& shown = failed == runs.end() ? runs.front() : *failed;
  Json json = {{"id", statement_id(shown.id)}, {"held", failed == runs.end()}};
  json["held_seeds"] = std::count_if(runs.begin(), runs.end(), [](const LessonResult& r) { return r.held; });
  json["verdict"] = shown.verdict;
  json["numbers"] = numbers_json(shown.numbers);
  json["failures"] = Json::array();
  for (const LessonResult& run : runs) {
    if (!run.held) json["failures"].push_back({{"seed", run.seed}, {"verdict", run.verdict}});
  }
  return json;
}

}  // namespace

std::string lesson_list_json(std::span<const LessonStatement> statements) {
  Json json = {{"statements", Json::array()}};
  for (const LessonStatement& statement : statements) json["statements"].push_back(card(statement));
  return json.dump();
}

std::string lesson_outcome_json(const LessonStatement& statement, std::uint64_t seed, const LessonOutcome& outcome) {
  Json json = card(statement);
  json["seed"] = seed;
  json["held"] = outcome.held;
  json["verdict"] = outcome.verdict;
  json["formula"] = outcome.formula;
  json["numbers"] = numbers_json(outcome.numbers);
  json["tables"] = Json::array();
  for (const LessonTable& table : outcome.tables) json["tables"].push_back(table_json(table));
  json["plots"] = Json::array();
  for (const LessonPlot& plot : outcome.plots) json["plots"].push_back(plot_json(plot));
  return json.dump();
}

std::string lesson_check_json(std::span<const LessonResult> results, std::size_t seeds) {
  Json json = {{"held", std::all_of(results.begin(), results.end(), [](const LessonResult& r) { return r.held; })},
               {"seeds", seeds},
               {"statements", Json::array()}};
  for (std::size_t first = 0; first < results.size(); first += seeds) json["statements"].push_back(checked(results.subspan(first, seeds)));
  return json.dump();
}

}  // namespace chainrule::cli
