// Collecting the cells of one column.
#include "data/column_builder.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "data/csv_scanner.h"

namespace chainrule::data {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kSlowRows = 16;
constexpr std::size_t kFewestBytesForKnown = std::size_t{4} << 10;  // KnownLevels takes 8 KB, which many short columns have not
constexpr std::size_t kLongestShown = 60;  // bytes of a cell that an error shows

// Whole or missing. From 2^52 on doubles have no fraction.
bool is_whole(double value) noexcept {
  constexpr double kAllWhole = 4503599627370496.0;
  return !(std::abs(value) < kAllWhole) || value == static_cast<double>(static_cast<std::int64_t>(value));
}

bool are_whole(const double* values, std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    if (!is_whole(values[i])) return false;
  }
  return true;
}

}  // namespace

void remember_cell(NamedCell& cell, std::size_t row, std::string_view text) {
  if (cell.row != NamedCell::kNone) return;
  cell.row = row;
  if (text.size() <= kLongestShown) {
    cell.text = text;
    return;
  }
  std::size_t size = kLongestShown;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0u) == 0x80u) --size;  // do not cut a character
  cell.text = std::string(text.substr(0, size)) + "...";
}

ColumnBuilder::ColumnBuilder(const ColumnManner& manner, std::size_t bytes) noexcept
    : manner_(manner), keeps_levels_(bytes >= kFewestBytesForKnown) {}

// Most cells are plain numbers in any style.
ParsedNumber ColumnBuilder::parse(std::string_view cell) const noexcept {
  if (reads_plain_numbers()) {
    const ParsedNumber plain = parse_number(cell, manner_.decimal);
    if (manner_.style == nullptr || plain.kind == CellKind::number) return plain;
  }
  return parse_number(cell, *manner_.style);
}

// No loop for plain numbers takes as many digits as go beyond 2^53, so these are seen in every column.
void ColumnBuilder::watch(std::string_view cell) {
  loses_digits_ = loses_digits_ || is_beyond_doubles(cell) || (manner_.watched && has_leading_zero(cell));
}

// Any number or missing cell, else false.
inline bool ColumnBuilder::read_cell(std::string_view cell, const MissingMarkers& missing, MissingCounts& counts, double& value, std::size_t& missed) {
  value = kMissing;
  if (missing.meet(cell, counts)) {
    ++missed;
    return true;
  }
  bool number = reads_plain_numbers() && parse_short_number(cell, manner_.decimal, value);
  if (!number) {
    const ParsedNumber parsed = manner_.style == nullptr ? parse_number(cell, manner_.decimal) : parse(cell);
    value = parsed.value;
    number = parsed.kind == CellKind::number;
  }
  if (manner_.watched || std::abs(value) >= kAllDigitsHeld) watch(cell);
  return number;
}

void ColumnBuilder::note_marker(std::size_t row, std::string_view cell) {
  if (cell.empty() || first_marker_ != nullptr) return;
  first_marker_ = std::make_shared<NamedCell>();
  remember_cell(*first_marker_, row, cell);
}

void ColumnBuilder::add_missing(std::string_view cell) {
  const std::size_t row = state_ == State::only_missing ? missing_before_ : state_ == State::numbers ? values_.size() : codes_.size();
  note_marker(row, cell);
  switch (state_) {
    case State::only_missing: ++missing_before_; break;
    case State::numbers: values_.push_back(kMissing); break;
    case State::texts: codes_.push_back(-1); break;
  }
}

void ColumnBuilder::add_fields(const PlainRecords& records, std::size_t column, const MissingMarkers& missing, MissingCounts& counts,
                               const FieldKernels& kernels) {
  for (std::size_t row = 0; row < records.rows;) {
    if (state_ == State::texts) return add_texts(records, column, row, missing, counts);
    if (state_ == State::numbers && !missing.number_among_them() && reads_plain_numbers()) row = add_numbers(records, column, row, missing, counts, kernels);
    if (row < records.rows) add(text_of(records, row++, column), missing, counts);
    if (state_ != State::texts) copies_.clear();  // nobody kept a view
  }
}

// Up to the first cell that is neither a finite number nor missing; the result is its row. Where the fast loop got nowhere, the next cells
// are read without it.
std::size_t ColumnBuilder::add_numbers(const PlainRecords& records, std::size_t column, std::size_t row, const MissingMarkers& missing,
                                       MissingCounts& counts, const FieldKernels& kernels) {
  const std::size_t before = values_.size(), first_row = row;
  values_.resize(before + records.rows - row);
  double* const to = values_.data() + before;
  const FieldColumn fields = records.column(column);
  bool may_be_broken = false, number = true;
  std::size_t missed = 0;
  while (number && row < records.rows) {
    const FieldColumn rest = {fields.text, fields.stops + row * fields.stride, fields.stride, fields.tail};
    const NumberCount count = kernels.read_numbers(rest, records.rows - row, manner_.decimal, to + (row - first_row));
    may_be_broken |= count.fractions;
    missed += count.empty;
    counts.empty += count.empty;
    row += count.rows;
    for (const std::size_t stop = std::min(records.rows, row + (count.rows == 0 ? kSlowRows : 1)); number && row < stop; row += number) {
      const std::string_view cell = text_of(records, row, column);
      const std::size_t missed_before = missed;
      number = read_cell(cell, missing, counts, to[row - first_row], missed);
      if (missed != missed_before) note_marker(before + row - first_row, cell);
      may_be_broken = true;
    }
  }
  values_.resize(before + row - first_row);
  numbers_seen_ += row - first_row - missed;
  if (manner_.watched && !loses_digits_) {
    for (std::size_t seen = first_row; seen < row; ++seen) {
      if (fields.begin(seen) != fields.end(seen) && *fields.begin(seen) <= '0') watch(text_of(records, seen, column));
    }
  }
  if (whole_ && may_be_broken) whole_ = are_whole(to, row - first_row);
  return row;
}

