// The order of inputs follows from the column states alone, so files need not store it.
#include "features/input_layout.h"

#include <chrono>
#include <cmath>

namespace chainrule::features {
namespace {

using std::chrono::floor;

/// Dates beyond what the calendar below can count are held at its ends (years -32000 to 32000).
std::chrono::seconds to_seconds(double seconds) noexcept {
  constexpr double kLimit = 9.4e11;
  return std::chrono::seconds(static_cast<std::int64_t>(std::floor(std::min(std::max(seconds, -kLimit), kLimit))));
}

std::chrono::sys_days day_of(double seconds) noexcept {
  return std::chrono::sys_days(floor<std::chrono::days>(to_seconds(seconds)));
}

std::size_t month_of(double seconds) noexcept { return static_cast<unsigned>(std::chrono::year_month_day(day_of(seconds)).month()) - 1; }

std::size_t weekday_of(double seconds) noexcept { return std::chrono::weekday(day_of(seconds)).iso_encoding() - 1; }

std::size_t hour_of(double seconds) noexcept {
  const auto second_of_day = to_seconds(seconds) - floor<std::chrono::days>(to_seconds(seconds));
  return static_cast<std::size_t>(second_of_day.count() / 3600);
}

std::string number_label(std::size_t index) { return std::to_string(index); }
std::string month_label(std::size_t index) { return std::to_string(index + 1); }
std::string weekday_label(std::size_t index) {
  constexpr const char* kDays[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
  return kDays[index];
}

void name_category_inputs(const ColumnState& column, std::vector<std::string>& names) {
  for (const std::string& level : column.levels) names.push_back(column.name + (level.empty() ? " missing" : "=" + level));
  if (column.other) names.push_back(column.name + " other");
}

void name_number_inputs(const ColumnState& column, std::vector<std::string>& names) {
  if (column.scale != 0) names.push_back(column.name);
  for (const std::string& part_name : column.levels) {
    const DatePart& part = *find_date_part(part_name);
    for (std::size_t i = 0; i < part.inputs; ++i) names.push_back(column.name + " " + part_name + "=" + part.label(i));
  }
  if (column.indicator) names.push_back(column.name + " missing");
}

}  // namespace

const std::array<DatePart, 3>& date_parts() noexcept {
  static constexpr std::array<DatePart, 3> kParts = {{
      {"month", 12, month_of, month_label},
      {"weekday", 7, weekday_of, weekday_label},
      {"hour", 24, hour_of, number_label},
  }};
  return kParts;
}

const DatePart* find_date_part(std::string_view name) noexcept {
  for (const DatePart& part : date_parts()) {
    if (part.name == name) return &part;
  }
  return nullptr;
}

std::size_t input_count(const ColumnState& column) noexcept {
  if (column.type == data::ColumnType::categorical) return column.levels.size() + (column.other ? 1 : 0);
  std::size_t count = (column.scale != 0 ? 1 : 0) + (column.indicator ? 1 : 0);
  for (const std::string& part : column.levels) count += find_date_part(part)->inputs;
  return count;
}

void lay_out_inputs(FeatureSet& features) {
  features.input_names.clear();
  features.dense.first_input = 0;
  for (std::size_t j = 0; j < features.dense.columns; ++j) features.input_names.push_back(features.dense.name(j));
  for (ColumnState& column : features.columns) {
    column.first_input = features.input_names.size();
    column.inputs = input_count(column);
    const bool category = column.type == data::ColumnType::categorical;
    (category ? name_category_inputs : name_number_inputs)(column, features.input_names);
  }
  features.inputs = features.input_names.size();
}

}  // namespace chainrule::features
