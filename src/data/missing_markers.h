// The texts that stand for a missing value, and how often each was met.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace chainrule::data {

class MissingMarkers {
 public:
  /// `given` empty: the usual ones (NA, N/A, NaN, null, None, ?, -, ...). The empty cell is always missing.
  explicit MissingMarkers(const std::vector<std::string>& given);

  bool contains(std::string_view text) const noexcept { return text.empty() || find(text) >= 0; }
  /// The same, and counts it.
  bool meet(std::string_view text) noexcept;
  /// `missing markers: empty (12 cells), "?" (3 cells)`, or "" when none was met.
  std::string note() const;

 private:
  int find(std::string_view text) const noexcept;

  std::vector<std::string> texts_;
  std::vector<std::size_t> counts_;
  std::size_t empty_ = 0;
  std::array<bool, 256> first_{};  ///< first bytes of the markers, to say no quickly
};

}  // namespace chainrule::data
