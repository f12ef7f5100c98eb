// Which saved level (or class) each row of a column has, whatever type the reader gave the column this time.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "data/table.h"

namespace chainrule::features {

/// A text matches the saved level of the same text; failing that, a number matches the only saved level that is the same number ("1" and "1.0").
/// The column must outlive this.
class LevelMatch {
 public:
  LevelMatch(const std::vector<std::string>& levels, const data::Column& column);
  /// Index into levels, -1 when none matches. Missing matches the level "".
  std::int32_t index(std::size_t row) const noexcept;

 private:
  const data::Column& column_;
  std::int32_t missing_ = -1;
  std::vector<std::int32_t> by_code_;                     ///< categorical columns
  std::unordered_map<double, std::int32_t> by_value_;     ///< all others
};

}  // namespace chainrule::features
