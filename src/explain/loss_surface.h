// The loss of chosen rows as a function of the parameters: value, gradient, and what single rows add to it, in fp64.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "engine/reference/reference_network.h"

namespace chainrule::explain {

using Network = reference::ReferenceNetwork<double>;

/// The weighted mean loss over samples[rows]. Walks the rows in chunks, so that memory does not grow with them; only batch norm in training
/// mode needs all at once. `samples` and `rows` must outlive it.
class LossSurface {
 public:
  using Batch = reference::Batch<double>;
  /// After the backward pass of a chunk: its first position in rows, and the chunk's rows by the weight of all. Gradients in the traces times
  /// this share are those of the whole loss.
  using Visit = std::function<void(const Batch& batch, std::size_t first, double share)>;

  /// Starts as prediction computes: no masks, running statistics.
  LossSurface(const NetworkSpec& spec, const TrainingSpec& training, std::span<const float> parameters, const Samples& samples,
              std::span<const std::uint32_t> rows);

  /// From now on the masks and batch statistics of this training step.
  void train_as(const engine::StepControl& control);
  /// Called for each gathered chunk, to move its inputs. Empty: none.
  std::function<void(Batch& batch, std::size_t first)> adjust;

  std::size_t rows() const noexcept { return rows_.size(); }
  Network& network() noexcept { return network_; }
  std::vector<double>& parameters() noexcept { return network_.parameters(); }

  double loss();
  /// Returns the loss and fills gradients(); dL/dx is in the network's input trace when `to_inputs`.
  double backward(const Visit& visit = {}, bool to_inputs = false);
  const std::vector<double>& gradients() const noexcept { return gradients_; }

 private:
  double walk(bool backward, const Visit& visit, bool to_inputs);
  double weight_of(std::span<const std::uint32_t> rows) const;

  Network network_;
  const Samples& samples_;
  std::span<const std::uint32_t> rows_;
  reference::Mode mode_ = reference::Mode::predict;
  reference::StepControl control_;
  Batch batch_;
  std::vector<double> gradients_, kept_parameters_;
};

}  // namespace chainrule::explain
