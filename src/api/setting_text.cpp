// Texts of settings as values and back.
#include "api/setting_text.h"

#include <limits>

#include <charconv>

#include "chainrule/error.h"

namespace chainrule::api {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> pieces(std::string_view text, char separator) {
  std::vector<std::string_view> found;
  while (true) {
    const size_t end = text.find(separator);
    found.push_back(trimmed(text.substr(0, end)));
    if (end == std::string_view::npos) return found;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

void bad_value(const TextPlace& place, std::string_view text, const std::string& wanted) {
  throw Error("E0102", std::string(place.where),
              "\"" + std::string(text) + "\" is no value for " + std::string(place.key),
              std::string(place.key) + " takes " + wanted);
}

double read_number(const TextPlace& place, std::string_view text, double lowest, double highest) {
  double value = 0;
  const std::string_view body = trimmed(text);
  const char* end = body.data() + body.size();
  const auto parsed = std::from_chars(body.data(), end, value);
  if (body.empty() || parsed.ec != std::errc() || parsed.ptr != end || !(value >= lowest && value <= highest)) {
    bad_value(place, text, "a number from " + write_number(lowest) + " to " + write_number(highest));
  }
  return value;
}

std::uint64_t read_whole(const TextPlace& place, std::string_view text, std::uint64_t lowest, std::uint64_t highest) {
  std::uint64_t value = 0;
  const std::string_view body = trimmed(text);
  const char* end = body.data() + body.size();
  const auto parsed = std::from_chars(body.data(), end, value);
  if (body.empty() || parsed.ec != std::errc() || parsed.ptr != end || value < lowest || value > highest) {
    bad_value(place, text, "a whole number from " + std::to_string(lowest) + " to " + std::to_string(highest));
  }
  return value;
}

bool read_switch(const TextPlace& place, std::string_view text) {
  for (std::string_view yes : {"", "true", "yes", "on", "1"}) {
    if (text == yes) return true;
  }
  for (std::string_view no : {"false", "no", "off", "0"}) {
    if (text == no) return false;
  }
  bad_value(place, text, "true or false");
}

std::vector<std::string> read_list(std::string_view text) {
  std::vector<std::string> words;
  if (trimmed(text).empty()) return words;
  for (std::string_view word : pieces(text, ',')) words.emplace_back(word);
  return words;
}

std::string write_number(double value) {
  char buffer[40];
  const auto written = std::to_chars(buffer, buffer + sizeof buffer, value);
  return std::string(buffer, written.ptr);
}

std::string write_list(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ",") + word;
  return text;
}

DropoutSpec read_dropout(const TextPlace& place, std::string_view text) {
  const size_t colon = text.find(':');
  DropoutSpec dropout;
  dropout.rate = read_number(place, text.substr(0, colon), 0, 1);
  if (dropout.rate >= 1) bad_value(place, text, "a rate below 1: the probability to drop a unit");
  if (colon != std::string_view::npos) dropout.kind = parse_kind<DropoutKind>(text.substr(colon + 1), place.where);
  return dropout;
}

std::string write_dropout(const DropoutSpec& dropout) {
  const std::string rate = write_number(dropout.rate);
  return dropout.kind == DropoutKind::inverted ? rate : rate + ":" + std::string(name(dropout.kind));
}

std::optional<double> as_share(const std::string& text) {
  double share = 0;
  const bool percent = text.ends_with('%');
  const char* const stop = text.data() + text.size() - (percent ? 1 : 0);
  const auto [end, error] = std::from_chars(text.data(), stop, share);
  if (text.empty() || error == std::errc::invalid_argument || end != stop) return std::nullopt;
  return error == std::errc() ? (percent ? share / 100 : share) : std::numeric_limits<double>::infinity();  // 1e999 is a number, if none that can be a share
}

}  // namespace chainrule::api
