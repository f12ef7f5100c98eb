// `chainrule predict MODEL DATA`: one line of CSV, or one JSON object, per row.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <ostream>

#include "chainrule/model.h"
#include "commands.h"
#include "json.h"
#include "output_file.h"

namespace chainrule::cli {
namespace {

/// The shortest text that reads back to the same float; `missing` when it is not finite.
void append_number(std::string& line, float value, std::string_view missing) {
  if (!std::isfinite(value)) {
    line += missing;
    return;
  }
  char buffer[32];
  const auto [end, status] = std::to_chars(buffer, buffer + sizeof buffer, value);
  line.append(buffer, end);
}

/// RFC 4180: quotes around a field that holds a comma, a quote, a line break or blanks at its ends.
std::string csv_field(const std::string& text) {
  const bool blank_ends = !text.empty() && (text.front() == ' ' || text.back() == ' ');
  if (!blank_ends && text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string field = "\"";
  for (const char c : text) field += c == '"' ? std::string("\"\"") : std::string(1, c);
  return field + "\"";
}

/// One way to write the rows; texts that repeat in every row are made once.
class Writer {
 public:
  Writer(const Predictions& predictions, OutputFile& file) : p_(predictions), file_(file) {
    columns_ = p_.classification ? p_.classes.size() : (p_.rows == 0 ? 1 : p_.values.size() / p_.rows);
  }
  virtual ~Writer() = default;
  void write() {
    std::string text = header();
    for (std::size_t row = 0; row < p_.rows; ++row) {
      add_row(text, row);
      text += '\n';
      file_.write(text);
      text.clear();
    }
    file_.write(text);
  }

 protected:
  virtual std::string header() const = 0;
  virtual void add_row(std::string& line, std::size_t row) const = 0;
  const Predictions& p_;
  std::size_t columns_ = 1;

 private:
  OutputFile& file_;
};

class CsvWriter : public Writer {
 public:
  CsvWriter(const Predictions& predictions, OutputFile& file) : Writer(predictions, file) {
    for (const std::string& name : p_.classes) classes_.push_back(csv_field(name));
  }

 private:
  std::string names(const std::string& prefix) const {
    std::string text;
    for (const std::string& name : p_.classes) text += "," + csv_field(prefix + name);
    return text;
  }

  std::string numbered(const std::string& name) const {
    if (columns_ == 1) return name;
    std::string text;
    for (std::size_t i = 0; i < columns_; ++i) text += (i > 0 ? "," : "") + name + "_" + std::to_string(i);
    return text;
  }

  std::string header() const override {
    const bool spread = !p_.spread.empty();
    if (p_.classification) return "prediction" + names("p_") + (spread ? names("spread_") : "") + "\n";
    return numbered("prediction") + (spread ? "," + numbered("spread") : "") + "\n";
  }

  void add_numbers(std::string& line, const std::vector<float>& values, std::size_t row) const {
    for (std::size_t i = 0; i < columns_; ++i) {
      if (!line.empty()) line += ',';
      append_number(line, values[row * columns_ + i], "");
    }
  }

  void add_row(std::string& text, std::size_t row) const override {
    std::string line;
    if (p_.classification) line = classes_[p_.labels[row]];
    add_numbers(line, p_.classification ? p_.probabilities : p_.values, row);
    if (!p_.spread.empty()) add_numbers(line, p_.spread, row);
    text += line;
  }

  std::vector<std::string> classes_;
};

class JsonWriter : public Writer {
 public:
  JsonWriter(const Predictions& predictions, OutputFile& file) : Writer(predictions, file) {
    for (const std::string& name : p_.classes) classes_.push_back(json_string(name));
  }

 private:
  std::string header() const override { return ""; }

  /// {"setosa":0.9,...} by class, a number for one target, a list for several.
  void add_values(std::string& line, const std::vector<float>& values, std::size_t row) const {
    const bool object = p_.classification, list = !object && columns_ > 1;
    if (object || list) line += object ? '{' : '[';
    for (std::size_t i = 0; i < columns_; ++i) {
      if (i > 0) line += ',';
      if (object) line += classes_[i] + ":";
      append_number(line, values[row * columns_ + i], "null");
    }
    if (object || list) line += object ? '}' : ']';
  }

  void add_row(std::string& line, std::size_t row) const override {
    line += "{\"row\":" + std::to_string(row) + ",\"prediction\":";
    if (p_.classification) {
      line += classes_[p_.labels[row]] + ",\"probabilities\":";
      add_values(line, p_.probabilities, row);
    } else {
      add_values(line, p_.values, row);
    }
    if (!p_.spread.empty()) {
      line += ",\"spread\":";
      add_values(line, p_.spread, row);
    }
    line += '}';
  }

  std::vector<std::string> classes_;
};

/// Without dropout every sample is the same, and a spread of 0 would look like certainty.
void warn_about_no_spread(const Predictions& predictions, Console& console) {
  const bool varies = std::any_of(predictions.spread.begin(), predictions.spread.end(), [](float s) { return s != 0; });
  if (predictions.spread.empty() || varies) return;
  console.err << console.err_style.yellow("warning: ") << "this model was trained without dropout, so --uncertainty finds no spread\n";
}

}  // namespace

int run_predict(const Arguments& arguments, Console& console) {
  const std::size_t samples = arguments.count("uncertainty", 0, 2);
  OutputFile file(arguments.text("output"));
  Model model = Model::load(arguments.positionals[0], plan_options_of(arguments));
  const Predictions predictions = model.predict(read_data(arguments.positionals[1], arguments, console), samples);
  if (arguments.on("json")) JsonWriter(predictions, file).write();
  else CsvWriter(predictions, file).write();
  file.finish();
  warn_about_no_spread(predictions, console);
  return 0;
}

}  // namespace chainrule::cli
