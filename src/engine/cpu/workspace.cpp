// Decides which batch matrices exist and which share memory.
#include "engine/cpu/workspace.h"

namespace chainrule::engine::cpu {
namespace {

/// Panels of a batch matrix are a row tile apart from a multiple of the cache's set span, or every panel would fall on
/// the same sets.
std::size_t padded_rows(std::size_t rows) { return rows <= 6 ? rows : (rows + 57) / 64 * 64 + 6; }

std::size_t widest(const PackedNetwork& net) {
  std::size_t most = net.inputs.size();
  for (const Layer& layer : net.layers) most = std::max(most, layer.out.size());
  return most;
}

}  // namespace

Workspace::Workspace(const PackedNetwork& net, std::size_t max_batch, int members)
    : rows_capacity_(padded_rows(max_batch)) {
  inputs = matrix(net.inputs);
  inputs_operand = net.rounds() ? matrix(net.inputs) : inputs;
  if (net.input_scale != kAbsent) before_scale = matrix(net.inputs);
  if (net.spec.input_dropout.rate > 0) input_mask = matrix(net.inputs);
  d_inputs = matrix(net.inputs);  // untouched (and so without pages) unless somebody asks for it
  for (const Layer& layer : net.layers) add_layer(layer, net.rounds());
  for (int member = 0; member < members; ++member) add_scratch(net);
  for (float*& tile : shared_tiles) tile = members > 1 ? floats(widest(net) * kPredictionRows) : nullptr;
  outputs = AlignedBuffer<float>(max_batch * net.spec.outputs());
  for (auto* vector : {&row_loss, &row_weight, &row_scale}) *vector = AlignedBuffer<float>(max_batch);
  rows = AlignedBuffer<std::uint32_t>(max_batch);
  ids = AlignedBuffer<std::uint32_t>(max_batch);
  norms = AlignedBuffer<double>(net.norm_places);
}

float* Workspace::floats(std::size_t count) { return float_memory_.emplace_back(count).data(); }
double* Workspace::doubles(std::size_t count) { return double_memory_.emplace_back(count).data(); }

BatchMatrix Workspace::matrix(const Columns& columns) {
  return {floats(columns.size() * rows_capacity_), static_cast<std::size_t>(columns.panel) * rows_capacity_, columns};
}

void Workspace::add_layer(const Layer& layer, bool rounds) {
  LayerBatch batch;
  const bool prelu = layer.prelu != kAbsent, norm = layer.norm != Norm::none;
  batch.a = matrix(layer.out);
  if (layer.factor == Factor::stored) batch.factor = matrix(layer.out);
  batch.da = matrix(layer.out);
  batch.dn = prelu || layer.residual ? matrix(layer.out) : batch.da;  // those two need da afterwards
  batch.dz = norm ? matrix(layer.out) : batch.dn;
  batch.da_mask = batch.da;
  if (prelu) batch.negative = matrix(layer.out);
  if (prelu && layer.drops_units) {
    batch.mask = matrix(layer.out);
    batch.da_mask = matrix(layer.out);
  }
  if (norm) batch.xhat = matrix(layer.out);
  if (layer.norm == Norm::layer) batch.rstd = doubles(rows_capacity_);
  if (layer.norm == Norm::batch) {
    for (double** vector : {&batch.rstd, &batch.mean, &batch.c1, &batch.c2}) *vector = doubles(layer.out.size());
  }
  batch.operand = rounds ? matrix(layer.out) : batch.a;
  batch.dz_operand = rounds ? matrix(layer.out) : batch.dz;
  layers.push_back(batch);
}

void Workspace::add_scratch(const PackedNetwork& net) {
  Scratch own;
  own.words = word_memory_.emplace_back(widest(net) + 64).data();
  own.row = floats(net.inputs.size());
  std::size_t levels = 1;
  for (std::uint32_t shards = net.training.shards; shards > 1; shards /= 2) ++levels;
  own.block = floats(static_cast<std::size_t>(kBlockDepth * kBlockColumns) * levels);
  own.loss = floats(3 * net.spec.outputs() * static_cast<std::size_t>(net.kernels.lanes));
  for (float*& tile : own.prediction) tile = floats(widest(net) * kPredictionRows);
  if (net.rounds()) own.rounded = floats(widest(net) * kPredictionRows);
  scratch.push_back(own);
}

}  // namespace chainrule::engine::cpu
