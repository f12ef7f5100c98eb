// Collecting the cells of one column.
#include "data/column_builder.h"

#include <limits>
#include <utility>

namespace chainrule::data {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kLongestShown = 60;  // bytes of a cell that an error shows

void remember(NamedCell& cell, std::size_t row, std::string_view text) {
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

}  // namespace

ColumnBuilder::ColumnBuilder(ColumnWish wish, char decimal) noexcept : wish_(wish), decimal_(decimal) {}

void ColumnBuilder::add_missing() {
  switch (state_) {
    case State::only_missing: ++missing_before_; break;
    case State::numbers: values_.push_back(kMissing); break;
    case State::texts: codes_.push_back(-1); break;
  }
}

void ColumnBuilder::add_cells(const std::string_view* cells, std::size_t rows, std::size_t stride, MissingMarkers& missing,
                              const char* readable) {
  std::size_t row = 0;
  while (row < rows) {
    if (state_ == State::numbers && !missing.number_among_them()) {
      row += add_numbers(cells + row * stride, rows - row, stride, missing, readable);
      if (row == rows) return;
    }
    add_met(cells[row++ * stride], missing);
  }
}

// The tight loop, up to the first cell that is neither a finite number nor missing.
std::size_t ColumnBuilder::add_numbers(const std::string_view* cells, std::size_t rows, std::size_t stride, MissingMarkers& missing,
                                       const char* readable) {
  const std::size_t before = values_.size();
  values_.resize(before + rows);
  double* to = values_.data() + before;
  const auto last_safe = readable == nullptr ? 0 : reinterpret_cast<std::uintptr_t>(readable) - kReadBehindNumber;
  const char decimal = decimal_;
  std::size_t row = 0, missed = 0;
  for (; row < rows; ++row) {
    const std::string_view cell = cells[row * stride];
    if (reinterpret_cast<std::uintptr_t>(cell.data()) <= last_safe && parse_common_number(cell, decimal, to[row])) continue;
    if (missing.meet(cell)) {
      to[row] = kMissing;
      ++missed;
      continue;
    }
    const ParsedNumber parsed = parse_number(cell, decimal);
    if (parsed.kind != CellKind::number) break;
    to[row] = parsed.value;
  }
  values_.resize(before + row);
  numbers_seen_ += row - missed;
  return row;
}

void ColumnBuilder::add_slowly(std::string_view cell) {
  if (state_ == State::only_missing) {
    const bool text = wish_ == ColumnWish::categorical ||
                      (wish_ != ColumnWish::numeric && parse_number(cell, decimal_).kind == CellKind::text);
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
  const ParsedNumber parsed = parse_number(cell, decimal_);
  if (parsed.kind == CellKind::number) {
    ++numbers_seen_;
    values_.push_back(parsed.value);
    return;
  }
  if (parsed.kind == CellKind::out_of_range) {
    ++numbers_seen_;
    remember(first_out_of_range_, values_.size(), cell);
  } else {
    ++texts_seen_;
    remember(first_text_, values_.size(), cell);
  }
  values_.push_back(kMissing);
}

// Whether a level is a number is found out once, when it is new.
void ColumnBuilder::add_text(std::string_view cell) {
  const std::int32_t code = levels_.code(cell);
  const auto index = static_cast<std::size_t>(code);
  if (index == level_is_number_.size()) {
    level_is_number_.push_back(parse_number(cell, decimal_).kind != CellKind::text);
    if (!level_is_number_.back()) remember(first_text_, codes_.size(), cell);
  }
  ++(level_is_number_[index] ? numbers_seen_ : texts_seen_);
  codes_.push_back(code);
}

Column ColumnBuilder::take_numbers(std::string name) {
  Column column;
  column.name = std::move(name);
  if (state_ == State::only_missing) values_.assign(missing_before_, kMissing);
  if (values_.capacity() > values_.size() / 4 * 5) values_.shrink_to_fit();
  column.numbers = std::move(values_);
  return column;
}

Column ColumnBuilder::take_texts(std::string name) {
  Column column;
  column.name = std::move(name);
  column.type = ColumnType::categorical;
  if (state_ == State::only_missing) codes_.assign(missing_before_, -1);
  if (codes_.capacity() > codes_.size() / 4 * 5) codes_.shrink_to_fit();
  column.codes = std::move(codes_);
  column.levels.assign(levels_.levels().begin(), levels_.levels().end());
  return column;
}

}  // namespace chainrule::data
