// Values are written by nlohmann::json, lists and objects here: a document of the library's would be a second copy of all that was built.
#include "report/json.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/byte_text.h"
#include "base/shown_text.h"

namespace chainrule::report {
namespace {

using Library = nlohmann::ordered_json;

/// Characters that must not reach a terminal, as \uNNNN, which reads back the same. The library writes so only those below U+0020.
std::string without_hidden(std::string json) {
  if (printable(json) == json) return json;
  std::string shown;
  for (std::string_view rest = json; !rest.empty();) {
    const ShownCharacter character = first_character(rest);
    if (character.safe) shown += rest.substr(0, character.bytes);
    else shown += Library(std::string(rest.substr(0, character.bytes))).dump(-1, ' ', true).substr(1, 6);
    rest.remove_prefix(character.bytes);
  }
  return shown;
}

}  // namespace

/// indent 0: all in one line.
class Json::Writer {
 public:
  explicit Writer(std::size_t indent) : indent_(indent) {}

  void write(const Json& json) {
    switch (json.kind_) {
      case Kind::scalar: std::visit([&](const auto& value) { write_value(value); }, json.scalar_); break;
      case Kind::written: text += std::get<std::string>(json.scalar_); break;
      case Kind::list: write_parts(json, '[', ']'); break;
      case Kind::object: write_parts(json, '{', '}'); break;
    }
  }

  std::string text;

 private:
  template <class Value>
  void write_value(const Value& value) {
    text += Library(value).dump(-1, ' ', false, Library::error_handler_t::replace);
  }
  void write_value(std::int64_t value) { text += std::to_string(value); }
  void write_value(std::uint64_t value) { text += std::to_string(value); }
  void write_value(const std::string& value) {  // nearly every text needs no second look
    if (!std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c < 0x7f && c != '"' && c != '\\'; })) {
      text += without_hidden(Library(text_of_bytes(value)).dump(-1, ' ', false, Library::error_handler_t::replace));
      return;
    }
    text.append(1, '"').append(value).append(1, '"');
  }

  void write_parts(const Json& json, char begin, char end) {
    text += begin;
    ++depth_;
    for (std::size_t i = 0; i < json.parts_.size(); ++i) {
      if (i > 0) text += ',';
      start_line();
      if (json.kind_ == Kind::object) {
        write_value(json.keys_[i]);
        text += indent_ == 0 ? ":" : ": ";
      }
      write(json.parts_[i]);
    }
    --depth_;
    if (!json.parts_.empty()) start_line();
    text += end;
  }

  void start_line() {
    if (indent_ > 0) text.append(1, '\n').append(indent_ * depth_, ' ');
  }

  const std::size_t indent_;
  std::size_t depth_ = 0;
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

Json Json::written(std::string text) {
  Json json;
  json.kind_ = Kind::written;
  json.scalar_ = std::move(text);
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
  Writer writer(indent);
  writer.write(*this);
  return std::move(writer.text);
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
