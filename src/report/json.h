// JSON under construction, for --json and for files beside a run. nlohmann's templates cost seconds in every file that builds a document with
// them; this class has none of them in its header, and hands single values to the library, which writes them.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace chainrule::report {

/// A value, a list, or an object whose keys keep the order they are written in. Numbers that are not finite become null; texts that are
/// not UTF-8 are those of base/byte_text.h, and characters that must not be shown (base/shown_text.h) \uNNNN.
class Json {
 public:
  struct Member;

  Json() = default;  ///< null
  Json(std::nullptr_t) {}
  template <std::same_as<bool> Bool>
  Json(Bool value) : scalar_(value) {}
  template <std::integral Integer>
    requires(!std::same_as<Integer, bool>)
  Json(Integer value) : scalar_(std::conditional_t<std::is_signed_v<Integer>, std::int64_t, std::uint64_t>{value}) {}
  Json(double value) : scalar_(value) {}
  Json(std::string_view text) : scalar_(std::string(text)) {}
  Json(const std::string& text) : Json(std::string_view(text)) {}
  Json(const char* text) : Json(std::string_view(text)) {}
  template <class Value>
  Json(const std::vector<Value>& values) : kind_(Kind::list) {
    for (const auto& value : values) parts_.emplace_back(value);
  }
  Json(std::initializer_list<Member> members);  ///< an object

  static Json array(std::initializer_list<Json> parts = {});
  static Json object();
  /// A part that is written already, as dump() wrote it: long lists of small objects take a tenth of the memory.
  static Json written(std::string json);

  /// The member of this name, null when it is new. Null becomes an object.
  Json& operator[](std::string_view key);
  /// Appends to a list. Null becomes a list.
  void push_back(Json value);
  Json& back() { return parts_.back(); }
  /// Adds these members, or replaces those of the same name.
  void update(std::initializer_list<Member> members);

  /// In one line, or with each part in a line of its own, indented by `indent` spaces.
  std::string dump(std::size_t indent = 0) const;

 private:
  enum class Kind { scalar, list, object, written };
  class Writer;

  Kind kind_ = Kind::scalar;
  std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string> scalar_;
  std::vector<std::string> keys_;  ///< one for each part of an object
  std::vector<Json> parts_;
};

struct Json::Member {
  std::string_view key;
  mutable Json value;  ///< moved from, out of the initializer list
};

/// Text that reads as a JSON number, true or false as what it reads as, all other text as text.
Json typed_json(const std::string& text);
/// The whole number under `key` of the object that `text` holds.
std::optional<std::uint64_t> whole_number_in(const std::string& text, const std::string& key);

}  // namespace chainrule::report
