// Lays out metrics, confusion matrices and lists of notes.
#include "metrics_text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ostream>

#include "layout.h"

namespace chainrule::cli {
namespace {

constexpr std::size_t kNameColumns = 16;
constexpr std::size_t kMistakes = 8;

std::string share_text(double value) {
  if (!std::isfinite(value)) return "-";
  if (std::fabs(value) >= 1e6) return measure_text(value);
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.4f", value);
  return buffer;
}

std::size_t matrix_width(const Metrics& metrics) {
  std::size_t names = 0, cells = 0;
  for (std::size_t i = 0; i < metrics.confusion.size(); ++i) {
    const std::size_t name = shown_width(cut(printable(metrics.classes[i]), kNameColumns));
    std::size_t widest = name;
    for (const auto& row : metrics.confusion) widest = std::max(widest, count_text(row[i]).size());
    names = std::max(names, name);
    cells += widest + 2;
  }
  return 2 + names + cells;
}

void print_matrix(Console& console, const Metrics& metrics) {
  std::vector<std::string> header = {""};
  for (const std::string& name : metrics.classes) header.push_back(">" + cut(printable(name), kNameColumns));
  TextTable table(header);
  for (std::size_t truth = 0; truth < metrics.confusion.size(); ++truth) {
    std::vector<std::string> cells = {cut(printable(metrics.classes[truth]), kNameColumns)};
    for (std::size_t guess = 0; guess < metrics.confusion[truth].size(); ++guess) {
      const std::size_t count = metrics.confusion[truth][guess];
      const std::string text = count == 0 ? "." : count_text(count);
      cells.push_back(truth == guess ? console.out_style.bold(text) : text);
    }
    table.add(cells);
  }
  print_heading(console, "Confusion (a row is the truth, a column the prediction)");
  table.print(console);
}

// All cells off the diagonal that are not 0.
std::vector<ConfusionCount> mistakes_of(const Metrics& metrics) {
  std::vector<ConfusionCount> mistakes;
  for (const ConfusionCount& cell : metrics.confusion_counts) {
    if (cell.truth != cell.predicted) mistakes.push_back(cell);
  }
  for (std::size_t truth = 0; truth < metrics.confusion.size(); ++truth) {
    for (std::size_t guess = 0; guess < metrics.confusion[truth].size(); ++guess) {
      if (truth != guess && metrics.confusion[truth][guess] > 0) mistakes.push_back({truth, guess, metrics.confusion[truth][guess]});
    }
  }
  return mistakes;
}

void print_mistakes(Console& console, const Metrics& metrics) {
  std::vector<ConfusionCount> mistakes = mistakes_of(metrics);
  std::stable_sort(mistakes.begin(), mistakes.end(), [](const auto& a, const auto& b) { return a.rows > b.rows; });
  if (mistakes.empty()) return;
  TextTable table({">rows", "truth", "predicted"});
  for (std::size_t i = 0; i < std::min(kMistakes, mistakes.size()); ++i) {
    const ConfusionCount& cell = mistakes[i];
    table.add({count_text(cell.rows), printable(metrics.classes[cell.truth]), printable(metrics.classes[cell.predicted])});
  }
  print_heading(console, metrics.confusion.empty() ? "Most frequent mistakes (--json has all, as confusion_counts)"
                                                   : "Most frequent mistakes (--json has the whole confusion matrix)");
  table.print(console);
}

}  // namespace

void print_metrics(Console& console, const std::vector<std::pair<std::string, const Metrics*>>& sets) {
  if (sets.empty()) return;
  const bool classes = sets.front().second->classification;
  const bool one_loss = std::all_of(sets.begin(), sets.end(), [](const auto& set) { return measure_text(set.second->loss) == measure_text(set.second->log_loss); });
  TextTable table(classes ? std::vector<std::string>{"", ">rows", one_loss ? ">log loss" : ">loss", ">accuracy", ">auc", one_loss ? "" : ">log loss"}
                          : std::vector<std::string>{"", ">rows", ">loss", ">rmse", ">mae", ">r2"});
  for (const auto& [name, m] : sets) {
    if (classes) table.add({name, count_text(m->rows), measure_text(m->loss), share_text(m->accuracy), share_text(m->auc), one_loss ? "" : measure_text(m->log_loss)});
    else table.add({name, count_text(m->rows), measure_text(m->loss), measure_text(m->rmse), measure_text(m->mae), share_text(m->r2)});
  }
  table.print(console);
  for (const auto& [name, m] : sets) {
    if (!classes || m->rows == 0 || m->auc_classes == m->classes.size()) continue;
    const std::string count = std::to_string(m->auc_classes) + " of " + std::to_string(m->classes.size()) + " classes";
    print_notes(console, {name + ": auc " + (m->auc_classes == 0 ? "is not defined: rows of one class alone" : "over " + count + ", those that occur")});
  }
}

void print_confusion(Console& console, const Metrics& metrics) {
  if (!metrics.classification || metrics.classes.size() < 2) return;
  const bool fits = !metrics.confusion.empty() && matrix_width(metrics) <= static_cast<std::size_t>(console.width);
  if (fits) print_matrix(console, metrics);
  else print_mistakes(console, metrics);
}

void print_notes(Console& console, const std::vector<std::string>& notes) {
  for (const std::string& note : notes) {
    const bool warning = note.starts_with("warning: ");
    std::string lead = warning ? "  ! " : console.unicode ? "  · " : "  - ";
    for (const std::string& line : wrapped(printable(note), static_cast<std::size_t>(console.width) - 4)) {
      console.out << (warning ? console.out_style.yellow(lead + line) : console.out_style.dim(lead + line)) << '\n';
      lead = "    ";
    }
  }
}

}  // namespace chainrule::cli
