// Predictions for a table, or for the parts of a large one in turn, some rows at a time: inputs are never in memory for all rows.
#pragma once

#include <cstdint>
#include <vector>

#include "api/model_impl.h"
#include "data/table.h"
#include "features/transform.h"

namespace chainrule::api {

class TablePredictor {
 public:
  /// samples: 0, or the number of predictions with dropout left on behind mean and spread. The model must outlive this.
  TablePredictor(Model::Impl& model, std::size_t samples);

  /// The rows behind those given before: row numbers, which dropout masks are drawn from, and the counts in warnings go on.
  Predictions predict(const data::Table& table);

 private:
  void predict_rows(std::size_t rows, Predictions& predictions);
  void sample_rows(std::size_t rows, Predictions& predictions);
  std::vector<float> readable(std::size_t rows) const;

  Model::Impl& model_;
  std::size_t samples_, block_rows_;
  features::Transform transform_;
  std::uint64_t rows_before_ = 0;
  std::vector<float> x_, outputs_;  ///< of a block: [block_rows_, inputs] and [block_rows_, outputs]
};

}  // namespace chainrule::api
