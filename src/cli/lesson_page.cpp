// The lesson on the terminal: the list of statements and one statement's run.
#include "lesson_page.h"

#include <algorithm>
#include <ostream>

#include "fitted_table.h"
#include "layout.h"
#include "terminal_plot.h"

namespace chainrule::cli {
namespace {

std::string id_text(int id) { return "L" + std::to_string(id); }

void print_wrapped(Console& console, std::string_view text, std::size_t indent) {
  const std::size_t room = std::max<std::size_t>(20, static_cast<std::size_t>(console.width) - indent);
  for (const std::string& line : wrapped(text, room)) console.out << std::string(indent, ' ') << line << '\n';
}

/// `lead` in front of the first line, the others under its text.
void print_hanging(Console& console, const std::string& lead, std::string_view text) {
  const std::size_t indent = shown_width(lead), room = std::max<std::size_t>(20, static_cast<std::size_t>(console.width) - indent);
  std::string start = lead;
  for (const std::string& line : wrapped(text, room)) {
    console.out << start << line << '\n';
    start = std::string(indent, ' ');
  }
}

std::vector<std::string> printable_cells(const std::vector<std::string>& cells) {
  std::vector<std::string> result;
  for (const std::string& cell : cells) result.push_back(printable(cell));
  return result;
}

void print_table(const LessonTable& table, Console& console) {
  console.out << '\n';
  for (const std::string& line : wrapped(printable(table.title), static_cast<std::size_t>(console.width))) {
    console.out << console.out_style.bold(line) << '\n';
  }
  std::vector<std::vector<std::string>> rows;
  for (const std::vector<std::string>& row : table.rows) rows.push_back(printable_cells(row));
  print_fitted_table(printable_cells(table.columns), rows, console);
}

void print_numbers(const LessonOutcome& outcome, Console& console) {
  if (outcome.numbers.empty()) return;
  print_heading(console, "Numbers");
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const LessonNumber& n : outcome.numbers) pairs.emplace_back(n.name, number_text(n.value, 6));
  print_pairs(console, pairs);
}

std::string verdict_word(bool held, const Style& style) { return held ? style.green("held") : style.red("did not hold"); }

}  // namespace

void print_lesson(std::span<const LessonStatement> statements, Console& console) {
  print_wrapped(console, "The lesson: " + plural(statements.size(), "statement") + ", each an experiment on the engine with a measured outcome.", 0);
  for (int g = 0; g <= static_cast<int>(LessonGroup::dropout); ++g) {
    const LessonGroup group = static_cast<LessonGroup>(g);
    print_heading(console, name_of(group));
    for (const LessonStatement& statement : statements) {
      const std::string id = id_text(statement.id);
      if (statement.group == group) print_hanging(console, "  " + console.out_style.cyan(id) + std::string(5 - id.size(), ' '), statement.statement);
    }
  }
  console.out << '\n'
              << "Run one:      chainrule learn L24\n"
              << "Be asked:     chainrule learn L24 --quiz\n"
              << "Prove all:    chainrule learn check --seeds 20\n"
              << "On your data: chainrule learn L37 --data houses.csv --target price\n";
}

void print_outcome(const LessonStatement& statement, const LessonOutcome& outcome, Console& console) {
  const Style& style = console.out_style;
  console.out << style.cyan(id_text(statement.id)) << style.dim("  " + std::string(name_of(statement.group))) << '\n';
  for (const std::string& line : wrapped(statement.statement, static_cast<std::size_t>(console.width))) console.out << style.bold(line) << '\n';
  if (!outcome.formula.empty()) console.out << '\n';
  for (const std::string& line : outcome.formula) print_wrapped(console, printable(line), 2);
  for (const LessonPlot& plot : outcome.plots) {
    console.out << '\n';
    for (const std::string& line : plot_lines(plot, static_cast<std::size_t>(console.width), console.unicode, style)) console.out << line << '\n';
  }
  for (const LessonTable& table : outcome.tables) print_table(table, console);
  print_numbers(outcome, console);
  console.out << '\n';
  print_hanging(console, verdict_word(outcome.held, style) + "  ", printable(outcome.verdict));
}

void print_check(std::span<const LessonResult> results, std::size_t seeds, double seconds, Console& console) {
  const Style& style = console.out_style;
  std::size_t failed = 0;
  for (std::size_t first = 0; first < results.size(); first += seeds) {
    const std::span<const LessonResult> runs = results.subspan(first, seeds);
    const auto held = static_cast<std::size_t>(std::count_if(runs.begin(), runs.end(), [](const LessonResult& r) { return r.held; }));
    const std::string id = id_text(runs[0].id);
    failed += held < seeds;
    const std::string share = seeds == 1 ? "" : " " + std::to_string(held) + "/" + std::to_string(seeds);
    const std::string word = held == seeds ? style.green("held") : style.red("FAIL");
    const std::string lead = word + share + "  " + std::string(4 - std::min<std::size_t>(4, id.size()), ' ') + id + "  ";
    console.out << lead
                << cut(lesson_statement(id).statement, static_cast<std::size_t>(console.width) - shown_width(lead)) << '\n';
    for (const LessonResult& run : runs) {
      if (!run.held) print_hanging(console, "      seed " + std::to_string(run.seed) + ": ", printable(run.verdict));
    }
  }
  const std::size_t all = results.size() / seeds;
  console.out << '\n' << all - failed << " of " << plural(all, "statement") << " held with " << plural(seeds, "seed") << ", "
              << duration_text(seconds) << '\n';
}

}  // namespace chainrule::cli
