// The four ways to split.
#include "data/split.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <unordered_set>

#include "chainrule/error.h"
#include "data/batch_order.h"
#include "data/row_hash.h"

namespace chainrule::data {
namespace {

using Rows = std::vector<std::uint32_t>;

struct Sizes {
  std::size_t validation = 0, test = 0;
};

std::size_t part_size(std::size_t rows, double share) {
  if (share <= 0) return 0;
  return std::max<std::size_t>(1, static_cast<std::size_t>(std::llround(share * static_cast<double>(rows))));
}

Sizes wanted_sizes(std::size_t rows, const SplitRequest& request) {
  const bool good = request.validation >= 0 && request.test >= 0 && request.validation + request.test < 1;
  if (!good) throw Error("E0102", "split", "shares must be at least 0 and together below 1", "for example --validation 0.15 --test 0.15");
  const Sizes sizes{part_size(rows, request.validation), part_size(rows, request.test)};
  if (sizes.validation + sizes.test >= rows) {
    throw Error("E0326", "split", std::to_string(rows) + " rows are too few for this split", "give smaller shares, or more rows");
  }
  return sizes;
}

Rows all_rows(std::size_t rows) {
  Rows order(rows);
  std::iota(order.begin(), order.end(), 0u);
  return order;
}

DrawPlace split_place(const SplitRequest& request) { return {request.seed, Purpose::split, 0, 0, 0}; }

// The first rows of `order` become test, the next validation, the rest training.
void deal(Split& split, std::span<const std::uint32_t> order, const Sizes& sizes) {
  const auto test_end = order.begin() + static_cast<std::ptrdiff_t>(sizes.test);
  const auto validation_end = test_end + static_cast<std::ptrdiff_t>(sizes.validation);
  split.test.insert(split.test.end(), order.begin(), test_end);
  split.validation.insert(split.validation.end(), test_end, validation_end);
  split.train.insert(split.train.end(), validation_end, order.end());
}

// Shares `total` among classes in proportion to `available`, leftovers to the largest remainders (the first class at a tie).
std::vector<std::size_t> apportion(const std::vector<std::size_t>& available, std::size_t total) {
  const std::size_t all = std::accumulate(available.begin(), available.end(), std::size_t{0});
  std::vector<std::size_t> parts(available.size()), order(available.size());
  std::vector<std::size_t> remainders(available.size());
  std::size_t given = 0;
  for (std::size_t c = 0; c < available.size(); ++c) {
    parts[c] = available[c] * total / all;  // below 2^64: both factors are row counts below 2^32
    remainders[c] = available[c] * total % all;
    order[c] = c;
    given += parts[c];
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return remainders[a] > remainders[b]; });
  for (std::size_t i = 0; given < total; ++i, ++given) ++parts[order[i]];
  return parts;
}

void split_stratified(Split& split, const Rows& shuffled, const Sizes& sizes, std::span<const std::int32_t> classes) {
  std::map<std::int32_t, Rows> strata;
  for (std::uint32_t row : shuffled) strata[classes[row]].push_back(row);
  std::vector<std::size_t> available;
  for (const auto& [label, rows] : strata) available.push_back(rows.size());
  const std::vector<std::size_t> test = apportion(available, sizes.test);
  for (std::size_t c = 0; c < available.size(); ++c) available[c] -= test[c];
  const std::vector<std::size_t> validation = apportion(available, sizes.validation);
  std::size_t c = 0;
  for (const auto& [label, rows] : strata) {
    deal(split, rows, {validation[c], test[c]});
    ++c;
  }
}

const Column& split_column(const Table& table, const SplitRequest& request) {
  const Column& column = table.columns[table.find_column(request.column)];
  for (std::size_t row = 0; row < table.rows; ++row) {
    if (column.missing(row)) {
      throw Error("E0323", table.source + " line " + std::to_string(table.line(row)), "no value in the split column \"" + column.name + "\"",
                  "fill it in, or drop the row");
    }
  }
  return column;
}

// Moves a cut down to where its time begins, so that rows of one time stay in one part.
std::size_t start_of_time(const Rows& order, const Column& column, std::size_t cut) {
  while (cut > 0 && cut < order.size() && column.numbers[order[cut - 1]] == column.numbers[order[cut]]) --cut;
  return cut;
}

// The rows as they lie in the table: first training, then validation, then test.
void split_in_order(Split& split, std::size_t rows, const Sizes& sizes) {
  Rows order = all_rows(rows);
  std::reverse(order.begin(), order.end());
  deal(split, order, sizes);
}

void split_by_time(Split& split, const Table& table, const SplitRequest& request, const Sizes& sizes) {
  if (request.column.empty()) return split_in_order(split, table.rows, sizes);
  const Column& column = split_column(table, request);
  if (column.doubt) throw Error(*column.doubt);
  if (column.type == ColumnType::categorical) {
    throw Error("E0324", table.source, "the split column \"" + column.name + "\" is text, not a time", "name a numeric or date column");
  }
  Rows order = all_rows(table.rows);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return column.numbers[a] < column.numbers[b]; });
  const std::size_t test_start = start_of_time(order, column, table.rows - sizes.test);
  const std::size_t wanted = test_start - std::min(test_start, sizes.validation);
  const std::size_t validation_start = sizes.validation == 0 ? test_start : start_of_time(order, column, wanted);
  split.train.assign(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(validation_start));
  split.validation.assign(order.begin() + static_cast<std::ptrdiff_t>(validation_start), order.begin() + static_cast<std::ptrdiff_t>(test_start));
  split.test.assign(order.begin() + static_cast<std::ptrdiff_t>(test_start), order.end());
}

