// Hashing rows column by column.
#include "data/row_hash.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <unordered_set>

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

/// One word per level; -1, missing, is the last.
std::vector<std::uint64_t> level_words(const Column& column) {
  std::vector<std::uint64_t> words;
  for (const std::string& level : column.levels) words.push_back(hash_bytes(reinterpret_cast<const std::uint8_t*>(level.data()), level.size()));
  words.push_back(number_word(NAN));
  return words;
}

void add_column(std::vector<std::uint64_t>& hashes, const Column& column) {
  if (column.type != ColumnType::categorical) {
    for (std::size_t r = 0; r < hashes.size(); ++r) hashes[r] = mix_hash(hashes[r], number_word(column.numbers[r]));
    return;
  }
  const std::vector<std::uint64_t> words = level_words(column);
  for (std::size_t r = 0; r < hashes.size(); ++r) {
    hashes[r] = mix_hash(hashes[r], words[column.codes[r] < 0 ? column.levels.size() : static_cast<std::size_t>(column.codes[r])]);
  }
}

std::vector<std::uint64_t> hashes_of(const Table& table, std::span<const Column* const> columns) {
  std::vector<std::uint64_t> hashes(table.rows, 0);
  if (table.dense.columns > 0) {
    for (std::size_t r = 0; r < table.rows; ++r) hashes[r] = hash_dense_row(table.dense, r);
  }
  for (const Column* column : columns) add_column(hashes, *column);
  return hashes;
}

std::vector<const Column*> columns_of(const Table& table) {
  std::vector<const Column*> columns;
  for (const Column& column : table.columns) columns.push_back(&column);
  return columns;
}

/// The columns of `table` in the order of `other`'s; shorter when one is missing.
std::vector<const Column*> matching_columns(const Table& table, const Table& other) {
  if (!table.has_header || !other.has_header) return columns_of(table);
  std::vector<const Column*> columns;
  for (const Column& wanted : other.columns) {
    for (const Column& column : table.columns) {
      if (column.name == wanted.name) columns.push_back(&column);
    }
  }
  return columns;
}

}  // namespace

std::vector<std::uint64_t> row_hashes(const Table& table) { return hashes_of(table, columns_of(table)); }

std::size_t count_rows_also_in(const Table& table, const Table& other, std::span<const std::uint32_t> rows) {
  const std::vector<const Column*> columns = matching_columns(table, other);
  if (columns.size() != other.columns.size() || table.dense.columns != other.dense.columns) return 0;
  const std::vector<std::uint64_t> others = row_hashes(other);
  std::unordered_set<std::uint64_t> known;
  known.reserve(rows.size());
  for (const std::uint32_t row : rows) known.insert(others[row]);
  std::size_t count = 0;
  for (const std::uint64_t hash : hashes_of(table, columns)) count += known.count(hash);
  return count;
}

std::size_t count_duplicates(std::vector<std::uint64_t> hashes) {
  std::sort(hashes.begin(), hashes.end());
  const auto distinct = std::unique(hashes.begin(), hashes.end());
  return static_cast<std::size_t>(hashes.end() - distinct);
}

}  // namespace chainrule::data
