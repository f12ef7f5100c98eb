// How many inputs each column becomes, where they begin, and what they are called.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "features/feature_set.h"

namespace chainrule::features {

/// A one-hot part of a date.
struct DatePart {
  std::string_view name;
  std::size_t inputs;
  std::size_t (*index)(double seconds) noexcept;  ///< below `inputs`
  std::string (*label)(std::size_t index);
};
/// month, weekday (Monday first), hour; in the order of their inputs.
const std::array<DatePart, 3>& date_parts() noexcept;
/// nullptr when there is no such part.
const DatePart* find_date_part(std::string_view name) noexcept;

/// Inputs of the column by its state; first_input is not looked at.
std::size_t input_count(const ColumnState& column) noexcept;
/// Fills first_input, inputs and input_names of everything: the dense block first, then the columns in order.
void lay_out_inputs(FeatureSet& features);

}  // namespace chainrule::features
