// Hashing rows column by column.
#include "data/row_hash.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace chainrule::data {
namespace {

std::uint64_t number_word(double value) noexcept {
  if (std::isnan(value)) return 0x7ff8000000000000ull;
  if (value == 0) return 0;
  std::uint64_t word;
  std::memcpy(&word, &value, sizeof word);
  return word;
}

std::uint64_t hash_bytes(const std::uint8_t* at, std::size_t size) noexcept {
  std::uint64_t hash = 0x9e3779b97f4a7c15ull;
  for (; size > 0;) {
    std::uint64_t word = 0;
    const std::size_t part = std::min<std::size_t>(size, 8);
    std::memcpy(&word, at, part);
    hash = mix_hash(hash, word);
    at += part;
    size -= part;
  }
  return hash;
}

std::uint64_t hash_dense_row(const DenseBlock& dense, std::size_t row) noexcept {
  if (!dense.bytes.empty()) return hash_bytes(dense.bytes.data() + row * dense.columns, dense.columns);
  std::uint64_t hash = 1;
  for (std::size_t c = 0; c < dense.columns; ++c) {
    hash = mix_hash(hash, number_word(static_cast<double>(dense.values[row * dense.columns + c])));
  }
  return hash;
}

}  // namespace

std::vector<std::uint64_t> row_hashes(const Table& table) {
  std::vector<std::uint64_t> hashes(table.rows, 0);
  if (table.dense.columns > 0) {
    for (std::size_t r = 0; r < table.rows; ++r) hashes[r] = hash_dense_row(table.dense, r);
  }
  for (const Column& column : table.columns) {
    const bool text = column.type == ColumnType::categorical;
    for (std::size_t r = 0; r < table.rows; ++r) {
      const std::uint64_t word = text ? static_cast<std::uint32_t>(column.codes[r]) : number_word(column.numbers[r]);
      hashes[r] = mix_hash(hashes[r], word);
    }
  }
  return hashes;
}

std::size_t count_duplicates(std::vector<std::uint64_t> hashes) {
  std::sort(hashes.begin(), hashes.end());
  const auto distinct = std::unique(hashes.begin(), hashes.end());
  return static_cast<std::size_t>(hashes.end() - distinct);
}

}  // namespace chainrule::data
