// `chainrule predict MODEL DATA`: one line of CSV, or one JSON object, per row.
#include <algorithm>
#include <cmath>
#include <optional>
#include <ostream>
#include <utility>
#include <vector>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "base/number_text.h"
#include "chainrule/model.h"
#include "commands.h"
#include "files/file_writer.h"
#include "json.h"
#include "patience_line.h"

namespace chainrule::cli {
namespace {

/// Rows as text, written in place: most of them are numbers.
class RowText {
 public:
  RowText& operator+=(std::string_view text) {
    char* to = room(text.size());
    text.copy(to, text.size());
    size_ += text.size();
    return *this;
  }
  RowText& operator+=(char c) {
    *room(1) = c;
    ++size_;
    return *this;
  }
  /// The digits that mean something (base/number_text.h); `missing` when it is not finite.
  void add(double value, double resolution, std::string_view missing) {
    if (!std::isfinite(value)) {
      *this += missing;
      return;
    }
    char* const to = room(kLongestNumber);
    size_ += static_cast<std::size_t>(write_number_to(to, value, resolution) - to);
  }
  std::size_t size() const noexcept { return size_; }
  /// What was added since the last time.
  std::string_view take() noexcept { return {buffer_.data(), std::exchange(size_, 0)}; }

 private:
  char* room(std::size_t size) {
    if (buffer_.size() < size_ + size) buffer_.resize(2 * (size_ + size));
    return buffer_.data() + size_;
  }

