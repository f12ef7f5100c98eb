// Distinct texts of a column, numbered in order of first appearance.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace chainrule::data {

/// An open-addressing hash table. Keeps views: the texts must outlive it.
class LevelTable {
 public:
  /// The code of `text`, new or old.
  std::int32_t code(std::string_view text);
  const std::vector<std::string_view>& levels() const noexcept { return levels_; }
  void clear();

 private:
  void grow();

  struct Slot {
    std::uint32_t hash = 0;
    std::int32_t code = -1;  ///< -1: free
  };
  std::vector<Slot> slots_;
  std::vector<std::string_view> levels_;
};

}  // namespace chainrule::data
