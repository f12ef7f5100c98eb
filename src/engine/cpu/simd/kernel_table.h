// What an instruction set offers the engine: a table of kernels over plain structs, free of inline functions.
#pragma once

#include <cstddef>
#include <cstdint>

#include "chainrule/kinds.h"
#include "math/dropout.h"
#include "math/optimizers.h"

// A panel is a slice of `width` neighbouring columns, stored [row, width]. All panels of a matrix are `panel` wide but
// the last, which is the rest rounded up to whole vectors. A batch matrix keeps its panels `stride` floats apart;
// pointers to it mean row 0 of panel 0.
namespace chainrule::engine::cpu {

/// What happens to a product before it is stored.
enum class Epilogue : int {
  none,
  relu,         ///< relu(c)
  relu_factor,  ///< c * slope of the relu whose values `other` holds
  factor,       ///< c * other
};

/// One output panel: c[r, :] = start + sum over k ascending of a[r, k] * b[k, :], for rows [row_begin, row_end).
struct Product {
  const float* a;  ///< panels of inputs
  std::size_t a_stride;
  std::size_t depth;   ///< number of k
  const float* b;      ///< [depth, width]
  const float* start;  ///< [width], or null for zeros
  float* c;            ///< the output panel
  const float* other;  ///< like c, for the epilogue
  int width;
  int columns;  ///< of them real
  int row_begin, row_end;
  Epilogue epilogue;
  bool resume;          ///< a later slice of k: start from what c holds
  const float* next_b;  ///< the panel that will be b next, fetched ahead; null: none
};

/// g[k - k_begin, :] = sum over rows ascending of d[r, :] * x[r, k]; `resume` starts from what g holds.
struct GradientBlock {
  const float* x;  ///< panels of inputs
  std::size_t x_stride;
  int x_columns;   ///< with padding
  const float* d;  ///< one panel of output gradients
  int width;
  int columns;  ///< of them real
  int row_begin, row_end;
  int k_begin, k_end;  ///< k_begin: a whole number of vectors
  float* g;
  bool resume;
  int ahead_count;        ///< pieces as large as g that are fetched meanwhile
  const float* ahead[5];  ///< weights and optimiser state, or the next rows of x
};

/// out[j] = chain over rows from 0 of `+ a` (b null) or fma(a, b, .), for one panel.
struct ColumnChain {
  const float* a;
  const float* b;
  float* out;
  int width;
  int row_begin, row_end;
};

/// Values n become activations in place; the rest is written where asked for (null: not). One panel, `size` = rows *
/// width.
struct ActivationRows {
  Activation kind;
  float parameter;          ///< unless `parameters`
  const float* parameters;  ///< [width]: prelu
  float* value;
  float* slope;
  float* negative;  ///< min(n, 0): what prelu's gradient needs
  int width;
  std::size_t size;
};

/// Dropout of one row whose random words lie in unit order: value and factor change, m (null: not wanted) is what the
/// factor was multiplied by.
struct DropoutRow {
  DropoutKind kind;
  const math::DropoutConstants* constants;
  const std::uint32_t* words;
  float* value;
  float* factor;  ///< null: not wanted
  float* mask;    ///< null: not wanted
  std::size_t stride;
  int columns;  ///< padded to whole vectors
  int row;
};

/// Where a row of draws starts (docs/arithmetic.md, "Random draws").
struct DrawRow {
  std::uint32_t key[2];
  std::uint32_t row, step, purpose_and_layer;
};

/// What is done to gradients and weights, the same for a whole tensor.
struct UpdateRule {
  math::UpdateShape shape;
  const math::UpdateConstants* constants;
  bool decays;        ///< weight decay applies
  double l1, l2;      ///< 0: not for this tensor
  double clip_value;  ///< 0: off
  bool scaled;        ///< clipped by norm: every g times scale
  float scale;
  bool fades;  ///< as math::UpdateShape::fades
  bool looks;  ///< for denormals in the optimiser's state
};
struct UpdateResult {
  bool fine = true;        ///< all new weights are finite
  std::uint32_t slowed = 0;  ///< looked for: vectors with a denormal among their state

