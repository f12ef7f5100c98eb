// What the first records show of a column: how to begin reading it, and what the whole file's decimal mark may be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "data/missing_markers.h"

namespace chainrule::data {

/// Counts of cells.
struct ColumnGlance {
  std::uint32_t values = 0;
  std::uint32_t whole = 0;              ///< digits alone
  std::uint32_t points = 0, commas = 0; ///< numbers whose decimal mark this certainly is
  std::uint32_t plain_commas = 0;       ///< of those with a comma: without any other mark or sign
  std::uint32_t three_points = 0;       ///< numbers such as 1.070
  bool leading_zero = false;          ///< of a whole number
  std::shared_ptr<const std::string> comma_cell, three_cell; ///< the first of plain_commas, and of three_points; tables may have a million columns

  void add(std::string_view cell);
  /// Three digits stand behind every point: perhaps a mark between thousands.
  bool doubtful() const noexcept { return three_points > 0 && points == 0; }
};

std::vector<ColumnGlance> glance_at(const std::vector<std::vector<std::string_view>>& records, bool header, const MissingMarkers& missing);

/// The decimal mark that most values of some column certainly have; 0: there is no such column, or there are of both kinds.
char file_mark(const std::vector<ColumnGlance>& columns) noexcept;

}  // namespace chainrule::data
