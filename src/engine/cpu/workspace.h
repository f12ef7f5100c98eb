// Everything a batch needs while it passes through the network, allocated once for the largest batch.
#pragma once

#include <cstdint>
#include <vector>

#include "base/aligned_buffer.h"
#include "engine/cpu/packed_network.h"

namespace chainrule::engine::cpu {

/// What one layer keeps between forward and backward. Matrices may share memory, see Workspace.
struct LayerBatch {
  BatchMatrix a;         ///< the layer's output
  BatchMatrix factor;    ///< Factor::stored only
  BatchMatrix mask;      ///< dropout's m, when prelu needs it apart
  BatchMatrix negative;  ///< prelu: min(n, 0)
  BatchMatrix xhat;      ///< norms
  BatchMatrix da, dn, dz;
  BatchMatrix operand, dz_operand;                       ///< a and dz as products read them: rounded to bf16, else the same memory
  BatchMatrix da_mask;                                   ///< prelu with dropout: da * m; else da
  double* rstd = nullptr;                                ///< layer norm: [row]; batch norm: [unit]
  double *mean = nullptr, *c1 = nullptr, *c2 = nullptr;  ///< batch norm: [unit]
};

/// One member's own memory.
struct Scratch {
  std::uint32_t* words = nullptr;  ///< random words of one row
  float* row = nullptr;            ///< one row of inputs
  float* block = nullptr;          ///< a gradient block, and one more per level of the tree over shards
  float* loss = nullptr;
  float* prediction[2] = {};  ///< panels of a tile of rows, in turn
  float* rounded = nullptr;   ///< bf16: such a tile as the product reads it
};

inline constexpr int kBlockColumns = 64;   ///< outputs of one weight block of a wide layer: one panel or several
inline constexpr int kBlockDepth = 64;      ///< inputs of one weight block: the unit of work after the barrier
inline constexpr int kPredictionRows = 96;  ///< rows of a prediction tile: their activations stay in cache
inline constexpr std::size_t kFewRows = kPredictionRows / 2;  ///< up to so many are one tile, of which a team divides the columns

class Workspace {
 public:
  Workspace(const PackedNetwork& net, std::size_t max_batch, int members);

  BatchMatrix inputs;        ///< what the first layer sees
  BatchMatrix inputs_operand;  ///< as the first product reads them
  BatchMatrix before_scale;  ///< x with noise: input scale only
  BatchMatrix input_mask;    ///< input dropout's m
  BatchMatrix d_inputs;      ///< gradient at `inputs`, then times m
  std::vector<LayerBatch> layers;
  std::vector<Scratch> scratch;
  float* shared_tiles[2] = {};  ///< tiles of a few rows to which all members write columns, in turn; one member alone has none
  AlignedBuffer<float> outputs;  ///< row-major [rows, outputs]
  AlignedBuffer<float> row_loss, row_weight, row_scale;
  AlignedBuffer<std::uint32_t> rows, ids;
  AlignedBuffer<double> norms;  ///< PackedNetwork::norm_places

  const BatchMatrix& input_of(std::size_t l) const { return l == 0 ? inputs : layers[l - 1].a; }
  const BatchMatrix& operand_of(std::size_t l) const { return l == 0 ? inputs_operand : layers[l - 1].operand; }

 private:
  BatchMatrix matrix(const Columns& columns);
  float* floats(std::size_t count);
  double* doubles(std::size_t count);
  void add_layer(const Layer& layer, bool rounds);
  void add_scratch(const PackedNetwork& net);

  std::size_t rows_capacity_;
  std::vector<AlignedBuffer<float>> float_memory_;
  std::vector<AlignedBuffer<double>> double_memory_;
  std::vector<AlignedBuffer<std::uint32_t>> word_memory_;
};

}  // namespace chainrule::engine::cpu
