// The spec as TOML text and back: every field is written, unknown keys are errors with line, column and a suggestion.
#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <string>
#include <toml++/toml.h>
#include <type_traits>

#include "chainrule/error.h"
#include "chainrule/network_spec.h"
#include "net/spec_fields.h"

namespace chainrule {
namespace net {

/// The whole text is one more spec, with two tables.
template <class Visitor>
void visit_fields(ParsedSpec& document, Visitor&& visitor) {
  visitor("network", document.network);
  visitor("training", document.training);
}

}  // namespace net

namespace {

constexpr std::size_t kLongestText = std::size_t{1} << 20;

// ---- writing ----

/// The shortest text that reads back to the same double, always with a point or an exponent so that TOML sees a float.
std::string number_text(double value) {
  char buffer[40];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  std::string text(buffer, end);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

/// TOML integers are signed; larger ones are written as text.
std::string number_text(std::uint64_t value) {
  const std::string digits = std::to_string(value);
  return value <= std::uint64_t(std::numeric_limits<std::int64_t>::max()) ? digits : '"' + digits + '"';
}

/// Writes one table: plain fields first, in place; nested tables are collected and follow.
class Writer {
 public:
  Writer(std::string& out, std::string path) : out_(out), path_(std::move(path)) {}

  template <class Spec>
  void table(const Spec& spec, bool element_of_list = false) {
    out_ += element_of_list ? "\n[[" + path_ + "]]\n" : "\n[" + path_ + "]\n";
    net::visit_fields(spec, *this);
  }

  template <class Field>
  void operator()(const char* key, const Field& field) {
    if constexpr (std::is_same_v<Field, bool>) {
      line(key, field ? "true" : "false");
    } else if constexpr (std::is_enum_v<Field>) {
      line(key, '"' + std::string(name(field)) + '"');
    } else if constexpr (std::is_same_v<Field, double>) {
      line(key, number_text(field));
    } else if constexpr (std::is_integral_v<Field>) {
      line(key, number_text(std::uint64_t{field}));
    } else if constexpr (std::is_same_v<Field, std::vector<double>>) {
      line(key, list_text(field));
    } else if constexpr (std::is_same_v<Field, DropoutSpec>) {
      line(key, "{ kind = \"" + std::string(name(field.kind)) + "\", rate = " + number_text(field.rate) + " }");
    } else if constexpr (std::is_same_v<Field, std::vector<LayerSpec>>) {
      for (const LayerSpec& layer : field) Writer(out_, path_ + "." + key).table(layer, true);
    } else {
      Writer(out_, path_ + "." + key).table(field);
    }
  }

 private:
  void line(const char* key, const std::string& value) { out_ += std::string(key) + " = " + value + "\n"; }

  static std::string list_text(const std::vector<double>& values) {
    std::string text = "[";
    for (const double value : values) text += (text.size() > 1 ? ", " : "") + number_text(value);
    return text + "]";
  }

  std::string& out_;
  std::string path_;
};

// ---- reading ----

/// The file's name, for messages.
struct Source {
  std::string_view file;

  std::string place(const toml::source_region& region, const std::string& path) const {
    return std::string(file) + " line " + std::to_string(region.begin.line) + ", column " +
           std::to_string(region.begin.column) + (path.empty() ? "" : " (" + path + ")");
  }
};

/// Reads one table into one spec; remembers which keys exist so that others can be refused.
class Reader {
 public:
  Reader(const Source& source, const toml::table& table, std::string path)
      : source_(source), table_(table), path_(std::move(path)) {}

  template <class Spec>
  void read(Spec& spec) {
    net::visit_fields(spec, *this);
    for (const auto& [key, node] : table_) refuse_unknown(key);
  }

  template <class Field>
  void operator()(const char* key, Field& field) {
    known_.push_back(key);
    if (const toml::node* node = table_.get(key)) assign(*node, path_.empty() ? key : path_ + "." + key, field);
  }

 private:
  void refuse_unknown(const toml::key& key) const {
    const std::string_view text = key.str();
    for (const std::string_view known : known_) {
      if (known == text) return;
    }
    const std::string near = nearest_name(text, known_);
    throw Error("E0221", source_.place(key.source(), path_), "unknown key \"" + std::string(text) + "\"",
                near.empty() ? "known keys: " + joined() : "did you mean \"" + near + "\"?");
  }

  std::string joined() const {
    std::string text;
    for (const std::string_view known : known_) text += (text.empty() ? "" : ", ") + std::string(known);
    return text;
  }

  [[noreturn]] void wrong(const toml::node& node, const std::string& path, const std::string& message) const {
    throw Error("E0222", source_.place(node.source(), path), message, "`chainrule inspect MODEL` prints a spec with every key");
  }

  void assign(const toml::node& node, const std::string& path, bool& field) const {
    if (!node.is_boolean()) wrong(node, path, "needs true or false");
    field = **node.as_boolean();
  }

  void assign(const toml::node& node, const std::string& path, double& field) const {
    if (node.is_floating_point()) {
      field = **node.as_floating_point();
    } else if (node.is_integer()) {
      field = static_cast<double>(**node.as_integer());
    } else {
      wrong(node, path, "needs a number");
    }
  }

  template <class Integer>
    requires(std::is_integral_v<Integer> && !std::is_same_v<Integer, bool>)
  void assign(const toml::node& node, const std::string& path, Integer& field) const {
    if (node.is_integer()) {
      const std::int64_t value = **node.as_integer();
      if (value >= 0 && std::uint64_t(value) <= std::numeric_limits<Integer>::max()) {
        field = static_cast<Integer>(value);
        return;
      }
    } else if (node.is_string() && parse_digits(**node.as_string(), field)) {
      return;
    }
    wrong(node, path, "needs a whole number from 0 to " + std::to_string(std::numeric_limits<Integer>::max()));
  }

  template <class Integer>
  static bool parse_digits(const std::string& text, Integer& field) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), field);
    return error == std::errc() && end == text.data() + text.size();
  }

