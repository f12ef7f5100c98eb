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

Table read_labelled(const Model& model, const std::string& path, const Arguments& arguments, Console& console) {
  constexpr std::string_view kWarning = "warning: ";
  Table table = model.read(path, read_options_of(arguments));
  for (const std::string& note : table.notes()) {
    if (note.starts_with(kWarning)) console.err << console.err_style.yellow(kWarning) << printable(note.substr(kWarning.size())) << '\n';
  }
  return table;
}

int run_evaluate(const Arguments& arguments, Console& console) {
  Model model = load_model(arguments, plan_options_of(arguments), console);
  check_stdin(arguments.positionals[1], console);
  const Metrics metrics = patiently(arguments, console, [&] {
    return model.evaluate(read_labelled(model, arguments.positionals[1], arguments, console));
  });
  if (arguments.on("json")) {
    console.out << metrics_json(metrics) << '\n';
    return 0;
  }
  print_metrics(console, {{printable(arguments.positionals[1]), &metrics}});
  print_confusion(console, metrics);
  return 0;
}

}  // namespace chainrule::cli