  void join(UpdateResult other) {
    fine = fine && other.fine;
    slowed += other.slowed;
  }
};
/// `size` elements, a multiple of the vector; of each `width` only the first `columns` are real, the others are kept 0.
struct UpdateBlock {
  const float* g;
  float* w;
  float* state[4];
  std::size_t size;
  int width, columns;
};

/// Row statistics of layer norm, or column statistics of batch norm, are kept in double as [rows] or [columns].
struct NormRows {
  float* value;   ///< in: z, out: n
  float* normal;  ///< xhat; null: not wanted
  std::size_t stride;
  int columns;         ///< real columns
  const float* scale;  ///< [columns padded]
  const float* shift;
  double* rstd;  ///< [row]
  int row_begin, row_end;
};
struct NormRowsBackward {
  const float* dn;
  const float* normal;
  float* dz;
  std::size_t stride;
  int columns;
  const float* scale;
  const double* rstd;
  int row_begin, row_end;
};
/// Batch norm of one panel; weights null: all 1. W is their sum.
struct BatchStatistics {
  const float* value;
  const float* weights;
  double total;
  double* mean;      ///< [width]
  double* variance;  ///< [width]
  int width, rows;
};
struct BatchNormalise {
  float* value;
  float* normal;  ///< null: not wanted
  const double* mean;
  const double* rstd;
  const float* scale;
  const float* shift;
  int width, row_begin, row_end;
};
struct BatchNormBackward {
  const float* dn;
  const float* normal;
  const float* weights;
  float* dz;
  const float* scale;
  const double* rstd;
  double* c1;  ///< [width]
  double* c2;
  double total;
  int width, row_begin, row_end;
  bool running;  ///< running statistics are constants: nothing is subtracted
};

/// Loss of rows [row_begin, row_end): row_loss gets one number a row, `gradient` (panels like outputs) the slope times
/// row_scale.
struct LossRows {
  Loss kind;
  float parameter;
  double smoothing;
  const float* outputs;
  float* gradient;
  std::size_t stride;
  int columns;
  const float* y;              ///< [samples, targets] or null
  const std::int32_t* labels;  ///< [samples]
  const std::uint32_t* rows;   ///< which sample each batch row is
  std::size_t targets;         ///< columns of y
  const float* row_scale;      ///< [row]
  bool weightless;             ///< all weights are 0: so are all gradients
  float* row_loss;             ///< [row]
  float* scratch;              ///< 3 * columns * lanes floats
  int row_begin, row_end;
};

/// One row through one layer: out[j] = start[j] + sum over k ascending of a[k] * w[k, j]; vectors are plain.
struct RowProduct {
  const float* a;
  std::size_t depth;  ///< number of k
  const float* w;      ///< in panels
  const float* whole;  ///< w as [depth, columns padded]; or null
  const float* start;  ///< [columns padded], or null for zeros
  float* out;          ///< [columns padded]
  int columns;
  bool relu;  ///< out is relu of it
  std::uint32_t* list;  ///< room for [depth + 64]: all weights are finite, leave out k where a[k] is 0; null: take all
};

/// One layer of a network that learns row by row; vectors are plain and padded.
struct OnlineLayer {
  Activation activation;
  float parameter;
  int inputs, outputs;
  float* weights;
  float* bias;        ///< null: none
  float* transposed;  ///< null: nobody needs the gradient at the inputs
  float* weight_state[4];
  float* bias_state[4];
  float* a;
  float* slope;
  float* d;  ///< da, then dz
  std::uint64_t* active;  ///< bit j of its words: a[j] may differ from 0; never for padding
};
struct OnlineStep {
  const OnlineLayer* layers;
  int count;
  const float* x;  ///< [inputs], unpadded
  std::uint64_t* active;  ///< bit k of its words: x[k] differs from 0
  const LossRows* loss;
  bool skips;     ///< all parameters are finite, so products with 0 may be left out
  bool descends;  ///< all parameters are finite and the update is w = fma(rate, g, w), nothing else
  float rate;     ///< negative
  const UpdateRule* weight_rule;
  const UpdateRule* bias_rule;
  int states;
  float* block;          ///< a panel of inputs times a panel of outputs
  float* bias_gradient;  ///< as many as the widest layer, padded
};
struct OnlineResult {
  bool loss_fine;    ///< false: the loss or a gradient at the output is not finite, and nothing was updated
  bool update_fine;  ///< as UpdateResult has it
  std::uint32_t slowed;
};

/// Products of bf16 operands whose pairs are packed into 32-bit words (the odd element above), as VDPBF16PS wants them.
struct PairKernels {
  void (*product)(const Product&);
  void (*gradient)(const GradientBlock&);
  /// sums[i] += the pair a[i] times the pair b[i], for 16 lanes.
  void (*add_pair_words)(const std::uint32_t* a, const std::uint32_t* b, float* sums);
};

struct KernelTable {
  const char* name;
  int lanes;  ///< floats in a vector
  int panel;  ///< floats in a full panel
  int row_tile;  ///< rows (or inputs) that a register tile of a full panel holds
  void (*product)(const Product&);
  void (*gradient)(const GradientBlock&);
  /// The same with operands that are bf16 already: docs/arithmetic.md, "Operands in bf16".
  void (*product_bf16)(const Product&);
  void (*gradient_bf16)(const GradientBlock&);
  const PairKernels* packed_bf16;  ///< the same by packed pairs and fp32 instructions, to test the packing; null: not compiled
  /// out = in rounded to bf16; `size` is a multiple of the vector, out may be in.
  void (*round_bf16)(float* out, const float* in, std::size_t size);
  void (*column_chain)(const ColumnChain&);
  void (*activate)(const ActivationRows&);
  void (*dropout)(const DropoutRow&);
  /// words[e] of elements e in [0, count rounded up to 64)
  void (*draw)(const DrawRow&, std::size_t count, std::uint32_t* words);
  /// mask[k * width + j] = 0 where unit first_unit + j drops its weight k, else 1; for all k < depth (rounded up to 4)
  /// of one panel.
  void (*weight_mask)(const DrawRow&, std::uint32_t threshold, std::size_t first_unit, std::size_t depth, int width,
                      float* mask);
  /// x = fma(deviation, N(words), x)
  void (*noise)(const std::uint32_t* words, float deviation, std::size_t size, float* x);
  /// Row `row` of a batch matrix becomes `columns` values and zeros.
  void (*place_row)(const float* values, int columns, int row, float* to, std::size_t stride);
  void (*multiply)(float* out, const float* a, const float* b, std::size_t size);
  void (*scale)(float* out, const float* a, float factor, std::size_t size);
  void (*add)(float* out, const float* a, std::size_t size);
  void (*average)(float* average, const float* w, float gain, std::size_t size);
  /// False when a real weight is not finite afterwards.
  UpdateResult (*update)(const UpdateRule&, const UpdateBlock&);
  /// norm2[j] = double chain over rows of fma(g, g, .), g after penalties and clipping by value; w may be null without
  /// penalties.
  void (*square_chain)(const UpdateRule&, const float* g, const float* w, std::size_t rows, int width, double* norm2);
  /// to[j, i] = from[i, j] for i < rows, j < columns; from is [rows, width], to [columns, to_width]
  void (*transpose)(const float* from, int width, int rows, int columns, float* to, int to_width);
  void (*norm_rows)(const NormRows&);
  void (*norm_rows_backward)(const NormRowsBackward&);
  void (*batch_statistics)(const BatchStatistics&);
  void (*batch_normalise)(const BatchNormalise&);
  /// sums c1 and c2 over all rows first (row range ignored), then the gradient over the row range
  void (*batch_sums)(const BatchNormBackward&);
  void (*batch_backward)(const BatchNormBackward&);
  /// False when a weighted loss or an output gradient is not finite.
  bool (*loss)(const LossRows&);
  void (*row_product)(const RowProduct&);
  /// One whole training step of one row.
  OnlineResult (*online_step)(const OnlineStep&);
};

const KernelTable& avx2_kernels();
const KernelTable& avx512_kernels();
const KernelTable& neon_kernels();
const PairKernels& avx512bf16_kernels();

}  // namespace chainrule::engine::cpu