  template <class Kind>
    requires std::is_enum_v<Kind>
  void assign(const toml::node& node, const std::string& path, Kind& field) const {
    if (!node.is_string()) wrong(node, path, "needs the name of " + std::string(concept_name<Kind>()) + ", in quotes");
    field = parse_kind<Kind>(**node.as_string(), source_.place(node.source(), path));
  }

  void assign(const toml::node& node, const std::string& path, std::vector<double>& field) const {
    const toml::array* list = node.as_array();
    if (list == nullptr) wrong(node, path, "needs a list of numbers like [30, 60]");
    field.assign(list->size(), 0.0);
    for (std::size_t i = 0; i < list->size(); ++i) assign(*list->get(i), path, field[i]);
  }

  void assign(const toml::node& node, const std::string& path, std::vector<LayerSpec>& field) const {
    const toml::array* list = node.as_array();
    if (list == nullptr) wrong(node, path, "needs a list of tables, written [[network.layers]]");
    field.assign(list->size(), LayerSpec{});
    for (std::size_t i = 0; i < list->size(); ++i) assign(*list->get(i), path + "[" + std::to_string(i) + "]", field[i]);
  }

  /// A table for any nested spec. A dropout may also be its rate alone.
  template <class Spec>
    requires std::is_class_v<Spec>
  void assign(const toml::node& node, const std::string& path, Spec& field) const {
    if constexpr (std::is_same_v<Spec, DropoutSpec>) {
      if (node.is_number()) return assign(node, path, field.rate);
    }
    const toml::table* table = node.as_table();
    if (table == nullptr) wrong(node, path, "needs a table of keys");
    Reader(source_, *table, path).read(field);
  }

  const Source& source_;
  const toml::table& table_;
  std::string path_;
  std::vector<std::string_view> known_;
};

toml::table parse_text(std::string_view text, std::string_view file_name) {
  if (text.size() > kLongestText) throw Error("E0220", std::string(file_name), "is longer than 1 MiB: this is no spec",
                                            "name the TOML file that describes the network");
  try {
    return toml::parse(text, file_name);
  } catch (const toml::parse_error& error) {
    throw Error("E0220", Source{file_name}.place(error.source(), ""), std::string(error.description()),
                "a spec is TOML text; `chainrule inspect MODEL` prints one");
  }
}

}  // namespace

std::string spec_to_toml(const NetworkSpec& network, const TrainingSpec& training) {
  std::string text = "# A Chainrule network and how it is trained.\n";
  Writer(text, "network").table(network);
  Writer(text, "training").table(training);
  return text;
}

ParsedSpec spec_from_toml(std::string_view text, std::string_view file_name) {
  const toml::table table = parse_text(text, file_name);
  const Source source{file_name};
  ParsedSpec document;
  Reader(source, table, "").read(document);
  document.loss_given = static_cast<bool>(table.at_path("network.loss.kind"));
  return document;
}

}  // namespace chainrule
