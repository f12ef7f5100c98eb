// Categories, numbers and dates as inputs.
#include "features/column_inputs.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "features/input_layout.h"
#include "features/level_match.h"

namespace chainrule::features {
namespace {

std::vector<std::string> known_levels(const ColumnState& state) {
  std::vector<std::string> known = state.levels;
  known.insert(known.end(), state.rare.begin(), state.rare.end());
  return known;
}

class CategoryInputs : public ColumnInputs {
 public:
  explicit CategoryInputs(const ColumnState& state)
      : state_(state), index_(known_levels(state)), other_(static_cast<std::int32_t>(state.levels.size())) {}

  void open(const data::Table& table, ColumnFinder& finder) override {
    table_ = &table;
    column_ = &finder.get(state_.name, state_.position);
    name_ = column_->name;
    match_.emplace(index_, *column_);
    inputs_.assign(match_->by_code().begin(), match_->by_code().end());
    for (std::int32_t& input : inputs_) input = std::min(input, other_);
  }

  void write(const Block& block) override {
    const std::size_t row_step = block.row_step, input_step = block.input_step, first = block.first, count = block.count;
    const std::int32_t* const codes = match_->codes() + first;
    const std::int32_t* const inputs = inputs_.data() + 1;
    for (std::size_t i = 0; i < count; i += 16) __builtin_prefetch(codes + count + i);  // for the next block: this one is short
    float* x = block.x;
    for (std::size_t i = 0; i < count; ++i, x += row_step) {
      std::int32_t input = inputs[codes[i]];
      if (input < 0) input = input_of_new(first + i);
      if (input >= 0) x[static_cast<std::size_t>(input) * input_step] = 1.0f;
    }
  }

  void warn(std::vector<std::string>& warnings) const override {
    new_missing_.warn(name_, "without a value, which training never saw: all its inputs are 0", warnings);
    if (state_.knows_all_values()) unseen_.warn(name_, "with a value that training never saw, such as \"" + example_ +
                            (state_.other ? "\": counted as \"" + state_.name + " other\"" : "\": all its inputs are 0"), warnings);
  }

 private:
  /// -1: no input at all.
  std::int32_t input_of_new(std::size_t row) {
    if (column_->missing(row)) {
      new_missing_.add(*table_, row);
      return -1;
    }
    if (unseen_.count() == 0) example_ = column_->text(row).substr(0, 40);
    unseen_.add(*table_, row);
    return state_.other ? other_ : -1;
  }

  const ColumnState& state_;
  const LevelIndex index_;
  const std::int32_t other_;  ///< where rare and unseen values go, behind the levels
  const data::Table* table_ = nullptr;
  const data::Column* column_ = nullptr;
  std::optional<LevelMatch> match_;
  std::vector<std::int32_t> inputs_;  ///< by code + 1, -1: none yet
  std::string name_, example_;
  Oddity unseen_, new_missing_;
};

/// A block of one column of numbers, side by side.
struct Standardised {
  float x[kBlockRows], missing[kBlockRows];
  bool any_missing = false, any_far = false;
};

/// Always a whole block, so that several rows can be taken at a time.
void standardise(const double* values, const ColumnState& state, const InputKernels& kernels, Standardised& to) {
  const Oddities odd = kernels.standardise(values, {state.center, state.scale == 0 ? 1 : state.scale, state.fill}, to.x);
  to.any_missing = odd.missing;
  to.any_far = odd.far;
  if (!to.any_missing) return;
  for (std::size_t i = 0; i < kBlockRows; ++i) to.missing[i] = values[i] != values[i] ? 1.0f : 0.0f;
}

void place_column(const float* values, const Block& block, std::size_t input) {
  const std::size_t step = block.row_step, count = block.count;
  float* x = block.x + input * block.input_step;
  if (step == 1) std::copy_n(values, count, x);
  else for (std::size_t i = 0; i < count; ++i) x[i * step] = values[i];
}

class NumberInputs : public ColumnInputs {
 public:
  explicit NumberInputs(const ColumnState& state) : state_(state) {
    if (state.type != data::ColumnType::date) return;
    for (const std::string& part : state.levels) parts_.push_back(find_date_part(part));
  }

  void open(const data::Table& table, ColumnFinder& finder) override {
    table_ = &table;
    const data::Column& column = finder.get(state_.name, state_.position);
    name_ = column.name;
    values_ = numbers_of(table, column, state_.type, storage_, state_.style);
  }

  void write(const Block& block) override {
    double last[kBlockRows];
    const double* const values = block.count == kBlockRows ? values_.data() + block.first : filled_up(block, last);
    Standardised cells;
    standardise(values, state_, kernels_, cells);
    std::size_t input = 0;
    if (state_.scale != 0) {
      if (cells.any_far) hold(block, cells);
      place_column(cells.x, block, input++);
    }
    for (const DatePart* part : parts_) {
      for (std::size_t i = 0; i < block.count; ++i) {
        if (!std::isnan(values[i])) block.x[i * block.row_step + (input + part->index(values[i])) * block.input_step] = 1.0f;
      }
      input += part->inputs;
    }
    if (state_.indicator) place_indicator(block, cells, input);
    else if (cells.any_missing) count_missing(block, cells);
  }

  void warn(std::vector<std::string>& warnings) const override {
    new_missing_.warn(name_, "without a value, which training never saw: the training median is used", warnings);
    held_.warn(name_, "more than a million deviations away from the training rows: held there", warnings);
  }

 private:
  const double* filled_up(const Block& block, double (&values)[kBlockRows]) const {
    std::copy_n(values_.data() + block.first, block.count, values);
    std::fill(values + block.count, values + kBlockRows, state_.center);
    return values;
  }

  static void place_indicator(const Block& block, Standardised& cells, std::size_t input) {
    if (!cells.any_missing) std::fill_n(cells.missing, block.count, 0.0f);
    place_column(cells.missing, block, input);
  }

  void hold(const Block& block, Standardised& cells) {
    for (std::size_t i = 0; i < block.count; ++i) {
      const double value = values_[block.first + i], x = ((std::isnan(value) ? state_.fill : value) - state_.center) / state_.scale;
      if (!(std::abs(x) > kFarthest)) continue;
      cells.x[i] = static_cast<float>(x > 0 ? kFarthest : -kFarthest);
      held_.add(*table_, block.first + i);
    }
  }

  void count_missing(const Block& block, const Standardised& cells) {
    for (std::size_t i = 0; i < block.count; ++i) {
      if (cells.missing[i] != 0) new_missing_.add(*table_, block.first + i);
    }
  }

  const ColumnState& state_;
  const InputKernels& kernels_ = best_input_kernels();
  std::vector<const DatePart*> parts_;
  const data::Table* table_ = nullptr;
  std::string name_;
  std::span<const double> values_;
  std::vector<double> storage_;
  Oddity new_missing_, held_;
};

}  // namespace

void Oddity::warn(const std::string& column, const std::string& what, std::vector<std::string>& warnings) const {
  if (count_ == 0) return;
  warnings.push_back("column \"" + column + "\": " + std::to_string(count_) + (count_ == 1 ? " row " : " rows ") + what + " (first: line " +
                     std::to_string(first_line_) + ")");
}

std::unique_ptr<ColumnInputs> category_inputs(const ColumnState& state) { return std::make_unique<CategoryInputs>(state); }

std::unique_ptr<ColumnInputs> number_inputs(const ColumnState& state) { return std::make_unique<NumberInputs>(state); }

}  // namespace chainrule::features
