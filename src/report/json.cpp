// Scalars and the few things that are read go through nlohmann::json; lists and objects are written here.
#include "report/json.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace chainrule::report {
namespace {

using Library = nlohmann::json;

std::string in_quotes(std::string_view text) { return Library(text).dump(-1, ' ', false, Library::error_handler_t::replace); }

void new_line(std::string& out, std::size_t indent, std::size_t depth) {
  if (indent != 0) out.append("\n").append(indent * depth, ' ');
}

}  // namespace

Json::Json(double value) : text_(Library(value).dump()) {}
Json::Json(std::string_view text) : text_(in_quotes(text)) {}
Json::Json(std::initializer_list<Member> members) : kind_(Kind::object) { update(members); }

Json Json::array(std::initializer_list<Json> parts) {
  Json json;
  json.kind_ = Kind::list;
  json.parts_ = parts;
  return json;
}

Json Json::object() {
  Json json;
  json.kind_ = Kind::object;
  return json;
}

Json& Json::operator[](std::string_view key) {
  if (kind_ == Kind::scalar) kind_ = Kind::object;
  const auto found = std::find(keys_.begin(), keys_.end(), key);
  if (found != keys_.end()) return parts_[static_cast<std::size_t>(found - keys_.begin())];
  keys_.emplace_back(key);
  return parts_.emplace_back();
}

void Json::push_back(Json value) {
  if (kind_ == Kind::scalar) kind_ = Kind::list;
  parts_.push_back(std::move(value));
}

void Json::update(std::initializer_list<Member> members) {
  for (const Member& member : members) (*this)[member.key] = std::move(member.value);
}

std::string Json::dump(std::size_t indent) const {
  std::string out;
  write(out, indent, 0);
  return out;
}

void Json::write(std::string& out, std::size_t indent, std::size_t depth) const {
  if (kind_ == Kind::scalar) {
    out += text_;
    return;
  }
  out += kind_ == Kind::list ? '[' : '{';
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    if (i > 0) out += ',';
    new_line(out, indent, depth + 1);
    if (kind_ == Kind::object) out.append(in_quotes(keys_[i])).append(indent == 0 ? ":" : ": ");
    parts_[i].write(out, indent, depth + 1);
  }
  if (!parts_.empty()) new_line(out, indent, depth);
  out += kind_ == Kind::list ? ']' : '}';
}

Json typed_json(const std::string& text) {
  if (text.empty()) return text;
  const Library parsed = Library::parse(text, nullptr, false);
  if (parsed.is_boolean()) return parsed.get<bool>();
  if (parsed.is_number_unsigned()) return parsed.get<std::uint64_t>();
  if (parsed.is_number_integer()) return parsed.get<std::int64_t>();
  return parsed.is_number() ? Json(parsed.get<double>()) : Json(text);
}

std::optional<std::uint64_t> whole_number_in(const std::string& text, const std::string& key) {
  const Library parsed = Library::parse(text, nullptr, false);
  if (!parsed.is_object() || !parsed.contains(key) || !parsed[key].is_number_unsigned()) return {};
  return parsed[key].get<std::uint64_t>();
}

}  // namespace chainrule::report
