// When predicting is worth a team: many rows, or calls for some that follow each other closely.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "engine/cpu/packed_network.h"
#include "engine/cpu/team_choice.h"
#include "engine/cpu/workspace.h"

namespace chainrule::engine::cpu {

/// Members that sleep take longer to wake than a row takes, so only a caller who asks again and again gets the team, and as long as it is
/// faster. Either way gives the same bits.
template <class Clock>
class PredictionTeamBy {
 public:
  PredictionTeamBy(const PackedNetwork& net, int members, bool for_tests) : members_(members), for_tests_(for_tests), choice_(kind(for_tests)) {
    for (const Layer& layer : net.layers) {
      all_terms_ += terms(layer);
      if (divisible(layer)) most_terms_ = std::max(most_terms_, terms(layer));
    }
  }

  /// Whether members each take some of the layer's columns; all of them compute the others.
  bool divides(const Layer& layer, std::size_t rows) const { return divisible(layer) && rows * terms(layer) >= least_terms(); }

  /// Whether a call for so many rows should run on the whole team. end() must follow it.
  bool begin(std::size_t rows) {
    const bool few = rows <= kFewRows, surely = members_ > 1 && !few && !for_tests_ && rows * all_terms_ >= kSurely;
    timed_ = members_ > 1 && !surely && rows * (few ? most_terms_ : all_terms_) >= least_terms();
    if (!timed_) return surely;
    begin_ = Clock::now();
    calls_ = begin_ - end_ < kAwake ? calls_ + 1 : 0;
    counts_ = for_tests_ || calls_ >= kLeastCalls;
    return counts_ && !choice_.alone();
  }

  void end(std::size_t rows) {
    if (!timed_) return;
    end_ = Clock::now();
    if (counts_) choice_.took(std::chrono::duration<double>(end_ - begin_).count(), static_cast<int>(rows));
  }

 private:
  static constexpr std::chrono::microseconds kAwake{20};  ///< members that wait for longer may sleep
  static constexpr long kLeastCalls = 16;
  /// Multiply-adds, of one layer where columns are divided: of half as many a team makes 1.3 times as fast what costs 1.5 of the processor's time.
  static constexpr std::size_t kLeastTerms = std::size_t{1} << 17;
  static constexpr std::size_t kSurely = std::size_t{1} << 23;  ///< longer than members take to wake

  static TeamChoice::Kind kind(bool for_tests) { return for_tests ? TeamChoice::Kind::alternating : TeamChoice::Kind::adapting; }
  /// Layer norm wants whole rows.
  static bool divisible(const Layer& layer) { return layer.norm != Norm::layer && layer.out.panels() > 1; }
  static std::size_t terms(const Layer& layer) { return layer.in.size() * layer.out.size(); }
  std::size_t least_terms() const { return for_tests_ ? 1 : kLeastTerms; }

  int members_;
  bool for_tests_;
  TeamChoice choice_;
  std::size_t all_terms_ = 0, most_terms_ = 0;  ///< of a row: in all layers; in the largest one that a team divides
  bool timed_ = false, counts_ = false;
  long calls_ = 0;  ///< that followed each other closely
  typename Clock::time_point begin_, end_;
};

using PredictionTeam = PredictionTeamBy<std::chrono::steady_clock>;

}  // namespace chainrule::engine::cpu
