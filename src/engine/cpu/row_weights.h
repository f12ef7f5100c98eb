// A copy of the weights for predicting one row after the other: whole rows side by side instead of panels.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "base/aligned_buffer.h"
#include "engine/cpu/packed_network.h"

namespace chainrule::engine::cpu {

/// Of a panel's rows every other one is left out when half of the inputs are zero, but the processor fetches ahead what it takes for a stream, and
/// so all of them. A row of all columns is long enough for that to cost little. Made when the same weights have predicted some rows, from
/// memory that nobody touches before.
class RowWeights {
 public:
  explicit RowWeights(const PackedNetwork& net) : net_(net) {
    std::size_t size = 0;
    for (const Layer& layer : net.layers) {
      places_.push_back(takes(layer) ? size : kAbsent);
      if (takes(layer)) size += (layer.weights() + kLine - 1) / kLine * kLine;
    }
    copy_ = AlignedBuffer<float>(net.rounds() ? 0 : size);
  }

  /// The weights have changed.
  void forget() noexcept { asked_ = 0; }

  /// Before a row is predicted with these weights (the parameters or their running mean). Costs a pass over them now and then.
  void prepare(const float* weights) noexcept {
    if (copy_.size() == 0) return;
    if (weights != source_) asked_ = 0;
    source_ = weights;
    if (asked_ > kPatience) return;
    if (++asked_ > kPatience) copy();
  }

  /// Row k of the layer starts at [k * out.size()]; null: there is no copy, read the panels.
  const float* of(const Layer& layer) const noexcept {
    const std::size_t place = places_[static_cast<std::size_t>(&layer - net_.layers.data())];
    return asked_ > kPatience && place != kAbsent ? copy_.data() + place : nullptr;
  }

 private:
  static constexpr int kPatience = 16;                         ///< rows predicted before a copy is made
  static constexpr std::size_t kLine = 16;                     ///< floats
  static constexpr std::size_t kLeast = std::size_t{1} << 13;  ///< weights that do not stay in the first-level cache
  static bool takes(const Layer& layer) { return layer.out.panels() > 2 && layer.weights() >= kLeast && !layer.drops_weights; }

  void copy() noexcept {
    for (std::size_t l = 0; l < places_.size(); ++l) {
      if (places_[l] == kAbsent) continue;
      const Layer& layer = net_.layers[l];
      for (int p = 0; p < layer.out.panels(); ++p) {
        const std::size_t width = static_cast<std::size_t>(layer.out.width(p));
        float* to = copy_.data() + places_[l] + static_cast<std::size_t>(p * layer.out.panel);
        const float* from = source_ + layer.weight_panel(p);
        for (int k = 0; k < layer.in.count; ++k, from += width, to += layer.out.size()) std::copy_n(from, width, to);
      }
    }
  }

  const PackedNetwork& net_;
  int asked_ = 0;
  const float* source_ = nullptr;
  std::vector<std::size_t> places_;  ///< per layer
  AlignedBuffer<float> copy_;
};

}  // namespace chainrule::engine::cpu