  std::vector<char> buffer_;
  std::size_t size_ = 0;
};

/// RFC 4180: quotes around a field that holds a comma, a quote, a line break or blanks at its ends.
std::string csv_field(const std::string& text) {
  const bool blank_ends = !text.empty() && (text.front() == ' ' || text.back() == ' ');
  if (!blank_ends && text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string field = "\"";
  for (const char c : text) field += c == '"' ? std::string("\"\"") : std::string(1, c);
  return field + "\"";
}

/// Probabilities, or the margins of a model that has none.
const std::vector<float>& scores_of(const Predictions& p) { return p.scores.empty() ? p.probabilities : p.scores; }

constexpr std::size_t kTextBytes = 1 << 15;  // rows are handed on in runs of about this many bytes

/// One way to write the rows, which come part by part.
class Writer {
 public:
  virtual ~Writer() = default;
  void write(const Predictions& p, FileWriter& file) {
    if (parts_++ == 0) {
      columns_ = p.classification ? p.classes.size() : (p.rows == 0 ? 1 : p.values.size() / p.rows);
      start(p);
      file.write(header(p));
    }
    for (std::size_t row = 0; row < p.rows; ++row) {
      add_row(text_, p, row);
      text_ += '\n';
      if (text_.size() >= kTextBytes) file.write(text_.take());
    }
    file.write(text_.take());
    rows_before_ += p.rows;
  }

 protected:
  /// Before the first row: texts that repeat in every row are made once.
  virtual void start(const Predictions& p) = 0;
  virtual std::string header(const Predictions& p) const = 0;
  virtual void add_row(RowText& text, const Predictions& p, std::size_t row) const = 0;
  std::size_t columns_ = 1, rows_before_ = 0;

 private:
  RowText text_;
  std::size_t parts_ = 0;
};

class CsvWriter : public Writer {
 public:
  /// Names of classes are data and stay as they are, but a terminal would act on them.
  explicit CsvWriter(bool for_terminal) : for_terminal_(for_terminal) {}

 private:
  std::string field(const std::string& name) const { return csv_field(for_terminal_ ? printable(name) : name); }

  void start(const Predictions& p) override {
    for (const std::string& name : p.classes) classes_.push_back(field(name));
  }

  std::string names(const Predictions& p, const std::string& prefix) const {
    std::string text;
    for (const std::string& name : p.classes) text += "," + field(prefix + name);
    return text;
  }

  std::string numbered(const std::string& name) const {
    if (columns_ == 1) return name;
    std::string text;
    for (std::size_t i = 0; i < columns_; ++i) text += (i > 0 ? "," : "") + name + "_" + std::to_string(i);
    return text;
  }

  std::string header(const Predictions& p) const override {
    const bool spread = !p.spread.empty();
    if (p.classification) return "prediction" + names(p, p.scores.empty() ? "p_" : "score_") + (spread ? names(p, "spread_") : "") + "\n";
    return numbered("prediction") + (spread ? "," + numbered("spread") : "") + "\n";
  }

  /// `behind`: another field stands before them.
  template <class Value>
  void add_numbers(RowText& text, const std::vector<Value>& values, double resolution, std::size_t row, bool behind) const {
    for (std::size_t i = 0; i < columns_; ++i) {
      if (behind || i > 0) text += ',';
      text.add(static_cast<double>(values[row * columns_ + i]), resolution, "");
    }
  }

  void add_row(RowText& text, const Predictions& p, std::size_t row) const override {
    if (p.classification) text += classes_[p.labels[row]];
    if (p.classification) add_numbers(text, scores_of(p), 0, row, true);
    else add_numbers(text, p.values, p.resolution, row, false);
    if (!p.spread.empty()) add_numbers(text, p.spread, 0, row, true);
  }

  bool for_terminal_;
  std::vector<std::string> classes_;
};

class JsonWriter : public Writer {
 public:
  explicit JsonWriter(const std::string& digest) : end_(",\"digest\":\"" + digest + "\"}") {}

 private:
  void start(const Predictions& p) override {
    for (const std::string& name : p.classes) classes_.push_back(json_string(name));
  }
  std::string header(const Predictions&) const override { return ""; }

  /// {"setosa":0.9,...} by class, a number for one target, a list for several.
  template <class Value>
  void add_values(RowText& line, const Predictions& p, const std::vector<Value>& values, double resolution, std::size_t row) const {
    const bool object = p.classification, list = !object && columns_ > 1;
    if (object || list) line += object ? '{' : '[';
    for (std::size_t i = 0; i < columns_; ++i) {
      if (i > 0) line += ',';
      if (object) (line += classes_[i]) += ':';
      line.add(static_cast<double>(values[row * columns_ + i]), resolution, "null");
    }
    if (object || list) line += object ? '}' : ']';
  }

  void add_row(RowText& line, const Predictions& p, std::size_t row) const override {
    ((line += "{\"row\":") += std::to_string(rows_before_ + row)) += ",\"prediction\":";
    if (p.classification) {
      (line += classes_[p.labels[row]]) += p.scores.empty() ? ",\"probabilities\":" : ",\"scores\":";
      add_values(line, p, scores_of(p), 0, row);
    } else {
      add_values(line, p, p.values, p.resolution, row);
    }
    if (!p.spread.empty()) {
      line += ",\"spread\":";
      add_values(line, p, p.spread, 0, row);
    }
    line += end_;
  }

  std::vector<std::string> classes_;
  std::string end_;  ///< every row names the model that answered
};

bool varies(const std::vector<double>& spread) {
  return std::any_of(spread.begin(), spread.end(), [](double s) { return s != 0; });
}

/// Without dropout every sample is the same, and a spread of 0 would look like certainty.
void warn_about_no_spread(Console& console) {
  console.err << console.err_style.yellow("warning: ") << "this model was trained without dropout, or its rate had come to 0, so --uncertainty finds no spread\n";
}

/// What training never saw; answers for such rows deserve less trust.
void print_warnings(const std::vector<std::string>& warnings, Console& console) {
  constexpr std::string_view kMark = "warning: ";
  for (const std::string& warning : warnings) {
    const bool marked = warning.starts_with(kMark);
    console.err << console.err_style.yellow(std::string(kMark)) << printable(marked ? warning.substr(kMark.size()) : warning) << '\n';
  }
}

/// Parts of a large table come and go, all of one size: without this their memory goes back to the system after each, only to be asked for again.
void keep_freed_memory() {
#ifdef __GLIBC__
  ::mallopt(M_MMAP_THRESHOLD, 16 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 32 << 20);
#endif
}

}  // namespace

int run_predict(const Arguments& arguments, Console& console) {
  keep_freed_memory();
  const std::size_t samples = arguments.count("uncertainty", 0, 2);
  FileWriter file(arguments.text("output"));
  Model model = load_model(arguments, plan_options_of(arguments), console);
  const std::string& data = arguments.positionals[1];
  check_stdin(data, console);
  CsvWriter csv(console.out_terminal && arguments.text("output").empty());
  JsonWriter json(model.digest());
  Writer& writer = arguments.on("json") ? static_cast<Writer&>(json) : csv;
  bool spread_seen = samples == 0;
  std::vector<std::string> warnings;
  const bool rows_are_seen = console.out_terminal && arguments.text("output").empty();
  std::optional<PatienceLine> line;
  line.emplace(!rows_are_seen && wants_patience_line(arguments, console), arguments.command->name, console);
  model.predict_file(data, read_options_of(arguments), samples, [&](const Predictions& predictions) {
    writer.write(predictions, file);
    spread_seen = spread_seen || predictions.spread.empty() || varies(predictions.spread);
    warnings = predictions.warnings;
  });
  file.finish();
  line.reset();
  print_warnings(warnings, console);
  if (!spread_seen) warn_about_no_spread(console);
  return 0;
}

}  // namespace chainrule::cli
