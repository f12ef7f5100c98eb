// Reads --config FILE.toml with toml++ and turns each key into a flag's value with its place in the file.
#include "config_file.h"

#include <charconv>
#include <sstream>

#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>

#include "chainrule/error.h"
#include "files/atomic_file.h"

namespace chainrule::cli {
namespace {

std::string place(const std::string& name, const toml::source_position& at) {
  return name + " line " + std::to_string(at.line) + ", column " + std::to_string(at.column);
}

std::string shortest_number(double value) {
  char buffer[64];
  const auto [end, status] = std::to_chars(buffer, buffer + sizeof buffer, value);
  return std::string(buffer, end);
}

/// A scalar as the text its flag would have been given; false for dates, times and tables.
bool scalar_text(const toml::node& node, std::string& text) {
  if (const auto* string = node.as_string()) text = string->get();
  else if (const auto* integer = node.as_integer()) text = std::to_string(integer->get());
  else if (const auto* real = node.as_floating_point()) text = shortest_number(real->get());
  else if (const auto* boolean = node.as_boolean()) text = boolean->get() ? "true" : "false";
  else return false;
  return true;
}

std::string type_name(const toml::node& node) {
  std::ostringstream text;
  text << node.type();
  return text.str();
}

[[noreturn]] void refuse_type(const Flag& flag, const toml::node& node, const std::string& where) {
  const std::string wanted = flag.is_switch() ? "true or false" : "text or a number";
  throw Error("E0104", where, flag.name + " cannot be a TOML " + type_name(node),
              "write " + flag.name + " = " + (flag.is_switch() ? "true" : "\"...\"") + "; it takes " + wanted);
}

std::string value_text(const Flag& flag, const toml::node& node, const std::string& where) {
  std::string text;
  if (flag.is_switch()) {
    if (!node.is_boolean() || !scalar_text(node, text)) refuse_type(flag, node, where);
    return text;
  }
  if (node.is_boolean()) refuse_type(flag, node, where);
  if (scalar_text(node, text)) return text;
  const toml::array* array = node.as_array();
  if (!array) refuse_type(flag, node, where);
  std::string joined;
  for (const toml::node& element : *array) {
    if (element.is_boolean() || !scalar_text(element, text)) refuse_type(flag, element, where);
    joined += (joined.empty() ? "" : ",") + text;
  }
  return joined;
}

const Flag& known_flag(const toml::key& key, const Command& command, const std::string& where) {
  const std::string own = flag_behind(command, key.str());
  const Flag* flag = command.find(own.empty() ? key.str() : std::string_view(own));
  if (flag && flag->setting) return *flag;
  std::vector<std::string> names;
  for (const Flag& candidate : command.flags) {
    if (candidate.setting) names.push_back(candidate.name);
  }
  throw Error("E0103", where, "there is no setting \"" + std::string(key.str()) + "\"",
              suggestion(key.str(), names, "", "run `chainrule train --help` for the names of all settings"));
}

}  // namespace

std::vector<Given> parse_config(std::string_view text, const std::string& name, const Command& command) {
  toml::table table;
  try {
    table = toml::parse(text, name);
  } catch (const toml::parse_error& error) {
    throw Error("E0104", place(name, error.source().begin), std::string(error.description()),
                "the file must be TOML: one `name = value` per line, text in quotes");
  }
  std::vector<Given> given;
  for (const auto& [key, node] : table) {
    const std::string where = place(name, key.source().begin);
    const Flag& flag = known_flag(key, command, where);
    given.push_back({flag.name, value_text(flag, node, where), Origin::config, where});
  }
  return given;
}

std::vector<Given> read_config_file(const std::string& path, const Command& command) {
  constexpr FileLimit kLimit = {std::size_t{16} << 20, "E0104", "a config file is a few lines of TOML", "check the name after --config"};
  return parse_config(read_file(path, kLimit), path, command);
}

}  // namespace chainrule::cli
