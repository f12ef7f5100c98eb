// Shared text of the laboratory's commands.
#include "laboratory_text.h"

#include <cmath>
#include <ostream>
#include <sstream>

#include "chainrule/error.h"
#include "layout.h"
#include "stop_signal.h"

namespace chainrule::cli {
namespace {

constexpr std::chrono::milliseconds kRedrawRuns(100);

std::string trimmed(const std::string& word) {
  const std::size_t begin = word.find_first_not_of(" \t"), end = word.find_last_not_of(" \t");
  return begin == std::string::npos ? "" : word.substr(begin, end - begin + 1);
}

}  // namespace

std::vector<std::string> listed(const Arguments& arguments, const std::string& flag) {
  std::vector<std::string> words;
  const Given* given = arguments.find(flag);
  if (!given) return words;
  std::istringstream stream(given->text + ",");
  for (std::string word; std::getline(stream, word, ',');) {
    words.push_back(trimmed(word));
    if (words.back().empty())
      throw Error("E0102", given->where, "\"" + given->text + "\" has an empty place in its list", "separate the words with single commas");
  }
  return words;
}

std::vector<double> listed_numbers(const Arguments& arguments, const std::string& flag) {
  std::vector<double> numbers;
  for (const std::string& word : listed(arguments, flag)) {
    std::istringstream stream(word);
    stream.imbue(std::locale::classic());
    double value = 0;
    if (!(stream >> value) || !stream.eof() || !std::isfinite(value)) {
      throw Error("E0102", arguments.find(flag)->where, "\"" + word + "\" is not a number",
                  "write numbers with commas between, for example 0.1,0.5");
    }
    numbers.push_back(value);
  }
  return numbers;
}

RunsProgress::RunsProgress(const Arguments& arguments, Console& console) : console_(console) {
  const std::string when = arguments.text("progress", "auto");
  shown_ = when == "always" || (when == "auto" && console.err_terminal);
}

RunsProgress::~RunsProgress() {
  if (visible_) console_.err << "\r\033[K" << std::flush;
}

LaboratoryWatch RunsProgress::watch() {
  LaboratoryWatch watch;
  watch.stop = &watch_stop_signals();
  if (shown_) watch.on_progress = [this](const std::string& stage, std::size_t done, std::size_t total) { show(stage, done, total); };
  return watch;
}

void RunsProgress::show(const std::string& stage, std::size_t done, std::size_t total) {
  const auto now = std::chrono::steady_clock::now();
  if (visible_ && now - drawn_ < kRedrawRuns) return;
  drawn_ = now;
  visible_ = true;
  const double share = static_cast<double>(done) / static_cast<double>(total),
               seconds = std::chrono::duration<double>(now - begin_).count();
  std::string text = stage + "  run " + count_text(done) + " of " + count_text(total);
  if (seconds > 1) text += "  " + duration_text(seconds * (1 - share) / share) + " left";
  console_.err << "\r" << cut(printable(text), static_cast<std::size_t>(console_.width) - 1) << "\033[K" << std::flush;
}

std::string interval_text(const Estimate& estimate) { return "[" + measure_text(estimate.low) + ", " + measure_text(estimate.high) + "]"; }

std::string spread_text(const Estimate& estimate) { return number_text(0.5 * (estimate.high - estimate.low), 2); }

std::string spread_header(const Console& console) { return console.unicode ? ">±95 %" : ">+-95 %"; }

std::string p_value_text(double p) { return p < 0.001 ? "<0.001" : number_text(p, 2); }

void print_paragraph(Console& console, const std::string& text, bool bold) {
  for (const std::string& line : wrapped(text, static_cast<std::size_t>(console.width) - 2)) {
    console.out << "  " << (bold ? console.out_style.bold(line) : line) << '\n';
  }
}

void print_laboratory_notes(Console& console, const std::vector<std::string>& notes) {
  for (const std::string& note : notes) {
    for (const std::string& line : wrapped(printable(note), static_cast<std::size_t>(console.width) - 2))
      console.out << "  " << console.out_style.dim(line) << '\n';
  }
}

Picture::Picture(const Arguments& arguments) : path_(arguments.text("svg")) {
  if (!path_.empty()) file_.emplace(path_);
}

void Picture::write(const std::string& svg, Console& console, bool say_so) {
  if (!file_) return;
  console.out.flush();  // a picture that fails must not take the results with it
  file_->write(svg);
  file_->finish();
  if (say_so) console.out << "\nwrote " << printable(path_) << '\n';
}

}  // namespace chainrule::cli
