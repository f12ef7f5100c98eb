// `chainrule train --dry-run`: every setting, its value and where it came from.
#include <ostream>

#include "chainrule/train.h"
#include "commands.h"
#include "json.h"
#include "layout.h"
#include "metrics_text.h"

namespace chainrule::cli {
namespace {

std::string origin_text(Origin origin) {
  switch (origin) {
    case Origin::flag: return "flag";
    case Origin::environment: return "environment";
    case Origin::config: return "config";
  }
  return "";
}

/// Beside a spec file the defaults of what it holds mean nothing.
SettingOrigin origin_without_flag(const Flag& flag, const TrainSettings& settings) {
  const bool by_spec = !settings.spec_file.empty() && (is_held_by_spec(flag.name) || flag.name == "seed");
  if (by_spec) return {flag.name, flag.group, "", "spec", settings.spec_file};
  return {flag.name, flag.group, get_train_setting(settings, flag.name), "default", ""};
}

std::vector<SettingOrigin> origins(const Arguments& arguments, const TrainSettings& settings) {
  std::vector<SettingOrigin> rows;
  for (const Flag& flag : arguments.command->flags) {
    if (!flag.setting) continue;
    const Given* given = arguments.find(flag.name);
    rows.push_back(given ? SettingOrigin{flag.name, flag.group, get_train_setting(settings, flag.name), origin_text(given->origin), given->where}
                         : origin_without_flag(flag, settings));
  }
  return rows;
}

void print_settings(const std::vector<SettingOrigin>& rows, Console& console) {
  TextTable table({"setting", "value", "from"});
  for (const SettingOrigin& row : rows) {
    const std::string value = row.source == "spec" ? "as there" : row.value.empty() ? "-" : cut(printable(row.value), 28);
    const bool given = row.source != "default";
    table.add({row.key, given ? console.out_style.bold(value) : value, given ? row.where : console.out_style.dim("default")});
  }
  table.print(console);
}

TrainPreview preview_of(const Arguments& arguments, const TrainSettings& settings, Console& console) {
  if (arguments.positionals.empty()) return {};
  check_stdin(arguments.positionals[0], console);
  return preview_training(arguments.positionals[0], settings);
}

void print_preview(const TrainPreview& preview, Console& console) {
  print_heading(console, "Decided from the data");
  print_notes(console, preview.decisions);
  std::vector<std::string> plan = {plural(preview.parameters, "parameter") + "; " + preview.plan.engine + " engine, " +
                                   preview.plan.instruction_set + ", " + plural(static_cast<std::uint64_t>(preview.plan.threads), "thread")};
  plan.insert(plan.end(), preview.plan.notes.begin(), preview.plan.notes.end());
  print_notes(console, plan);
}

}  // namespace

int run_dry_run(const Arguments& arguments, Console& console) {
  const TrainSettings settings = train_settings_of(arguments);
  const std::vector<SettingOrigin> rows = origins(arguments, settings);
  const TrainPreview preview = preview_of(arguments, settings, console);
  if (arguments.on("json")) {
    console.out << dry_run_json(rows, arguments.positionals.empty() ? "" : arguments.positionals[0], preview) << '\n';
    return 0;
  }
  print_settings(rows, console);
  if (!arguments.positionals.empty()) print_preview(preview, console);
  console.out << "\nNothing was trained.\n";
  return 0;
}

}  // namespace chainrule::cli
