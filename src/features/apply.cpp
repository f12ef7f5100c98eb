// From any table with the training columns to the row-major input matrix; a pure function of the saved state.
#include <algorithm>

#include "data/large_pages.h"
#include "features/transform.h"

namespace chainrule::features {

namespace {

constexpr std::size_t kFewInputs = 4;                      // a column with more fills lines by itself
constexpr std::size_t kNearBytes = std::size_t{20} << 10;  // of rows that are cleared first and then written here and there: within L1

}  // namespace

Transform::Transform(const FeatureSet& features) : features_(features) {
  if (features.dense.columns != 0) add(dense_inputs(features.dense), features.dense.columns, false);
  for (const ColumnState& state : features.columns) {
    const bool category = state.type == data::ColumnType::categorical;
    add(category ? category_inputs(state) : number_inputs(state), state.inputs, state.inputs <= kFewInputs);
    zeros_ = zeros_ || state.type != data::ColumnType::numeric;
  }
}

void Transform::add(std::unique_ptr<ColumnInputs> column, std::size_t inputs, bool tiled) {
  const bool fits = !groups_.empty() && tiled && groups_.back().tiled && groups_.back().inputs + inputs <= kTileInputs;
  if (!fits) {
    Group group;
    group.first_input = groups_.empty() ? 0 : groups_.back().first_input + groups_.back().inputs;
    group.tiled = tiled;
    groups_.push_back(std::move(group));
  }
  Group& group = groups_.back();
  group.columns.push_back(std::move(column));
  group.offsets.push_back(group.inputs);
  group.inputs += inputs;
}

void Transform::open(const data::Table& table) {
  finder_.emplace(features_, table);
  for (const Group& group : groups_) {
    for (const auto& column : group.columns) column->open(table, *finder_);
  }
  if (!finder_->shifted() || features_.dense.columns != 0) return;  // nobody expects the answers inside an array of inputs
  shift_ = "one column fewer than in training: taken as the training columns without the target (column " +
           std::to_string(features_.target.position) + ")";
}

void Transform::write(std::size_t first, std::size_t count, float* x) {
  const std::size_t near = zeros_ ? kNearBytes / sizeof(float) / std::max<std::size_t>(1, features_.inputs) / 16 * 16 : kBlockRows;
  const std::size_t most = std::clamp<std::size_t>(near, 16, kBlockRows);
  for (std::size_t done = 0; done < count; done += most) {
    write_block(first + done, std::min(most, count - done), x + done * features_.inputs);
  }
}

void Transform::write_block(std::size_t first, std::size_t count, float* x) {
  const std::size_t stride = features_.inputs;
  if (zeros_) std::fill_n(x, count * stride, 0.0f);
  Tile tile;
  for (const Group& group : groups_) {
    float* place = x + group.first_input;
    Block block{first, count, place, stride, 1};
    if (group.tiled) block = {first, count, tile[0], 1, kBlockRows};
    if (group.tiled && zeros_) std::fill_n(tile[0], group.inputs * kBlockRows, 0.0f);
    float* const origin = block.x;
    for (std::size_t c = 0; c < group.columns.size(); ++c) {
      block.x = origin + group.offsets[c] * block.input_step;
      group.columns[c]->write(block);
    }
    if (group.tiled) kernels_.place_tile(tile, group.inputs, count, place, stride);
  }
}

std::vector<std::string> Transform::warnings() const {
  std::vector<std::string> warnings;
  if (!shift_.empty()) warnings.push_back(shift_);
  for (const Group& group : groups_) {
    for (const auto& column : group.columns) column->warn(warnings);
  }
  return warnings;
}

std::vector<float> apply(const FeatureSet& features, const data::Table& table, ApplyReport* report) {
  Transform transform(features);
  transform.open(table);
  std::vector<float> inputs;
  inputs.reserve(table.rows * features.inputs);
  data::prefer_large_pages(inputs.data(), inputs.capacity() * sizeof inputs[0]);
  for (std::size_t row = 0; row < table.rows; row += kBlockRows) {  // zeros of a block at a time, which it finds in the cache
    const std::size_t count = std::min(kBlockRows, table.rows - row);
    inputs.resize((row + count) * features.inputs);
    transform.write(row, count, inputs.data() + row * features.inputs);
  }
  if (report != nullptr) {
    for (std::string& warning : transform.warnings()) report->warnings.push_back(std::move(warning));
  }
  return inputs;
}

}  // namespace chainrule::features
