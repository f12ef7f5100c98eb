// `chainrule evaluate MODEL DATA`: metrics on labelled rows.
#include <ostream>

#include "chainrule/model.h"
#include "commands.h"
#include "json.h"
#include "metrics_text.h"
#include "patience_line.h"

namespace chainrule::cli {

Model load_model(const Arguments& arguments, const PlanOptions& options, Console& console) {
  Model model = Model::load(arguments.positionals[0], options);
  for (const std::string& note : model.notes()) console.err << console.err_style.yellow("warning: ") << printable(note) << '\n';
  return model;
}

Table read_labelled(const Model& model, const Arguments& arguments, Console& console) {
  constexpr std::string_view kMark = "warning: ";
  const std::string& path = arguments.positionals[1];
  check_stdin(path, console);
  Table table = patiently(arguments, console, [&] { return model.read(path, read_options_of(arguments)); });
  for (const std::string& note : table.notes()) {
    if (note.starts_with(kMark)) console.err << console.err_style.yellow(std::string(kMark)) << printable(note.substr(kMark.size())) << '\n';
  }
  return table;
}

namespace {

/// Scores of rows that a model has seen say little of rows that it has not.
void tell_trained_on(const Evaluation& evaluation, const std::string& data, Console& console) {
  std::string text = "warning: the model was trained on " + data + ": the rows it was fitted to flatter it";
  for (const auto& [name, metrics] : evaluation.parts) {
    if (name != "training") text += (text.ends_with("it") ? "; judge it by the " : " and ") + name;
  }
  print_notes(console, {text + (text.ends_with("it") ? "; judge it by rows of another file" : " rows")});
  console.out << '\n';
}

}  // namespace

int run_evaluate(const Arguments& arguments, Console& console) {
  Model model = load_model(arguments, plan_options_of(arguments), console);
  check_stdin(arguments.positionals[1], console);
  const std::string& data = arguments.positionals[1];
  const Evaluation evaluation = patiently(arguments, console, [&] { return model.evaluate_file(data, read_options_of(arguments)); });
  for (const std::string& warning : evaluation.warnings) console.err << console.err_style.yellow("warning: ") << printable(warning) << '\n';
  if (arguments.on("json")) {
    console.out << evaluation_json(evaluation) << '\n';
    return 0;
  }
  if (evaluation.trained_on) tell_trained_on(evaluation, data, console);
  std::vector<std::pair<std::string, const Metrics*>> sets;
  for (const auto& [name, metrics] : evaluation.parts) sets.push_back({name, &metrics});
  sets.push_back({sets.empty() ? printable(data) : "all rows", &evaluation.all});
  print_metrics(console, sets);
  print_confusion(console, evaluation.all);
  return 0;
}

}  // namespace chainrule::cli
