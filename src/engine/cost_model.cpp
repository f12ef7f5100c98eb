// The cost model: a phase takes as long as the slowest of its arithmetic and of each memory level's share of its bytes.
#include "engine/cost_model.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/cpu/columns.h"
#include "engine/cpu/cpu_plan.h"
#include "engine/cpu/workspace.h"
#include "math/optimizers.h"

namespace chainrule::engine {
namespace {

constexpr double kBlockDepth = cpu::kBlockDepth, kPieceInputs = cpu::kPieceInputs, kPieceRows = cpu::kPieceRows;
constexpr double kUsable = 0.8;  // share of a cache that one working set can count on
constexpr double kFloat = sizeof(float);

double up(double value, double step) { return std::ceil(value / step) * step; }

/// Vector operations an element costs beside the products, from the kernels' own code; one counts as two flops.
double activation_operations(Activation activation) {
  switch (activation) {
    case Activation::identity: return 0;
    case Activation::relu: return 1;
    case Activation::leaky_relu:
    case Activation::prelu: return 4;
    default: return 25;  // those with an exponential or a division
  }
}

double element_operations(const LayerSpec& layer) {
  double operations = activation_operations(layer.activation);
  if (layer.norm != Norm::none) operations += 10;
  if (layer.dropout.rate > 0) operations += 20;  // drawing the random numbers
  if (layer.residual) operations += 1;
  return operations;
}

enum Level { kL1, kL2, kL3, kDram };

/// Everything the phases ask about one step.
class Step {
 public:
  Step(const NetworkSpec& network, const TrainingSpec& training, std::size_t batch, const MachineModel& machine)
      : network_(network), training_(training), machine_(machine), threads_(machine.ceilings.threads), batch_(static_cast<double>(batch)) {
    rows_ = std::ceil(batch_ / threads_);
    states_ = static_cast<double>(math::state_count(training.optimizer));
    double weights = 0, columns = static_cast<double>(network.inputs);
    for (std::size_t l = 0; l < network.layers.size(); ++l) {
      weights += inputs(l) * outputs(l);
      columns += 2 * outputs(l);
    }
    arenas_ = weights * kFloat * (2 + states_);  // with the transposed weights
    weights_ = 2 * weights * kFloat;
    activations_ = batch_ * columns * kFloat;
  }

  PhaseCost read_inputs() const {
    PhaseCost phase = named("inputs");
    phase.work = 2 * batch_ * inputs(0);
    read(phase, batch_ * inputs(0) * kFloat, kL3);
    write(phase, batch_ * inputs(0) * kFloat, level(rows_ * inputs(0) * kFloat));
    phase.balance = row_balance();
    return phase;
  }

  PhaseCost forward(std::size_t l) const {
    PhaseCost phase = product("forward " + std::to_string(l + 1), inputs(l), outputs(l));
    phase.work += 2 * element_operations(network_.layers[l]) * batch_ * outputs(l);
    return phase;
  }

  PhaseCost backward(std::size_t l) const {
    PhaseCost phase = product("backward " + std::to_string(l + 1), outputs(l), inputs(l));
    phase.work += 2 * (network_.layers[l].norm != Norm::none ? 12 : 1) * batch_ * outputs(l);
    return phase;
  }

  PhaseCost loss() const {
    PhaseCost phase = named("loss");
    phase.work = 2 * (network_.loss.kind == Loss::squared_error ? 5 : 40) * batch_ * up(outputs(network_.layers.size() - 1), machine_.lanes);
    phase.balance = row_balance();
    return phase;
  }

  /// Gradient of a weight matrix over the whole batch, block by block, and the optimiser on each block.
  PhaseCost update(std::size_t l) const {
    PhaseCost phase = named("update " + std::to_string(l + 1));
    const double in = inputs(l), out = outputs(l), width = std::min(padded(out), panel()), weights = in * out;
    phase.flops = 2 * batch_ * weights;
    phase.work = 2 * batch_ * up(in, row_tile()) * worked(out) / busy(std::min(in, row_tile()), width);
    phase.updates = in * padded(out) + padded(out);
    // Each register tile of a block passes over its output gradients; a block over its inputs.
    const double tile_pass = batch_ * out * kFloat * std::ceil(in / row_tile()), block_pass = batch_ * in * kFloat * std::ceil(out / panel());
    read(phase, tile_pass, level(batch_ * 2 * panel() * kFloat));
    read(phase, block_pass, level(batch_ * (std::min(in, kBlockDepth) + panel()) * kFloat));
    const Level home = level((arenas_ + activations_) / threads_);
    read(phase, weights * kFloat * (1 + states_), home);
    write(phase, weights * kFloat * (1 + states_ + (l > 0 ? 1 : 0)), home);
    const double blocks = std::ceil(in / 16) * std::ceil(out / panel());  // the finest division
    phase.balance = std::ceil(blocks / threads_) * threads_ / blocks;
    return phase;
  }

  PhaseCost barriers() const {
    PhaseCost phase = named("barriers");
    if (threads_ == 1) return phase;
    phase.barriers = waits_of_step(network_, training_);
    return phase;
  }

 private:
  static PhaseCost named(std::string name) {
    PhaseCost phase;
    phase.name = std::move(name);
    return phase;
  }
  double inputs(std::size_t l) const { return static_cast<double>(network_.fan_in(l)); }
  double outputs(std::size_t l) const { return static_cast<double>(network_.layers[l].units); }
  double panel() const { return machine_.panel; }
  double row_tile() const { return machine_.row_tile; }
  double padded(double columns) const { return up(columns, machine_.lanes); }
  /// Columns a product works on. Few of them share vectors with other rows or inputs, at about half the cost (cpu/simd/narrow-inl.h).
  double worked(double columns) const { return columns <= 3 && machine_.lanes <= 8 ? padded(columns) / 2 : padded(columns); }
  double row_balance() const { return rows_ * threads_ / batch_; }

