// The texts that stand for a missing value.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chainrule::data {

/// How often each marker was met.
struct MissingCounts {
  std::size_t empty = 0;
  std::vector<std::size_t> markers;  ///< in the order of MissingMarkers

  void add(const MissingCounts& other);
};

/// NA, N/A, NaN, null, None, ?, -, ...
const std::vector<std::string>& usual_missing_markers();
/// `given` as users write them: added to `known`; from one that begins with "only:" on, in its place ("only:" alone: none).
std::vector<std::string> missing_markers(const std::vector<std::string>& known, const std::vector<std::string>& given);

class MissingMarkers {
 public:
  /// The empty cell is always missing, besides these.
  explicit MissingMarkers(std::vector<std::string> texts);

  bool contains(std::string_view text) const noexcept { return text.empty() || (may_contain(text) && find(text) >= 0); }
  /// The same, and counts it.
  bool meet(std::string_view text, MissingCounts& counts) const noexcept { return may_contain(text) && meet_slowly(text, counts); }
  const std::vector<std::string>& texts() const noexcept { return texts_; }
  MissingCounts no_counts() const { return {0, std::vector<std::size_t>(texts_.size())}; }
  /// A marker such as "999" reads as a number, so cells must be compared before they are parsed.
  bool number_among_them() const noexcept { return number_among_them_; }
  /// `missing markers: empty (12 cells), "?" (3 cells)`, or "" when none was met.
  std::string note(const MissingCounts& counts) const;

 private:
  // Says no to nearly every cell by its first byte and length alone.
  bool may_contain(std::string_view text) const noexcept {
    return text.empty() || (lengths_[static_cast<unsigned char>(text[0])] >> std::min<std::size_t>(text.size(), 31) & 1u) != 0;
  }
  bool meet_slowly(std::string_view text, MissingCounts& counts) const noexcept;
  int find(std::string_view text) const noexcept;

  std::vector<std::string> texts_;
  bool number_among_them_ = false;
  std::array<std::uint32_t, 256> lengths_{};  ///< by first byte: bit n is set when a marker has n bytes (31: 31 or more)
};

}  // namespace chainrule::data
