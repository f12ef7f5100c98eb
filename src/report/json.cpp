// What was built goes into a document of nlohmann::json, which writes all of it.
#include "report/json.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/byte_text.h"
#include "base/shown_text.h"

namespace chainrule::report {
namespace {

using Library = nlohmann::ordered_json;

template <class Value>
Library library_value(const Value& value) {
  if constexpr (std::is_same_v<Value, std::string>) return text_of_bytes(value);
  else return value;
}

/// Characters that must not reach a terminal, as \uNNNN, which reads back the same. The library writes so only those below U+0020.
std::string without_hidden(std::string json) {
  if (printable(json, "\n") == json) return json;
  std::string shown;
  for (std::string_view rest = json; !rest.empty();) {
    const ShownCharacter character = first_character(rest);
    if (character.safe || rest[0] == '\n') shown += rest.substr(0, character.bytes);
    else shown += Library(std::string(rest.substr(0, character.bytes))).dump(-1, ' ', true).substr(1, 6);
    rest.remove_prefix(character.bytes);
  }
  return shown;
}

}  // namespace

class Json::Tree {
 public:
  static Library of(const Json& json) {
    if (json.kind_ == Kind::scalar) return std::visit([](const auto& value) { return library_value(value); }, json.scalar_);
    Library made = json.kind_ == Kind::list ? Library::array() : Library::object();
    for (std::size_t i = 0; i < json.parts_.size(); ++i) {
      if (json.kind_ == Kind::list) {
        made.push_back(of(json.parts_[i]));
      } else {
        made[json.keys_[i]] = of(json.parts_[i]);
      }
    }
    return made;
  }
};

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
  return without_hidden(Tree::of(*this).dump(indent == 0 ? -1 : static_cast<int>(indent), ' ', false, Library::error_handler_t::replace));
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
