// `chainrule explain MODEL DATA`: why a network answers as it does, for a row, some rows or a data set.
#include <charconv>
#include <cmath>
#include <optional>
#include <ostream>

#include "chainrule/error.h"
#include "chainrule/model.h"
#include "commands.h"
#include "explain_text.h"
#include "files/file_writer.h"
#include "json.h"
#include "patience_line.h"
#include "report/explain_dot.h"
#include "report/explain_html.h"

namespace chainrule::cli {
namespace {

/// "A:B" as two whole numbers.
RowScope row_range(const Given& given) {
  RowScope scope{RowScope::Kind::range, 0, 0, false};
  const char *at = given.text.data(), *end = at + given.text.size();
  const auto [colon, first] = std::from_chars(at, end, scope.first);
  if (first == std::errc() && colon != end && *colon == ':') {
    const auto [stop, second] = std::from_chars(colon + 1, end, scope.last);
    if (second == std::errc() && stop == end) return scope;
  }
  throw Error("E0102", given.where, "cannot read \"" + given.text + "\" as rows", "write --rows A:B for rows A to B-1, counted from 0");
}

RowScope scope_of(const Arguments& arguments) {
  const char* chosen = nullptr;
  for (const char* flag : {"row", "rows", "batch", "all"}) {
    if (arguments.find(flag) == nullptr) continue;
    if (chosen != nullptr) {
      throw Error("E0105", "--" + std::string(flag), "the rows were already chosen by --" + std::string(chosen), "give one of --row, --rows, --batch, --all");
    }
    chosen = flag;
  }
  if (arguments.find("row") != nullptr) return {RowScope::Kind::row, arguments.count("row", 0), 0, false};
  if (const Given* rows = arguments.find("rows")) return row_range(*rows);
  if (arguments.find("batch") != nullptr) return {RowScope::Kind::batch, arguments.count("batch", 0), 0, false};
  return {RowScope::Kind::data_set, 0, 0, arguments.on("all")};
}

BlameBy blame_by(const std::string& text) {
  if (text == "unit") return BlameBy::unit;
  if (text == "layer") return BlameBy::layer;
  return text == "column" ? BlameBy::column : BlameBy::weight;
}

double amount(const Given* given) {
  if (given == nullptr) return 0;
  double value = 0;
  const std::string text = given->text.substr(given->text[0] == '+' ? 1 : 0);
  const auto [stop, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status == std::errc() && stop == text.data() + text.size() && std::isfinite(value) && value != 0) return value;
  throw Error("E0102", given->where, "cannot read \"" + given->text + "\" as an amount", "a number other than 0, such as --until 1000 or --until=-1000");
}

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  for (std::size_t begin = 0; begin <= text.size() && !text.empty();) {
    const std::size_t comma = std::min(text.find(',', begin), text.size());
    if (comma > begin) words.push_back(text.substr(begin, comma - begin));
    begin = comma + 1;
  }
  return words;
}

/// A flag that only says something beside another one.
void check_company(const Arguments& arguments, const char* flag, const char* needed, bool present) {
  if (arguments.find(flag) == nullptr || present) return;
  throw Error("E0105", "--" + std::string(flag), "it says nothing without --" + std::string(needed), "add --" + std::string(needed));
}

ExplainRequest request_of(const Arguments& arguments) {
  ExplainRequest request;
  request.scope = scope_of(arguments);
  request.by = blame_by(arguments.text("by", "weight"));
  request.top = arguments.count("top", 10, 1);
  request.weight = arguments.text("weight");
  request.pulls = arguments.on("pulls");
  request.movers = arguments.on("movers");
  request.steps = arguments.count("steps", 50, 1);
  request.until = amount(arguments.find("until"));
  request.counterfactual = arguments.on("counterfactual") || request.until != 0;
  request.hold = words_of(arguments.text("hold"));
  check_company(arguments, "steps", "movers", request.movers);
  check_company(arguments, "hold", "counterfactual", request.counterfactual);
  return request;
}

std::string format_of(const Arguments& arguments) {
  const std::string format = arguments.text("format", arguments.on("json") ? "json" : "table");
  if (arguments.on("json") && format != "json") {
    throw Error("E0105", "--format", "--json asks for another format than --format " + format, "give one of them");
  }
  return format;
}

}  // namespace

int run_explain(const Arguments& arguments, Console& console) {
  const ExplainRequest request = request_of(arguments);
  const std::string format = format_of(arguments), path = arguments.text("output");
  if (!path.empty() && format == "table") {
    throw Error("E0105", "--output", "tables are for the terminal", "add --format html, json or dot");
  }
  std::optional<FileWriter> file;
  if (!path.empty()) file.emplace(path);
  Model model = load_model(arguments, {}, console);
  check_stdin(arguments.positionals[1], console);
  const Explanation e = patiently(arguments, console, [&] {
    return explain_rows(model, read_labelled(model, arguments.positionals[1], arguments, console), request);
  });
  if (format == "table") {
    print_explanation(e, console);
    return 0;
  }
  const std::string text = format == "html" ? report::explanation_html(e) : format == "dot" ? report::explanation_dot(e) : explanation_json(e) + "\n";
  if (file) {
    file->write(text);
    file->finish();
  } else {
    console.out << text;
  }
  return 0;
}

}  // namespace chainrule::cli