void ColumnBuilder::add_texts(const PlainRecords& records, std::size_t column, std::size_t row, const MissingMarkers& missing,
                              MissingCounts& counts) {
  const std::size_t before = codes_.size();
  codes_.resize(before + records.rows - row);
  std::int32_t* const to = codes_.data() + before;
  const FieldColumn fields = records.column(column);
  for (const std::size_t first_row = row; row < records.rows;) {
    const KnownLevels::Read read = known_.read(fields, row, records.rows, to + (row - first_row));
    numbers_seen_ += read.numbers;
    texts_seen_ += read.rows - read.numbers;
    row += read.rows;
    if (row == records.rows) return;
    to[row - first_row] = add_plain_text(records, column, row, before + (row - first_row), missing, counts);
    ++row;
  }
}

// `index`: the row in the table.
std::int32_t ColumnBuilder::add_plain_text(const PlainRecords& records, std::size_t column, std::size_t row, std::size_t index,
                                           const MissingMarkers& missing, MissingCounts& counts) {
  const std::string_view cell = text_of(records, row, column);
  if (missing.meet(cell, counts)) {
    note_marker(index, cell);
    return -1;
  }
  const bool copied = cell.data() < records.text || cell.data() >= records.text + records.bytes;
  const std::int32_t code = copied ? levels_.code(cell) : levels_.code_readable(cell);
  const auto level = static_cast<std::size_t>(code);
  if (level == level_is_number_.size()) note_level(cell, index);
  else if (copied) copies_.pop_front();
  ++(level_is_number_[level] != 0 ? numbers_seen_ : texts_seen_);
  if (keeps_levels_) known_.keep(records.column(column), row, code, level_is_number_[level]);
  return code;
}

// The cell with single quotes; what had doubled ones is kept in copies_.
std::string_view ColumnBuilder::text_of(const PlainRecords& records, std::size_t row, std::size_t column) {
  const std::string_view cell = records.cell(row, column);
  if (!records.doubled || cell.find('"') == std::string_view::npos) return cell;
  return copies_.emplace_front(without_doubled_quotes(cell));
}

void ColumnBuilder::add_value(std::string_view cell) {
  if (state_ == State::only_missing) {
    const bool text = manner_.wish == ColumnWish::categorical ||
                      (manner_.wish != ColumnWish::numeric && manner_.style == nullptr && parse_number(cell, manner_.decimal).kind == CellKind::text);
    state_ = text ? State::texts : State::numbers;
    if (text) codes_.assign(missing_before_, -1);
    else values_.assign(missing_before_, kMissing);
  }
  if (state_ == State::numbers) add_number(cell);
  else add_text(cell);
}

void ColumnBuilder::reserve(std::size_t rows) {
  if (state_ == State::numbers) values_.reserve(rows);
  if (state_ == State::texts) codes_.reserve(rows);
}

void ColumnBuilder::add_number(std::string_view cell) {
  ParsedNumber parsed{CellKind::number, 0};
  if (!reads_plain_numbers() || !parse_short_number(cell, manner_.decimal, parsed.value)) parsed = parse(cell);
  if (manner_.watched || std::abs(parsed.value) >= kAllDigitsHeld) watch(cell);
  if (parsed.kind == CellKind::number) {
    ++numbers_seen_;
    whole_ = whole_ && is_whole(parsed.value);
    values_.push_back(parsed.value);
    return;
  }
  if (parsed.kind == CellKind::out_of_range) {
    ++numbers_seen_;
    remember_cell(first_out_of_range_, values_.size(), cell);
  } else {
    ++texts_seen_;
    remember_cell(first_text_, values_.size(), cell);
  }
  values_.push_back(kMissing);
}

// Whether a level is a number is found out once, when it is new.
void ColumnBuilder::note_level(std::string_view level, std::size_t row) {
  const bool is_number = parse_number(level, manner_.decimal).kind != CellKind::text;
  level_is_number_.push_back(is_number ? 1 : 0);
  if (!is_number) remember_cell(first_text_, row, level);
}

void ColumnBuilder::add_text(std::string_view cell) {
  const std::int32_t code = levels_.code(cell);
  const auto index = static_cast<std::size_t>(code);
  if (index == level_is_number_.size()) note_level(cell, codes_.size());
  ++(level_is_number_[index] != 0 ? numbers_seen_ : texts_seen_);
  codes_.push_back(code);
}

Column ColumnBuilder::take_numbers(std::string name) {
  Column column;
  column.name = std::move(name);
  if (state_ == State::only_missing) values_.assign(missing_before_, kMissing);
  if (values_.capacity() > values_.size() / 4 * 5) values_.shrink_to_fit();
  column.numbers = std::move(values_);
  column.first_marker = first_marker_;
  column.style = CellStyle{manner_.style != nullptr ? *manner_.style : NumberStyle{manner_.decimal, Grouping::none, {}}, {}};
  column.integers = whole_ && numbers_seen_ > 0;
  column.finite = true;
  return column;
}

Column ColumnBuilder::take_texts(std::string name) {
  Column column;
  column.name = std::move(name);
  column.type = ColumnType::categorical;
  column.first_marker = first_marker_;
  if (state_ == State::only_missing) codes_.assign(missing_before_, -1);
  if (codes_.capacity() > codes_.size() / 4 * 5) codes_.shrink_to_fit();
  column.codes = std::move(codes_);
  column.levels.assign(levels_.levels().begin(), levels_.levels().end());
  return column;
}

}  // namespace chainrule::data
