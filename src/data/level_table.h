// Distinct texts of a column, numbered in order of first appearance.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "data/row_hash.h"

namespace chainrule::data {

/// An open-addressing hash table. Keeps views: the texts must outlive it.
class LevelTable {
 public:
  /// The code of `text`, new or old.
  std::int32_t code(std::string_view text);
  /// The same, faster, where the eight bytes from text.data() on may be read however short the text is.
  std::int32_t code_readable(std::string_view text) {
    if (std::endian::native != std::endian::little || text.size() - 1 >= 16) return code(text);
    const std::size_t behind = text.size() <= 8 ? 0 : text.size() - 8;  // no branch: lengths are hard to foresee
    Key key;
    std::memcpy(&key.front, text.data(), 8);
    std::memcpy(&key.back, text.data() + behind, 8);
    key.front &= kMasks[text.size() - behind];
    key.back &= kMasks[behind != 0 ? 8 : 0];
    return find(text, key, hash_key(key, text.size()));
  }
  const std::vector<std::string_view>& levels() const noexcept { return levels_; }
  void clear();

 private:
  /// By number of bytes: those of a word, the first one lowest.
  static constexpr std::uint64_t kMasks[9] = {
      0, 0xff, 0xffff, 0xffffff, 0xffffffff, 0xffffffffff, 0xffffffffffff, 0xffffffffffffff, 0xffffffffffffffff};
  /// The first and the last eight bytes (of eight or less: all, and 0), which with the length say all about up to sixteen.
  struct Key {
    std::uint64_t front = 0, back = 0;
    bool operator==(const Key&) const = default;
  };
  struct Slot {
    std::uint32_t hash = 0;
    std::int32_t code = -1;  ///< -1: free
  };
  static std::uint32_t hash_key(const Key& key, std::size_t size) noexcept {
    return static_cast<std::uint32_t>(mix_hash(key.front ^ size * 0x9e3779b97f4a7c15ull, key.back) >> 32);
  }
  std::int32_t find(std::string_view text, const Key& key, std::uint32_t hash) {
    if (slots_.empty()) return insert(text, key, hash);
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t i = hash & mask; slots_[i].code >= 0; i = (i + 1) & mask) {
      const auto code = static_cast<std::size_t>(slots_[i].code);
      if (slots_[i].hash != hash || keys_[code] != key || levels_[code].size() != text.size()) continue;
      if (text.size() <= 16 || levels_[code] == text) return slots_[i].code;
    }
    return insert(text, key, hash);
  }
  std::int32_t insert(std::string_view text, const Key& key, std::uint32_t hash);
  void grow();

  std::vector<Slot> slots_;
  std::vector<Key> keys_;
  std::vector<std::string_view> levels_;
};

}  // namespace chainrule::data
