// All kernels, written once; each kernels_<isa>.cpp includes this file and is compiled with that instruction set's
// flags.
#pragma once

#include "engine/cpu/simd/elementwise-inl.h"
#include "engine/cpu/simd/loss-inl.h"
#include "engine/cpu/simd/norm-inl.h"
#include "engine/cpu/simd/online-inl.h"
#include "engine/cpu/simd/product-inl.h"
#include "engine/cpu/simd/random-inl.h"
#include "engine/cpu/simd/transpose-inl.h"

namespace chainrule::engine::cpu {
namespace {

constexpr KernelTable make_table(const char* name, const PairKernels* packed = nullptr) {
  return {
      .name = name,
      .lanes = kLanes,
      .panel = kPanel,
      .row_tile = kTileRows[kPanelVectors],
      .product = product,
      .gradient = gradient,
      .product_bf16 = product_bf16,
      .gradient_bf16 = gradient_bf16,
      .packed_bf16 = packed,
      .round_bf16 = round_bf16,
      .column_chain = column_chain,
      .activate = activate,
      .dropout = dropout,
      .draw = draw,
      .weight_mask = weight_mask,
      .noise = noise,
      .place_row = place_row,
      .multiply = multiply,
      .scale = scale,
      .add = add,
      .average = average,
      .update = update,
      .square_chain = square_chain,
      .transpose = transpose,
      .norm_rows = norm_rows,
      .norm_rows_backward = norm_rows_backward,
      .batch_statistics = batch_statistics,
      .batch_normalise = batch_normalise,
      .batch_sums = batch_sums,
      .batch_backward = batch_backward,
      .loss = loss,
      .row_product = row_product,
      .online_step = online_step,
  };
}

}  // namespace
}  // namespace chainrule::engine::cpu
