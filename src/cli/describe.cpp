// `chainrule describe DATA`: what the columns of a table are.

#include <ostream>

#include "chainrule/error.h"
#include "chainrule/table.h"
#include "commands.h"
#include "fitted_table.h"
#include "json.h"
#include "layout.h"
#include "metrics_text.h"
#include "patience_line.h"

namespace chainrule::cli {
namespace {

constexpr std::size_t kColumnsShown = 40;  // a wider table is shortened to these:
constexpr std::size_t kFirstColumns = 12, kLastColumns = 4;
constexpr std::size_t kNameColumns = 24, kRangeColumns = 100;

/// Seconds since 1970 as YYYY-MM-DD; the calendar of Howard Hinnant's "chrono-compatible low-level date algorithms".
std::string day_text(double seconds) {
  const long long days = static_cast<long long>(seconds >= 0 ? seconds / 86400 : (seconds - 86399) / 86400);
  const long long z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
  const long long day_of_era = z - era * 146097;
  const long long year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const long long day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const long long shifted = (5 * day_of_year + 2) / 153, month = shifted < 10 ? shifted + 3 : shifted - 9;
  const long long day = day_of_year - (153 * shifted + 2) / 5 + 1, year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  const auto two = [](long long n) { return std::string(n < 10 ? "0" : "") + std::to_string(n); };
  return std::to_string(year) + "-" + two(month) + "-" + two(day);
}

std::string range_text(const ColumnInfo& column) {
  if (column.type == "numeric" && column.distinct > 0) {
    return number_text(column.minimum) + " to " + number_text(column.maximum) + ", mean " + number_text(column.mean);
  }
  if (column.type == "date" && column.distinct > 0) return day_text(column.minimum) + " to " + day_text(column.maximum);
  std::string text;
  for (const auto& [value, count] : column.top) text += (text.empty() ? "" : ", ") + printable(value) + " (" + count_text(count) + ")";
  return text;
}

/// Which columns to show: all, or the first and the last of a wide table (labels often stand last).
std::vector<std::size_t> columns_to_show(std::size_t count, bool all) {
  std::vector<std::size_t> shown;
  for (std::size_t i = 0; i < count; ++i) {
    if (all || count <= kColumnsShown || i < kFirstColumns || i + kLastColumns >= count) shown.push_back(i);
  }
  return shown;
}

void print_columns(const Description& description, bool all, Console& console) {
  std::vector<std::vector<std::string>> rows;
  const std::vector<std::size_t> shown = columns_to_show(description.columns.size(), all);
  for (const std::size_t i : shown) {
    const ColumnInfo& column = description.columns[i];
    rows.push_back({std::to_string(i), cut(printable(column.name), kNameColumns), column.type,
               column.missing == 0 ? "." : count_text(column.missing), count_text(column.distinct),
                    cut(range_text(column), kRangeColumns)});
  }
  console.out << '\n';
  print_fitted_table({"#", "column", "type", "missing", "distinct", "range, or most frequent values"}, rows, console);
  if (shown.size() < description.columns.size()) {
    console.out << "  (" << count_text(description.columns.size() - shown.size()) << " columns between them; --all shows every one)\n";
  }
}

void print_suggestion(const Description& description, const std::string& data, Console& console) {
  if (description.suggested_target.empty()) return;
  const std::string target = printable(description.suggested_target);
  std::string text = "Likely target: " + target + (description.suggested_task.empty() ? "" : " (" + description.suggested_task + ")");
  if (!description.why.empty()) text += ": " + printable(description.why);
  console.out << '\n';
  for (const std::string& line : wrapped(text, static_cast<std::size_t>(console.width))) console.out << line << '\n';
  console.out << console.out_style.cyan("  chainrule train " + shell_path(data) + " --target " + shell_word(description.suggested_target)) << "\n";
}

}  // namespace

void check_stdin(const std::string& path, Console& console) {
  if (path != "-") return;
  if (console.stdin_closed) {
    throw Error("E0401", "standard input", "it is closed, so there is nothing to read", "pipe the table in: chainrule COMMAND - < table.csv");
  }
  if (console.in_terminal) console.err << "reading the table from the terminal; Ctrl-D ends it\n";
}

Table read_data(const std::string& path, const Arguments& arguments, Console& console) {
  check_stdin(path, console);
  return Table::read(path, read_options_of(arguments));
}

int run_describe(const Arguments& arguments, Console& console) {
  const std::string& data = arguments.positionals[0];
  const Description description = patiently(arguments, console, [&] { return describe(read_data(data, arguments, console)); });
  if (arguments.on("json")) {
    write_description(description, console.out);
    console.out << '\n';
    return 0;
  }
  console.out << console.out_style.bold(printable(data)) << ": " << plural(description.rows, "row") << ", "
              << plural(description.columns.size(), "column");
  if (description.duplicate_rows > 0) console.out << ", " << plural(description.duplicate_rows, "duplicate row");
  console.out << '\n';
  print_notes(console, description.notes);
  print_columns(description, arguments.on("all"), console);
  print_suggestion(description, data, console);
  return 0;
}

}  // namespace chainrule::cli
