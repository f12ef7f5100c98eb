// Remembers the best epoch and says when to stop.
#pragma once

#include <cmath>
#include <cstdint>

namespace chainrule::training {

/// Smaller scores are better; a score that is not a number never is. Plain values: part of the checkpoint.
struct EarlyStopping {
  bool has_best = false;
  double best_score = 0;
  std::uint64_t best_epoch = 0, epochs_since_best = 0;

  /// True when this epoch is the best so far.
  bool observe(double score, std::uint64_t epoch) noexcept {
    const bool better = !std::isnan(score) && (!has_best || score < best_score);
    epochs_since_best = better ? 0 : epochs_since_best + 1;
    if (better) {
      has_best = true;
      best_score = score;
      best_epoch = epoch;
    }
    return better;
  }
  /// patience 0: never.
  bool exhausted(std::uint64_t patience) const noexcept { return patience != 0 && epochs_since_best >= patience; }
  friend bool operator==(const EarlyStopping&, const EarlyStopping&) = default;
};

}  // namespace chainrule::training