// Groups in order of first appearance.
std::vector<Rows> collect_groups(const Table& table, const Column& column) {
  std::map<double, std::size_t> known;
  std::vector<Rows> groups;
  for (std::size_t row = 0; row < table.rows; ++row) {
    const double key = column.has_texts() ? column.codes[row] : column.numbers[row];
    const auto [place, fresh] = known.emplace(key, groups.size());
    if (fresh) groups.emplace_back();
    groups[place->second].push_back(static_cast<std::uint32_t>(row));
  }
  return groups;
}

void split_by_group(Split& split, const Table& table, const SplitRequest& request, const Sizes& sizes) {
  const std::vector<Rows> groups = collect_groups(table, split_column(table, request));
  const std::size_t parts = 1 + (sizes.validation > 0 ? 1 : 0) + (sizes.test > 0 ? 1 : 0);
  if (groups.size() < parts) {
    throw Error("E0325", table.source, std::to_string(groups.size()) + " groups in \"" + request.column + "\" for " + std::to_string(parts) + " parts",
                "split by another column, or leave out a part");
  }
  Rows order = all_rows(groups.size());
  shuffle(order, split_place(request));
  std::size_t later = parts - 1;  // parts behind the present one that still need a group
  Rows* part = sizes.test > 0 ? &split.test : sizes.validation > 0 ? &split.validation : &split.train;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::size_t wanted = part == &split.test ? sizes.test : sizes.validation;
    const bool full = !part->empty() && (part->size() >= wanted || order.size() - i <= later);
    if (part != &split.train && full) {
      part = part == &split.test && sizes.validation > 0 ? &split.validation : &split.train;
      --later;
    }
    part->insert(part->end(), groups[order[i]].begin(), groups[order[i]].end());
  }
}

void check_parts(const Split& split, const Sizes& sizes, const Table& table) {
  const bool empty = split.train.empty() || (sizes.validation > 0 && split.validation.empty()) || (sizes.test > 0 && split.test.empty());
  if (empty) throw Error("E0326", table.source, "the split leaves a part without rows", "give other shares, or another column");
}

}  // namespace

Split split_rows(const Table& table, const SplitRequest& request, std::span<const std::int32_t> classes) {
  const Sizes sizes = wanted_sizes(table.rows, request);
  Split split;
  split.kind = request.kind != SplitKind::automatic ? request.kind : classes.empty() ? SplitKind::random : SplitKind::stratified;
  if (split.kind == SplitKind::stratified && classes.empty()) {
    throw Error("E0102", "split", "a stratified split needs a classification target", "use --split random");
  }
  if (split.kind == SplitKind::time) {
    split_by_time(split, table, request, sizes);
  } else if (split.kind == SplitKind::group) {
    split_by_group(split, table, request, sizes);
  } else {
    Rows order = all_rows(table.rows);
    shuffle(order, split_place(request));
    if (split.kind == SplitKind::stratified) split_stratified(split, order, sizes, classes);
    else deal(split, order, sizes);
  }
  check_parts(split, sizes, table);
  for (Rows* part : {&split.train, &split.validation, &split.test}) std::sort(part->begin(), part->end());
  split.duplicate_rows_across = count_duplicates_across(table, split);
  return split;
}

std::size_t count_duplicates_across(const Table& table, const Split& split) {
  if (split.validation.empty() && split.test.empty()) return 0;
  const std::vector<std::uint64_t> hashes = row_hashes(table);
  std::unordered_set<std::uint64_t> trained;
  trained.reserve(split.train.size());
  for (std::uint32_t row : split.train) trained.insert(hashes[row]);
  std::size_t count = 0;
  for (const Rows* part : {&split.validation, &split.test}) {
    for (std::uint32_t row : *part) count += trained.count(hashes[row]);
  }
  return count;
}

}  // namespace chainrule::data
