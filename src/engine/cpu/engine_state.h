// All a step touches: the packed network, the batch's memory, the team and what this call asks for.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/counter_rng.h"
#include "base/thread_team.h"
#include "engine/cpu/packed_network.h"
#include "engine/cpu/row_weights.h"
#include "engine/cpu/shared_work.h"
#include "engine/cpu/workspace.h"
#include "engine/plan.h"
#include "math/norms.h"
#include "math/penalties.h"

namespace chainrule::engine::cpu {

/// What the dropout of one layer (or of the inputs) does in this call.
struct DropoutNow {
  bool masks = false;   ///< draw them
  bool scaled = false;  ///< multiply by constants.predict_scale instead
  math::DropoutConstants constants;
};

/// One call's samples, mode and constants, prepared by the caller before the team starts.
struct Frame {
  Samples samples;
  int rows = 0;
  Mode mode = Mode::train;
  std::uint64_t step = 1;
  const float* weights = nullptr;  ///< [row], null: all 1
  math::RowMass mass;              ///< W, and what unbiased variances need
  bool input_noise = false;
  DropoutNow input_dropout;
  std::vector<DropoutNow> dropout;  ///< per layer
  math::UpdateConstants update;
  float average_gain = 0;          ///< of the running mean of weights
  double running_share = 0;
  bool weights_masked = false;     ///< some layer uses PackedNetwork::masked
  bool moving_statistics = false;  ///< batch norm: the batch's own, and W > 0

  void set_update(const StepControl& control, double ema) noexcept {
    update = control.update;
    if (ema > 0) average_gain = static_cast<float>(math::average_gain(ema, control.step));
  }

  bool masks_on() const { return mode != Mode::predict; }
};

/// One block of a weight matrix: inputs `k` of `panels` output panels of one width from `panel`; or all vectors of one panel
/// (`vectors`); layer -1: input scale.
struct WorkItem {
  int layer = 0, panel = 0;
  bool vectors = false;
  Range k;
  int panels = 1;

  WorkItem of_panel(int p) const { return {layer, p, vectors, k, 1}; }
};

/// What each member reports: on its own cache line.
struct alignas(64) MemberFlags {
  bool loss_fine = true;    ///< its rows' losses and output gradients are finite
  bool update_fine = true;  ///< the parameters it updated are finite
  std::uint32_t slowed = 0;  ///< UpdateResult::slowed
};

struct EngineState {
  EngineState(const NetworkSpec& spec, const TrainingSpec& training, const KernelTable& kernels, int threads,
              std::size_t max_batch);

  PackedNetwork net;
  ThreadTeam team;
  Workspace work;
  Frame frame;
  std::vector<std::vector<WorkItem>> items;   ///< per member: blocks and vectors, for gradients and updates
  std::vector<WorkItem> panels;               ///< whole panels of weights, for norms over all inputs
  SharedWork gradient_work, update_work;      ///< `items`, for storing gradients and for updating
  SharedWork prediction_work;                 ///< tiles of rows
  std::vector<MemberFlags> flags;
  double dropout_factor = 1;            ///< of predictions
  bool average_changed = true;          ///< since PackedNetwork::rounded_average was made
  RowWeights row_weights;
  bool first_transposed_stale = false;  ///< layer 0's transposed weights are only kept up when input scale needs them

  const KernelTable& kernels() const { return net.kernels; }
  /// Members at work in this run of the team; shares that a smaller one leaves are taken by those who run.
  int members() const { return team.running(); }
  Range rows_of(int member) const { return Range::share(frame.rows, member, members()); }
  /// After anything that may have written parameters or their running mean: copies are stale.
  void weights_changed() noexcept {
    average_changed = true;
    row_weights.forget();
  }
  /// Makes all items untaken, for a run of the team.
  void reset_work() noexcept;
  bool all_fine(bool MemberFlags::* which) const {
    for (const MemberFlags& flag : flags) {
      if (!(flag.*which)) return false;
    }
    return true;
  }
  /// After an update: what its members have seen decides how the next ones go about denormals.
  void watch_denormals() noexcept {
    std::size_t slowed = 0;
    for (MemberFlags& flag : flags) slowed += std::exchange(flag.slowed, 0u);
    net.denormals_seen(slowed);
  }
  DrawRow draws(Purpose purpose, std::size_t layer, std::uint32_t row) const;
  /// This call uses masked or scaled copies of a layer's weights.
  bool masked(std::size_t l) const {
    return net.layers[l].drops_weights && (frame.dropout[l].masks || frame.dropout[l].scaled);
  }
  /// bf16: some rows of a matrix as products read them.
  void round_rows(const BatchMatrix& from, const BatchMatrix& to, Range rows) const;
  /// A layer's weights and their transpose as products of this call read them.
  const float* weights(std::size_t l) const;
  const float* transposed(std::size_t l) const;
};

/// Fills `frame` from the call's arguments. Serial, O(rows).
void prepare_frame(EngineState& state, const Samples& samples, std::span<const std::uint32_t> rows, Mode mode,
                   const StepControl& control) noexcept;

}  // namespace chainrule::engine::cpu
