// Which saved level (or class) each row of a column has, whatever type the reader gave the column this time.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "data/table.h"

namespace chainrule::features {

/// A text matches the saved level of the same text; failing that, a number matches the only saved level that is the same number ("1" and "1.0").
class LevelIndex {
 public:
  explicit LevelIndex(const std::vector<std::string>& levels);
  /// Index into levels, -1 when none matches.
  std::int32_t find(const std::string& text) const;

 private:
  std::unordered_map<std::string, std::int32_t> by_text_;
  std::unordered_map<double, std::int32_t> by_number_;
};

/// Texts are compared once per distinct value, not once per row. The column must outlive this.
class LevelMatch {
 public:
  LevelMatch(const LevelIndex& index, const data::Column& column);
  LevelMatch(const std::vector<std::string>& levels, const data::Column& column) : LevelMatch(LevelIndex(levels), column) {}

  /// Index into levels, -1 when none matches. Missing matches the level "".
  std::int32_t index(std::size_t row) const noexcept { return by_code_[static_cast<std::size_t>(codes_[row] + 1)]; }
  /// The same in two steps: by_code()[codes()[row] + 1].
  const std::int32_t* codes() const noexcept { return codes_; }
  const std::vector<std::int32_t>& by_code() const noexcept { return by_code_; }

 private:
  void number_cells(const LevelIndex& index, const data::Column& column);

  const std::int32_t* codes_;           ///< of the column's cells, -1 is missing
  std::vector<std::int32_t> by_code_;   ///< one further on: missing comes first
  std::vector<std::int32_t> own_codes_; ///< numbers and dates: a code for each distinct value
};

}  // namespace chainrule::features
