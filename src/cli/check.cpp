// `chainrule check`: gradients and set-up of a model, of a network to be trained, or of the engine.
#include <algorithm>
#include <ostream>

#include "chainrule/error.h"
#include "chainrule/explain.h"
#include "commands.h"
#include "json.h"
#include "layout.h"

namespace chainrule::cli {
namespace {

/// A model brings its own settings: only how to read and run may be said beside it.
void check_only_reading(const Arguments& arguments) {
  for (const Given& given : arguments.given) {
    const Flag* flag = arguments.command->find(given.flag);
    const bool fits = !flag->setting || flag->group == "Reading" || flag->name == "threads" || flag->name == "engine";
    if (fits || given.origin == Origin::environment) continue;
    throw Error("E0105", given.where, "a trained model has its own settings", "leave --" + given.flag + " out, or give only DATA --target COL");
  }
}

CheckReport report_for(const Arguments& arguments, Console& console) {
  const std::vector<std::string>& files = arguments.positionals;
  if (files.size() == 2) {
    check_only_reading(arguments);
    Model model = Model::load(files[0], plan_options_of(arguments));
    return check(model, read_data(files[1], arguments, console));
  }
  const TrainSettings settings = train_settings_of(arguments);
  if (files.empty()) return check();
  if (settings.target.empty() && !Table::has_test_part(files[0])) {
    throw Error("E0105", "", "`check` with one argument needs --target",
                "write chainrule check DATA --target COL, or chainrule check MODEL DATA");
  }
  check_stdin(files[0], console);
  return check(files[0], settings);
}

void print_report(const CheckReport& report, Console& console) {
  std::size_t width = 0;
  for (const CheckItem& item : report.checks) width = std::max(width, shown_width(item.title));
  for (const CheckItem& item : report.checks) {
    console.out << "  " << (item.passed ? console.out_style.green("pass") : console.out_style.red("FAIL")) << "  " << item.title;
    if (item.limit != 0 || item.value != 0) {
      console.out << std::string(width - shown_width(item.title), ' ') << "  " << number_text(item.value, 3) << " (limit "
                  << number_text(item.limit, 3) << ")";
    }
    console.out << '\n';
    if (item.detail.empty()) continue;
    for (const std::string& line : wrapped(printable(item.detail), static_cast<std::size_t>(console.width) - 8)) {
      console.out << "        " << console.out_style.dim(line) << '\n';
    }
  }
  const std::size_t failed = static_cast<std::size_t>(
      std::count_if(report.checks.begin(), report.checks.end(), [](const CheckItem& item) { return !item.passed; }));
  console.out << '\n' << plural(report.checks.size(), "check") << ", "
              << (failed == 0 ? console.out_style.green("all passed") : console.out_style.red(count_text(failed) + " failed")) << '\n';
}

}  // namespace

int run_check(const Arguments& arguments, Console& console) {
  const CheckReport report = report_for(arguments, console);
  if (arguments.on("json")) console.out << check_json(report) << '\n';
  else print_report(report, console);
  return report.passed ? 0 : static_cast<int>(ErrorKind::check_failed);
}

}  // namespace chainrule::cli
