// Predictions for a table, or for the parts of a large one in turn, some rows at a time: inputs are never in memory for all rows.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "api/model_impl.h"
#include "data/table.h"
#include "engine/plan.h"
#include "features/transform.h"

namespace chainrule::api {

/// Predictions with dropout left on, from a plan of its own: it holds the weights that predict (their running mean when there is one).
class Sampler {
 public:
  explicit Sampler(const Model::Impl& model);
  /// Network::predict_sample() for rows that lie `first_row` rows into their file.
  void predict(const float* x, std::size_t rows, std::uint64_t first_row, std::uint64_t sample, float* outputs);

 private:
  const NetworkSpec& network_;
  std::size_t max_batch_;
  std::unique_ptr<engine::Plan> plan_;
  std::vector<std::uint32_t> ids_, rows_;
};

class TablePredictor {
 public:
  /// samples: 0, or the number of predictions with dropout left on behind the spread (Error E0233 for 1). The model must outlive this.
  TablePredictor(Model::Impl& model, std::size_t samples);

  /// The rows behind those given before: row numbers, which dropout masks are drawn from, and the counts in warnings go on.
  Predictions predict(const data::Table& table);

 private:
  void predict_rows(std::size_t rows, Predictions& predictions);
  void sample_rows(std::size_t rows, Predictions& predictions);
  std::vector<float> scores(std::size_t rows) const;
  std::vector<double> values(std::size_t rows) const;

  Model::Impl& model_;
  std::size_t samples_, block_rows_;
  features::Transform transform_;
  std::optional<Sampler> sampler_;
  std::uint64_t rows_before_ = 0;
  std::vector<std::string> reader_warnings_;  ///< of all parts so far
  std::vector<float> x_, outputs_;  ///< of a block: [block_rows_, inputs] and [block_rows_, outputs]
};

}  // namespace chainrule::api
