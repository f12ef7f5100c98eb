// Which style a column is written in: the one that all of its cells fit, judged by its distinct texts.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "chainrule/table.h"
#include "data/column_builder.h"
#include "data/dates.h"
#include "data/number_style.h"
#include "data/table.h"

namespace chainrule::data {

/// What the options leave to choose from, and what the rest of the file is like.
struct StyleRules {
  StyleSet numbers = kEveryStyle;
  std::optional<DateOrder> order;
  char file_mark = 0;  ///< the decimal mark that most values of some column certainly have; 0: none, or both

  /// Of what is left, the one for columns that show nothing.
  const NumberStyle& first() const;
};
/// Throws Error E0102 and E0120 for options that make no sense. file_mark stays open.
StyleRules style_rules(const ReadOptions& options);

/// The texts of a column with their cells.
struct CountedLevels {
  explicit CountedLevels(const Column& column);

  const std::vector<std::string>& texts;
  std::vector<std::size_t> cells, first_row;
  std::size_t all = 0;  ///< cells that are not missing
};

struct StyleFit {
  std::size_t fitting = 0, others = 0;  ///< cells
  NamedCell first_other;
};

struct NumberChoice : StyleFit {
  NumberStyle style;
  std::size_t out_of_range = 0;       ///< among the others
  NamedCell losing;                   ///< the first cell whose text says more than its number
  NamedCell example;                  ///< the first cell that is no plain number
  /// The column does not show which mark is which: `doubtful` may be read in the style `other` too. certain: nothing like that. likely: it
  /// is not worth more than a note. open: either may be meant.
  enum class Trust { certain, likely, open } trust = Trust::certain;
  NamedCell doubtful;
  NumberStyle other;
};
/// brackets_alone: (1), (2), ... are numbers even where no number is without brackets.
NumberChoice choose_number_style(const CountedLevels& levels, const StyleRules& rules, bool brackets_alone);

struct DateChoice : StyleFit {
  DateStyle style;
  DateOrders orders = 0;  ///< that all of these cells fit; more than one: open, `first` and `last` may be either
  bool open() const noexcept { return (orders & (orders - 1)) != 0; }
  NamedCell first, last;
  std::size_t clocks = 0, offsets = 0;  ///< cells with a time of day, with an offset from UTC
};
DateChoice choose_date_style(const CountedLevels& levels, const StyleRules& rules);

/// What stands behind most numbers and is no unit that is understood: "kg" of 12 kg.
struct UnknownUnit {
  std::string unit;
  std::size_t cells = 0;
  NamedCell first;
};
UnknownUnit find_unknown_unit(const CountedLevels& levels);

}  // namespace chainrule::data
