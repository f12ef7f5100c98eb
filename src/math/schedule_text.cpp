// Schedules as text: "cosine:floor=0.01,warmup=0.05".
#include <charconv>
#include <cmath>
#include <vector>

#include "chainrule/error.h"
#include "math/schedules.h"

namespace chainrule::math {
namespace {

using Names = std::vector<std::string_view>;

struct NumberField {
  std::string_view key;
  double ScheduleSpec::*field;
};
constexpr NumberField kNumbers[] = {
    {"factor", &ScheduleSpec::factor},   {"period", &ScheduleSpec::period},       {"period_growth", &ScheduleSpec::period_growth},
    {"power", &ScheduleSpec::power},     {"floor", &ScheduleSpec::floor},         {"peak_at", &ScheduleSpec::peak_at},
    {"start_factor", &ScheduleSpec::start_factor}, {"patience", &ScheduleSpec::patience}, {"warmup", &ScheduleSpec::warmup},
};

/// The keys that mean something to a kind; any other is an error, not a silent nothing.
Names keys_of(ScheduleKind kind) {
  switch (kind) {
    case ScheduleKind::constant:
    case ScheduleKind::coslog4: return {"warmup"};
    case ScheduleKind::step: return {"factor", "period", "warmup"};
    case ScheduleKind::multi_step: return {"factor", "milestones", "warmup"};
    case ScheduleKind::exponential: return {"factor", "warmup"};
    case ScheduleKind::polynomial: return {"power", "floor", "warmup"};
    case ScheduleKind::inverse_time: return {"period", "warmup"};
    case ScheduleKind::cosine: return {"floor", "warmup"};
    case ScheduleKind::cosine_restarts: return {"period", "period_growth", "floor", "warmup"};
    case ScheduleKind::one_cycle: return {"peak_at", "start_factor", "floor", "warmup"};
    case ScheduleKind::flat_cos: return {"peak_at", "floor", "warmup"};
    case ScheduleKind::plateau: return {"factor", "patience", "floor", "warmup"};
  }
  return {};
}

bool contains(const Names& names, std::string_view name) {
  for (const auto known : names) {
    if (known == name) return true;
  }
  return false;
}

[[noreturn]] void unknown_key(ScheduleKind kind, std::string_view key, std::string_view where) {
  const Names known = keys_of(kind);
  std::string list;
  for (const auto k : known) list += (list.empty() ? "" : ", ") + std::string(k);
  const std::string nearest = nearest_name(key, known);
  throw Error("E0202", std::string(where), "schedule " + std::string(name(kind)) + " has no setting \"" + std::string(key) + "\"",
              (nearest.empty() ? "" : "did you mean \"" + nearest + "\"? ") + ("known: " + list));
}

double parse_number(std::string_view text, std::string_view key, std::string_view where) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    throw Error("E0214", std::string(where), "schedule setting " + std::string(key) + ": cannot read \"" + std::string(text) +
                "\" as a number", "write it like warmup=0.05");
  }
  return value;
}

/// The pieces of `text` between separators, empty ones too; at most `most` of them, the last holding the rest.
Names split(std::string_view text, char separator, std::size_t most = ~std::size_t{0}) {
  Names pieces;
  while (pieces.size() + 1 < most) {
    const std::size_t at = text.find(separator);
    if (at == std::string_view::npos) break;
    pieces.push_back(text.substr(0, at));
    text.remove_prefix(at + 1);
  }
  pieces.push_back(text);
  return pieces;
}

void set(ScheduleSpec& spec, std::string_view key, std::string_view value, std::string_view where) {
  if (!contains(keys_of(spec.kind), key)) unknown_key(spec.kind, key, where);
  if (key == "milestones") {
    spec.milestones.clear();
    for (const auto epoch : split(value, '+')) spec.milestones.push_back(parse_number(epoch, key, where));
    return;
  }
  for (const auto& number : kNumbers) {
    if (number.key == key) spec.*number.field = parse_number(value, key, where);
  }
}

/// The shortest digits; without the plus of 1e+09, which would part milestones.
std::string number_text(double value) {
  char buffer[40];
  const auto result = std::to_chars(buffer, buffer + sizeof buffer, value);
  std::string text(buffer, result.ptr);
  std::erase(text, '+');
  return text;
}

}  // namespace

ScheduleSpec parse_schedule(std::string_view text, std::string_view where) {
  ScheduleSpec spec;
  const Names parts = split(text, ':', 2);
  spec.kind = parse_kind<ScheduleKind>(parts[0], where);
  if (parts.size() == 1) return spec;
  for (const auto setting : split(parts[1], ',')) {
    const Names sides = split(setting, '=', 2);
    set(spec, sides[0], sides.size() == 2 ? sides[1] : "", where);
  }
  return spec;
}

std::string format_schedule(const ScheduleSpec& spec) {
  const Names keys = keys_of(spec.kind);
  std::string text(name(spec.kind));
  char separator = ':';
  const auto add = [&](std::string_view key, const std::string& value) {
    text += separator + std::string(key) + "=" + value;
    separator = ',';
  };
  const ScheduleSpec defaults;
  for (const auto& number : kNumbers) {
    if (contains(keys, number.key) && spec.*number.field != defaults.*number.field) add(number.key, number_text(spec.*number.field));
  }
  if (contains(keys, "milestones") && !spec.milestones.empty()) {
    std::string list;
    for (const double milestone : spec.milestones) list += (list.empty() ? "" : "+") + number_text(milestone);
    add("milestones", list);
  }
  return text;
}

}  // namespace chainrule::math
