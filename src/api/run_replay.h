// The run that made a model, as far as its file and a table tell: training rows, batches, start; so that it can be repeated in fp64.
#pragma once

#include <string>
#include <vector>

#include "api/model_impl.h"
#include "api/prepared_data.h"
#include "data/batch_order.h"
#include "explain/accounting.h"

namespace chainrule::api {

class RunReplay {
 public:
  /// `numbers` are the table's rows with weights; both must outlive this. Rows outside the run's split are left out when the table is the
  /// run's own, else all rows are taken; notes() say which.
  RunReplay(const Model::Impl& model, const data::Table& table, const NumberTable& numbers);

  std::size_t batch() const noexcept { return batch_; }
  std::size_t steps_per_epoch() const noexcept { return batch_cut().steps(); }
  std::size_t rows() const noexcept { return rows_.size(); }
  const std::vector<std::string>& notes() const noexcept { return notes_; }

  /// Rows of update number `step` (from 0), in the order training takes them.
  std::vector<std::uint32_t> batch_rows(std::uint64_t step) const;
  /// The first `steps` updates with their scheduled constants, from the run's initial parameters.
  explain::Replay replay(std::uint64_t steps) const;

 private:
  data::BatchCut batch_cut() const noexcept;
  void find_training_rows(const data::Table& table);
  engine::StepControl control(std::uint64_t step) const;

  const Model::Impl& model_;
  const NumberTable& numbers_;
  std::vector<std::uint32_t> rows_;
  std::vector<float> weights_;  ///< of the table's rows, 1 in the mean over rows_; empty: all 1
  std::size_t batch_ = 0;
  std::uint64_t epochs_ = 0;
  std::vector<std::string> notes_;
};

}  // namespace chainrule::api
