// What `race` and `dropout` share: words of a list, the progress of many runs, notes and verdicts as text.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "arguments.h"
#include "chainrule/laboratory.h"
#include "console.h"
#include "files/file_writer.h"

namespace chainrule::cli {

/// Comma-separated words; blanks around them are dropped. Throws Error E0102 for an empty word.
std::vector<std::string> listed(const Arguments& arguments, const std::string& flag);
/// The same as finite numbers.
std::vector<double> listed_numbers(const Arguments& arguments, const std::string& flag);

/// One line on stderr while many runs are made; cleared when destroyed. Must outlive watch()'s use.
class RunsProgress {
 public:
  RunsProgress(const Arguments& arguments, Console& console);
  ~RunsProgress();
  LaboratoryWatch watch();

 private:
  void show(const std::string& stage, std::size_t done, std::size_t total);

  Console& console_;
  bool shown_, visible_ = false;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now(), drawn_{};
};

/// "[0.12, 0.15]"
std::string interval_text(const Estimate& estimate);
/// Half the width of the interval, and the heading of a column of such: "+-95 %".
std::string spread_text(const Estimate& estimate);
std::string spread_header(const Console& console);
/// "0.02", "<0.001"
std::string p_value_text(double p);
/// A text wrapped to the console with an indent.
void print_paragraph(Console& console, const std::string& text, bool bold = false);
void print_laboratory_notes(Console& console, const std::vector<std::string>& notes);
/// The file asked for with --svg, whole or not at all. It is opened before the runs, so that a wrong path costs no work.
class Picture {
 public:
  explicit Picture(const Arguments& arguments);
  explicit operator bool() const { return file_.has_value(); }
  /// After the results have been printed.
  void write(const std::string& svg, Console& console, bool say_so);

 private:
  std::string path_;
  std::optional<FileWriter> file_;
};

}  // namespace chainrule::cli
