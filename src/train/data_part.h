// One part of the data as the trainer and the metrics see it: rows of a matrix with their targets.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "chainrule/network.h"

namespace chainrule::training {

/// `samples` views the whole matrix; `rows` are the ones that belong to this part (training, validation or test).
struct DataPart {
  Samples samples;
  std::vector<std::uint32_t> rows;

  bool empty() const noexcept { return rows.empty(); }
  std::size_t size() const noexcept { return rows.size(); }
  const float* x(std::size_t i) const noexcept { return samples.x + rows[i] * samples.inputs; }
  const float* y(std::size_t i) const noexcept { return samples.y + rows[i] * samples.targets; }
  std::int32_t label(std::size_t i) const noexcept { return samples.labels[rows[i]]; }
  double weight(std::size_t i) const noexcept { return samples.weights ? samples.weights[rows[i]] : 1.0; }
};

}  // namespace chainrule::training
