// The block of many equal columns as inputs: bytes, floats, or columns of that name in a table.
#include <algorithm>
#include <array>
#include <cmath>

#include "chainrule/error.h"
#include "features/column_inputs.h"

namespace chainrule::features {
namespace {

double standardised(double value, double center, double scale) {
  const double x = std::isnan(value) ? 0.0 : (value - center) / scale;
  return std::min(std::max(x, -kFarthest), kFarthest);
}

class DenseInputs : public ColumnInputs {
 public:
  explicit DenseInputs(const DenseState& state) : state_(state) {
    for (std::size_t value = 0; value < byte_inputs_.size(); ++value) {
      byte_inputs_[value] = static_cast<float>(standardised(static_cast<double>(value), center(0), scale(0)));
    }
  }

  void open(const data::Table& table, ColumnFinder& finder) override {
    table_ = &table;
    finder.check_array_shape();
    if (table.dense.columns == 0) {
      find_columns(finder);
      write_ = &DenseInputs::write_columns;
    } else {
      find_places(finder);
      const bool whole = table.dense.columns == state_.columns && places_.back() + 1 == state_.columns;
      write_ = !table.dense.bytes.empty() && whole && state_.center.size() == 1 ? &DenseInputs::write_bytes : &DenseInputs::write_values;
    }
  }

  void write(const Block& block) override { (this->*write_)(block); }

 private:
  double center(std::size_t column) const { return state_.center[state_.center.size() == 1 ? 0 : column]; }
  double scale(std::size_t column) const { return state_.scale[state_.scale.size() == 1 ? 0 : column]; }

  /// Where the model's columns stand in the table's block.
  void find_places(const ColumnFinder& finder) {
    places_.clear();
    for (std::size_t j = 0; j < state_.columns; ++j) {
      const std::size_t number = finder.number_here(state_.number(j)), place = table_->dense.place_of(number);
      if (place == table_->dense.columns) {
        throw Error("E0320", table_->source, "the array has no column " + std::to_string(number) + ", which the model was trained with",
                    "it has " + std::to_string(table_->dense.columns) + " columns; the model was trained with " + std::to_string(state_.columns) +
                        ": give an array of the training shape");
      }
      places_.push_back(place);
    }
  }

  /// The block's columns as columns of a table, for example a CSV of pixels.
  void find_columns(ColumnFinder& finder) {
    columns_.resize(state_.columns);
    storage_.resize(state_.columns);
    for (std::size_t j = 0; j < state_.columns; ++j) {
      const data::Column& column = finder.get(state_.name(j), state_.number(j));
      columns_[j] = numbers_of(*table_, column, data::ColumnType::numeric, storage_[j]);
    }
  }

  /// A byte has 256 values: each was standardised once.
  void write_bytes(const Block& block) {
    const std::size_t columns = state_.columns;
    for (std::size_t i = 0; i < block.count; ++i) {
      const std::uint8_t* bytes = table_->dense.bytes.data() + (block.first + i) * columns;
      float* x = block.x + i * block.row_step;
      for (std::size_t j = 0; j < columns; ++j) x[j] = byte_inputs_[bytes[j]];
    }
  }

  void write_values(const Block& block) {
    for (std::size_t i = 0; i < block.count; ++i) {
      float* x = block.x + i * block.row_step;
      for (std::size_t j = 0; j < state_.columns; ++j) {
        const float value = table_->dense.at(block.first + i, places_[j]);
        if (std::isinf(value)) refuse_infinite(block.first + i, j);
        x[j] = static_cast<float>(standardised(static_cast<double>(value), center(j), scale(j)));
      }
    }
  }

  [[noreturn]] void refuse_infinite(std::size_t row, std::size_t column) const {
    throw Error("E0309", table_->source + " row " + std::to_string(row) + ", column " + std::to_string(column), "the value is infinite",
                "replace it by a number or by NaN (missing)");
  }

  void write_columns(const Block& block) {
    const std::size_t count = block.count, step = block.row_step;
    for (std::size_t j = 0; j < state_.columns; ++j) {
      const double *values = columns_[j].data() + block.first, middle = center(j), unit = scale(j);
      float cells[kBlockRows];
      for (std::size_t i = 0; i < count; ++i) cells[i] = static_cast<float>(standardised(values[i], middle, unit));
      float* x = block.x + j;
      for (std::size_t i = 0; i < count; ++i) x[i * step] = cells[i];
    }
  }

  const DenseState& state_;
  std::array<float, 256> byte_inputs_{};
  const data::Table* table_ = nullptr;
  void (DenseInputs::*write_)(const Block&) = nullptr;
  std::vector<std::size_t> places_;  ///< in the table's block
  std::vector<std::span<const double>> columns_;
  std::vector<std::vector<double>> storage_;
};

}  // namespace

std::unique_ptr<ColumnInputs> dense_inputs(const DenseState& state) { return std::make_unique<DenseInputs>(state); }

}  // namespace chainrule::features
