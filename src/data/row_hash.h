// A 64-bit hash of every row, to find rows that occur twice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "data/table.h"

namespace chainrule::data {

/// Folds one word into a hash (multiply and fold of a 128-bit product); not for adversaries.
inline std::uint64_t mix_hash(std::uint64_t hash, std::uint64_t word) noexcept {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(hash ^ word ^ 0xa0761d6478bd642full) * 0xe7037ed1a0b428dbull;
  return static_cast<std::uint64_t>(product >> 64) ^ static_cast<std::uint64_t>(product);
}

/// One hash per row over all cells; equal rows hash equally (0 equals -0, missing equals missing), also in tables with the same columns.
std::vector<std::uint64_t> row_hashes(const Table& table);

/// Rows of `table` that occur, cell for cell, among `rows` of `other`. Columns are matched by name, those of `other` that `table` lacks
/// make every row differ. A table without a header is matched by position.
std::size_t count_rows_also_in(const Table& table, const Table& other, std::span<const std::uint32_t> rows);

/// How many rows repeat an earlier row.
std::size_t count_duplicates(std::vector<std::uint64_t> hashes);

}  // namespace chainrule::data
