// The hash table behind categorical columns.
#include "data/level_table.h"

namespace chainrule::data {
namespace {

std::uint32_t hash_text(std::string_view text) noexcept {
  std::uint64_t hash = 0x9e3779b97f4a7c15ull ^ text.size();
  const char* at = text.data();
  std::size_t left = text.size();
  for (; left >= 8; at += 8, left -= 8) {
    std::uint64_t word;
    std::memcpy(&word, at, 8);
    hash = mix_hash(hash, word);
  }
  std::uint64_t word = 0;
  if (left > 0) std::memcpy(&word, at, left);
  return static_cast<std::uint32_t>(mix_hash(hash, word) >> 32);
}

}  // namespace

std::int32_t LevelTable::code(std::string_view text) {
  Key key;
  std::memcpy(&key.front, text.data(), text.size() < 8 ? text.size() : 8);
  if (text.size() > 8) std::memcpy(&key.back, text.data() + text.size() - 8, 8);
  return find(text, key, text.size() > 16 ? hash_text(text) : hash_key(key, text.size()));
}

std::int32_t LevelTable::insert(std::string_view text, const Key& key, std::uint32_t hash) {
  constexpr std::size_t kFew = 4096;  // then more room, so that nearly every text is found in its first slot
  if (slots_.size() < (levels_.size() < kFew ? 8 : 2) * (levels_.size() + 1)) grow();
  const std::size_t mask = slots_.size() - 1;
  std::size_t i = hash & mask;
  while (slots_[i].code >= 0) i = (i + 1) & mask;
  slots_[i] = {hash, static_cast<std::int32_t>(levels_.size())};
  keys_.push_back(key);
  levels_.push_back(text);
  return slots_[i].code;
}

void LevelTable::clear() {
  slots_.clear();
  keys_.clear();
  levels_.clear();
}

void LevelTable::grow() {
  std::vector<Slot> old = std::move(slots_);
  slots_.assign(old.empty() ? 16 : old.size() * 2, Slot{});
  const std::size_t mask = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.code < 0) continue;
    std::size_t i = slot.hash & mask;
    while (slots_[i].code >= 0) i = (i + 1) & mask;
    slots_[i] = slot;
  }
}

}  // namespace chainrule::data