  /// Share of the FMA units that a register tile of this size keeps busy. One row alone is multiplied with all columns side by side.
  double busy(double tile_rows, double width) const {
    const double chains = tile_rows * width / machine_.lanes;
    return batch_ == 1 ? 1 : std::min(1.0, chains / machine_.chains);
  }

  /// Where data stays between two uses by one core: `bytes` of its own and `shared` ones that every core reads.
  Level level(double bytes, double shared = 0) const {
    if (bytes + shared <= kUsable * static_cast<double>(machine_.caches.l1)) return kL1;
    if (bytes + shared <= kUsable * static_cast<double>(machine_.caches.l2)) return kL2;
    return bytes * threads_ + shared <= kUsable * static_cast<double>(machine_.caches.l3) ? kL3 : kDram;
  }
  static void read(PhaseCost& phase, double bytes, Level from) {
    if (from == kL2) phase.l2 += bytes;
    if (from == kL3) phase.l3 += bytes;
    if (from == kDram) phase.dram += bytes;
  }
  static void write(PhaseCost& phase, double bytes, Level to) { read(phase, bytes, to); }

  /// rows x depth times depth x columns, each thread its rows.
  PhaseCost product(const std::string& name, double depth, double columns) const {
    PhaseCost phase = named(name);
    const double width = std::min(padded(columns), panel()), tiles = std::ceil(rows_ / row_tile()), weights = depth * columns * kFloat;
    phase.flops = 2 * batch_ * depth * columns;
    phase.work = 2 * batch_ * depth * worked(columns) / busy(std::min(rows_, row_tile()), width);
    phase.balance = row_balance();
    const bool sliced = rows_ * depth > cpu::kPieceFloats;
    const double slice = sliced ? std::min(depth, kPieceInputs) : depth, piece = sliced ? std::min(rows_, kPieceRows) : rows_;
    const double pieces = std::ceil(rows_ / piece), panel_bytes = slice * width * kFloat, piece_bytes = piece * slice * kFloat;
    // Once a step from where the weights are at home, once for each further piece of rows, once for each further register tile.
    read(phase, threads_ * weights, level((arenas_ - weights_ + activations_) / threads_, weights_));
    read(phase, threads_ * weights * (pieces - 1), level(piece_bytes, slice * columns * kFloat));
    read(phase, threads_ * weights * (tiles - pieces), level(row_tile() * slice * kFloat, panel_bytes));
    // Inputs once for each panel of outputs; outputs once for each slice of inputs.
    read(phase, batch_ * depth * kFloat * std::ceil(columns / panel()), level(piece_bytes + panel_bytes));
    write(phase, batch_ * columns * kFloat * (2 * std::ceil(depth / slice) - 1), level(rows_ * (depth + columns) * kFloat));
    return phase;
  }

  const NetworkSpec& network_;
  const TrainingSpec& training_;
  const MachineModel& machine_;
  double threads_, batch_, rows_ = 0, states_ = 0, arenas_ = 0, weights_ = 0, activations_ = 0;
};

/// Fills in the time and what takes it. What comes from far away passes the nearer levels too.
PhaseCost timed(PhaseCost phase, const MachineModel& machine) {
  const Ceilings& top = machine.ceilings;
  const double update = machine.update_rate > 0 ? phase.updates / machine.update_rate : 0;
  const auto share = [](double bytes, double gbs) { return gbs > 0 ? bytes / (gbs * 1e9) : 0; };
  const std::pair<Limit, double> limits[] = {{Limit::compute, (phase.work / (top.fma * 1e9) + update) * phase.balance},
                                             {Limit::l2, share(phase.l2 + phase.l3 + phase.dram, top.l2)},
                                             {Limit::l3, share(phase.l3 + phase.dram, top.l3)},
                                             {Limit::dram, share(phase.dram, top.dram)},
                                             {Limit::barrier, phase.barriers * top.barrier * 1e-9}};
  for (const auto& [limit, seconds] : limits) {
    if (seconds <= phase.seconds) continue;
    phase.seconds = seconds;
    phase.limit = limit;
  }
  return phase;
}

}  // namespace

const char* name(Limit limit) {
  constexpr const char* kNames[] = {"compute", "L2", "L3", "DRAM", "barrier", "other"};
  return kNames[static_cast<std::size_t>(limit)];
}

Limit StepCost::limit() const {
  return static_cast<Limit>(std::max_element(by_limit.begin(), by_limit.end()) - by_limit.begin());
}

void StepCost::compare_with(double measured) {
  by_limit[static_cast<std::size_t>(Limit::other)] = std::max(0.0, measured - seconds);
}

StepCost step_cost(const NetworkSpec& network, const TrainingSpec& training, std::size_t batch, const MachineModel& machine) {
  const Step step(network, training, batch, machine);
  StepCost cost;
  const auto add = [&](const PhaseCost& phase) {
    cost.phases.push_back(timed(phase, machine));
    cost.seconds += cost.phases.back().seconds;
    cost.flops += phase.flops;
    cost.by_limit[static_cast<std::size_t>(cost.phases.back().limit)] += cost.phases.back().seconds;
  };
  const std::size_t layers = network.layers.size();
  add(step.read_inputs());
  for (std::size_t l = 0; l < layers; ++l) add(step.forward(l));
  add(step.loss());
  for (std::size_t l = layers; l-- > (network.input_scale ? 0 : 1);) add(step.backward(l));
  for (std::size_t l = layers; l-- > 0;) add(step.update(l));
  add(step.barriers());
  return cost;
}

}  // namespace chainrule::engine
