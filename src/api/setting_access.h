// How one setting of `train` is read from text and written: accesses for plain fields, and those of the settings with a form of their own.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "api/setting_text.h"
#include "chainrule/error.h"
#include "chainrule/train.h"
#include "math/schedules.h"

namespace chainrule::api {

inline constexpr double kHuge = 1e30;
inline constexpr std::uint64_t kMany = 4294967295;  // 2^32 rows and steps: docs/arithmetic.md

struct Access {
  std::function<void(TrainSettings&, const TextPlace&, const std::string&)> set;
  std::function<std::string(const TrainSettings&)> get;
};

/// The words of an enumeration as users write them: auto for automatic.
template <class E>
std::vector<std::string> words() {
  std::vector<std::string> result;
  for (std::string_view word : names<E>()) result.emplace_back(word == "automatic" ? "auto" : word);
  return result;
}

/// "did you mean "cpu"? (known: automatic, cpu)" as users know the words.
std::string with_auto(std::string text);

template <class E>
E read_kind(const TextPlace& place, const std::string& text) {
  try {
    return parse_kind<E>(text == "auto" ? "automatic" : text, place.where);
  } catch (const Error& error) {
    throw Error(error.code(), std::string(place.where), error.message(), with_auto(error.hint()));
  }
}

template <class E>
std::string write_kind(E kind) {
  const std::string word(name(kind));
  return word == "automatic" ? "auto" : word;
}

/// Keeps the warm-up of `schedule` where the text names none.
void set_schedule(ScheduleSpec& schedule, const TextPlace& place, const std::string& text);

// Accesses of one field; `field` is a lambda that names it, for const and non-const settings alike.
template <class Field>
Access text(Field field) {
  return {[=](TrainSettings& s, const TextPlace&, const std::string& v) { field(s) = v; },
          [=](const TrainSettings& s) { return field(s); }};
}

template <class Field>
Access number(Field field, double lowest, double highest) {
  return {[=](TrainSettings& s, const TextPlace& p, const std::string& v) {
            field(s) = read_number(p, v, lowest, highest);
          },
          [=](const TrainSettings& s) { return write_number(field(s)); }};
}

template <class Field>
Access whole(Field field, std::uint64_t lowest, std::uint64_t highest) {
  return {[=](TrainSettings& s, const TextPlace& p, const std::string& v) {
            field(s) = static_cast<std::remove_cvref_t<decltype(field(s))>>(read_whole(p, v, lowest, highest));
          },
          [=](const TrainSettings& s) { return std::to_string(field(s)); }};
}

template <class Field>
Access on_off(Field field) {
  return {[=](TrainSettings& s, const TextPlace& p, const std::string& v) { field(s) = read_switch(p, v); },
          [=](const TrainSettings& s) { return std::string(field(s) ? "true" : "false"); }};
}

template <class Field>
Access kind(Field field) {
  return {[=](TrainSettings& s, const TextPlace& p, const std::string& v) {
            field(s) = read_kind<std::remove_cvref_t<decltype(field(s))>>(p, v);
          },
          [=](const TrainSettings& s) { return write_kind(field(s)); }};
}

template <class Field>
Access list(Field field) {
  return {[=](TrainSettings& s, const TextPlace&, const std::string& v) { field(s) = read_list(v); },
          [=](const TrainSettings& s) { return write_list(field(s)); }};
}

template <class Field>
Access schedule(Field field) {
  return {[=](TrainSettings& s, const TextPlace& p, const std::string& v) { set_schedule(field(s), p, v); },
          [=](const TrainSettings& s) { return math::format_schedule(field(s)); }};
}

/// A field of the optimiser: adamw's defaults come first.
Access rate(double OptimizerSpec::* field, double lowest, double highest);

Access split_access();      ///< random, group:COL, ...
Access hidden_access();     ///< 256,256 or none
Access loss_access();       ///< NAME[:P] or auto
Access checkpoint_access(); ///< N or auto
Access optimizer_access();  ///< NAME[:FORM]; rates given before keep their values

}  // namespace chainrule::api
