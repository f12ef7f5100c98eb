// What is wrong with a table before any network sees it.
#include "api/data_checks.h"

#include <algorithm>
#include <cmath>

#include "api/column_leak.h"
#include "api/column_scale.h"
#include "data/row_hash.h"
#include "explain/finding_kinds.h"
#include "features/feature_set.h"

namespace chainrule::api {
namespace {

using explain::finding;
using explain::number_words;
using explain::Verdict;

constexpr double kLeakFailure = 0.999, kLeakWarning = 0.99;
constexpr std::size_t kStrayCells = 3, kPlacesNamed = 3;
constexpr double kStrayShare = 0.005, kMostlyMissing = 0.5;
constexpr double kDuplicateLimit = 0.01, kOverlapFailure = 0.1;
constexpr double kIdentifying = 0.5;  // share of distinct values that makes equal rows copies, not coincidences
constexpr std::size_t kManyClasses = 50;
constexpr double kRowsPerClass = 5;

std::string quoted(const std::string& text) { return "\"" + text + "\""; }

bool is_input(const DataSubject& subject, const data::Column& column) {
  return column.name != subject.target && std::find(subject.ignored.begin(), subject.ignored.end(), column.name) == subject.ignored.end();
}

std::vector<double> sorted_numbers(const data::Column& column, std::span<const std::uint32_t> rows) {
  std::vector<double> values;
  for (const std::uint32_t row : rows) {
    if (!column.missing(row)) values.push_back(column.type == data::ColumnType::categorical ? column.codes[row] : column.numbers[row]);
  }
  std::sort(values.begin(), values.end());
  return values;
}

std::size_t count_distinct(std::vector<double> sorted) {
  return static_cast<std::size_t>(std::unique(sorted.begin(), sorted.end()) - sorted.begin());
}

// ---- target and loss ----

CheckItem wrong_loss_item(const DataSubject& subject) {
  const data::Column& target = subject.table.columns[subject.table.find_column(subject.target)];
  const std::vector<double> values = sorted_numbers(target, subject.rows);
  const std::size_t distinct = count_distinct(values);
  const double rows = static_cast<double>(values.size());
  const std::string loss(name(subject.loss)), what = quoted(subject.target) + " has " + std::to_string(distinct) + " distinct values";
  if (subject.classification) {
    const bool fractions = target.type == data::ColumnType::numeric && !target.integers;
    const bool continuous = distinct > kManyClasses && (fractions || rows < kRowsPerClass * static_cast<double>(distinct));
    const std::string detail = what + ", and " + loss + " takes each for a class of its own";
    if (continuous || distinct <= kManyClasses) {
      return finding("wrong_loss", continuous ? Verdict::failed : Verdict::passed, static_cast<double>(distinct), kManyClasses, detail);
    }
    const double each = rows / static_cast<double>(distinct);
    return finding("wrong_loss", Verdict::passed, each, kRowsPerClass, detail + ", of " + number_words(each) + " rows on average", true);
  }
  const features::TaskChoice choice = features::choose_task(target);
  // Few whole numbers may be counts (poisson) or grades; two values are classes whatever they are called.
  const bool classes = distinct <= 2 || (choice.classification && subject.loss != Loss::poisson);
  const Verdict verdict = distinct <= 2 ? Verdict::failed : classes ? Verdict::warning : Verdict::passed;
  // Of a warning the classes that describe a quantity are too few, whatever their number.
  const double least = verdict == Verdict::failed ? 2 : verdict == Verdict::warning ? static_cast<double>(distinct) : 3;
  return finding("wrong_loss", verdict, static_cast<double>(distinct), least, what + ", and " + loss + " takes them for a quantity", true);
}

CheckItem leak_item(const DataSubject& subject) {
  const std::vector<ColumnSkill> skills =
      column_skills(subject.table, subject.rows, subject.target, subject.classification, subject.ignored);
  if (skills.empty()) return finding("leak", Verdict::passed, 0, 0, "too few rows to tell");
  const ColumnSkill& best = skills.front();
  if (skills.size() == 1) return finding("leak", Verdict::passed, 0, 0, "there is only one column to predict from");
  const Verdict verdict = best.skill >= kLeakFailure ? Verdict::failed : best.skill >= kLeakWarning ? Verdict::warning : Verdict::passed;
  std::string detail = "column " + quoted(best.column) + " alone reaches " + number_words(best.skill) + ", the next best " +
                       number_words(skills[1].skill) + " (" + quoted(skills[1].column) + ")";
  return finding("leak", verdict, best.skill, verdict == Verdict::failed ? kLeakFailure : kLeakWarning, detail);
}

// ---- columns ----

CheckItem constant_item(const DataSubject& subject) {
  std::size_t count = 0;
  std::string names;
  for (const data::Column& column : subject.table.columns) {
    if (!is_input(subject, column)) continue;
    const std::vector<double> values = sorted_numbers(column, subject.rows);
    const bool varies = !values.empty() && (values.front() != values.back() || values.size() < subject.rows.size());
    if (varies) continue;
    names += (count == 0 ? "" : ", ") + quoted(column.name) + (values.empty() ? " (empty)" : " (always " + column.text(subject.rows[0]) + ")");
    ++count;
  }
  return finding("constant_column", count > 0 ? Verdict::warning : Verdict::passed, static_cast<double>(count), 0,
                 count > 0 ? names : "no column is the same in every row");
}

CheckItem unscaled_item(const DataSubject& subject) {
  std::vector<const data::Column*> inputs;
  for (const data::Column& column : subject.table.columns) {
    if (is_input(subject, column) && column.type == data::ColumnType::numeric) inputs.push_back(&column);
  }
  const ScaleFinding worst = worst_scale(inputs, subject.rows, subject.samples, subject.input_names, subject.table);
  const Verdict verdict = worst.value >= worst.failure ? Verdict::failed : worst.value >= worst.limit ? Verdict::warning : Verdict::passed;
  return finding("unscaled_column", verdict, worst.value, verdict == Verdict::failed ? worst.failure : worst.limit, worst.detail);
}

std::string missing_places(const data::Table& table, const data::Column& column) {
  std::string places;
  std::size_t named = 0;
  for (std::size_t row = 0; row < table.rows && named < kPlacesNamed; ++row) {
    if (column.missing(row)) places += (named++ == 0 ? "" : ", ") + std::to_string(table.line(row));
  }
  return places;
}

CheckItem missing_item(const DataSubject& subject) {
  const data::Table& table = subject.table;
  std::size_t cells = 0, all = 0;
  std::string places;
  for (const data::Column& column : table.columns) {
    std::size_t missing = 0;
    for (std::size_t row = 0; row < table.rows; ++row) missing += column.missing(row);
    all += missing;
    const double share = static_cast<double>(missing) / static_cast<double>(table.rows);
    const bool stray = missing > 0 && missing <= kStrayCells && share <= kStrayShare, hollow = share > kMostlyMissing && missing < table.rows;
    if (!stray && !hollow) continue;
    cells += missing;
    places += (places.empty() ? "" : "; ") + quoted(column.name);
    if (hollow) places += ": " + number_words(100 * share) + " % missing";
    else places += (missing == 1 ? ": line " : ": lines ") + missing_places(table, column);
  }
  std::size_t dense = 0;
  for (const float value : table.dense.values) dense += std::isnan(value);
  const bool stray_dense = dense > 0 && dense <= kStrayCells;
  if (stray_dense) places += (places.empty() ? "" : "; ") + std::to_string(dense) + " numbers of the array", cells += dense;
  if (cells == 0) places = std::to_string(all + dense) + " cells are missing, none of them astray";
  return finding("missing_cells", cells > 0 ? Verdict::warning : Verdict::passed, static_cast<double>(cells), 0, places);
}

// ---- rows ----

/// Some column tells nearly every row apart, so that equal rows are copies and not coincidences.
bool rows_are_individual(const DataSubject& subject, std::size_t distinct_rows) {
  if (subject.table.dense.columns > 0) return true;
  for (const data::Column& column : subject.table.columns) {
    const double distinct = static_cast<double>(count_distinct(sorted_numbers(column, subject.rows)));
    if (distinct >= kIdentifying * static_cast<double>(std::min(distinct_rows, subject.rows.size()))) return true;
  }
  return false;
}

CheckItem duplicate_item(const DataSubject& subject) {
  const std::size_t rows = subject.table.rows, repeated = data::count_duplicates(data::row_hashes(subject.table));
  const double share = rows > 0 ? static_cast<double>(repeated) / static_cast<double>(rows) : 0;
  const bool copies = repeated > 0 && rows_are_individual(subject, rows - repeated);
  std::string detail = std::to_string(repeated) + " of " + std::to_string(rows) + " rows repeat an earlier one";
  if (repeated > 0 && !copies) detail += ", as is to be expected with so few distinct values";
  return finding("duplicate_rows", copies && share >= kDuplicateLimit ? Verdict::warning : Verdict::passed, copies ? share : 0, kDuplicateLimit, detail);
}

CheckItem overlap_item(const DataSubject& subject) {
  const double share = static_cast<double>(subject.overlapping) / static_cast<double>(subject.held_out);
  const std::size_t repeated = data::count_duplicates(data::row_hashes(subject.table));
  const bool copies = subject.overlapping > 0 && rows_are_individual(subject, subject.table.rows - repeated);
  const Verdict verdict = !copies || share < kDuplicateLimit ? Verdict::passed : share >= kOverlapFailure ? Verdict::failed : Verdict::warning;
  return finding("split_overlap", verdict, copies ? share : 0, verdict == Verdict::failed ? kOverlapFailure : kDuplicateLimit,
                 std::to_string(subject.overlapping) + " of " + std::to_string(subject.held_out) + " rows held out are training rows too");
}

}  // namespace

std::vector<CheckItem> check_data(const DataSubject& subject) {
  std::vector<CheckItem> items = {wrong_loss_item(subject), leak_item(subject),    constant_item(subject),
                                  unscaled_item(subject),   missing_item(subject), duplicate_item(subject)};
  if (subject.held_out > 0) items.push_back(overlap_item(subject));
  return items;
}

}  // namespace chainrule::api
