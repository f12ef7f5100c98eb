// `chainrule check`: gradients and set-up of a model, of a network to be trained, or of the engine.
#include <algorithm>
#include <ostream>

#include "chainrule/error.h"
#include "chainrule/explain.h"
#include "commands.h"
#include "json.h"
#include "layout.h"
#include "patience_line.h"

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
    Model model = load_model(arguments, plan_options_of(arguments), console);
    const Table table = read_labelled(model, arguments, console);
    return patiently(arguments, console, [&] { return check(model, table); });
  }
  const TrainSettings settings = train_settings_of(arguments);
  if (files.empty()) return patiently(arguments, console, [] { return check(); });
  if (settings.target.empty() && !Table::has_test_part(files[0])) {
    throw Error("E0105", "", "`check` with one argument needs --target",
                "write chainrule check DATA --target COL, or chainrule check MODEL DATA");
  }
  check_stdin(files[0], console);
  return patiently(arguments, console, [&] { return check(files[0], settings); });
}

constexpr std::size_t kIndent = 8;  // two blanks, the verdict, two blanks

std::string verdict(const CheckItem& item, const Style& style) {
  if (item.severity == "failed") return style.red("FAIL");
  return item.severity == "warning" ? style.yellow("warn") : style.green("pass");
}

std::string measured(const CheckItem& item) {
  if (item.limit == 0 && item.value == 0) return item.detail;
  return number_text(item.value, 3) + (item.at_least ? " (at least " : " (limit ") + number_text(item.limit, 3) + "): " + item.detail;
}

void print_item(const CheckItem& item, std::size_t id_width, Console& console) {
  const Style& style = console.out_style;
  const std::size_t left = kIndent + id_width + 2;
  const std::size_t width = std::max<std::size_t>(20, static_cast<std::size_t>(console.width) - left);
  const bool bad = item.severity != "passed";
  std::string head = "  " + verdict(item, style) + "  " + (bad ? style.bold(item.id) : item.id) + std::string(left - kIndent - item.id.size(), ' ');
  for (const std::string& line : wrapped(item.title, width)) {
    console.out << head << line << '\n';
    head.assign(left, ' ');
  }
  for (const std::string& line : wrapped(printable(measured(item)), width)) {
    console.out << std::string(left, ' ') << (bad ? line : style.dim(line)) << '\n';
  }
  if (!bad) return;
  for (const std::string& line : wrapped(item.meaning, width)) console.out << std::string(left, ' ') << style.dim(line) << '\n';
  for (const std::string& line : wrapped(item.advice, width)) console.out << std::string(left, ' ') << style.cyan(line) << '\n';
}

void print_report(const CheckReport& report, Console& console) {
  std::size_t width = 0, failed = 0, warnings = 0;
  for (const CheckItem& item : report.checks) {
    width = std::max(width, item.id.size());
    failed += item.severity == "failed";
    warnings += item.severity == "warning";
  }
  for (const CheckItem& item : report.checks) print_item(item, width, console);
  console.out << '\n' << plural(report.checks.size(), "check") << ", ";
  if (failed == 0 && warnings == 0) console.out << console.out_style.green("all passed");
  if (failed > 0) console.out << console.out_style.red(count_text(failed) + " failed");
  if (failed > 0 && warnings > 0) console.out << ", ";
  if (warnings > 0) console.out << console.out_style.yellow(plural(warnings, "warning"));
  console.out << '\n';
}

}  // namespace

int run_check(const Arguments& arguments, Console& console) {
  const CheckReport report = report_for(arguments, console);
  if (arguments.on("json")) console.out << check_json(report) << '\n';
  else print_report(report, console);
  return report.passed ? 0 : static_cast<int>(ErrorKind::check_failed);
}

}  // namespace chainrule::cli
