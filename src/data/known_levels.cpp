// One comparison of all bytes and the length at once, so that only an unknown text is a surprise.
#include "data/known_levels.h"

namespace chainrule::data {

constexpr KnownLevels::Masks KnownLevels::kMasks;

[[gnu::always_inline]] inline bool KnownLevels::look(const FieldColumn& column, std::size_t row, Field& field) noexcept {
  const char *first = column.begin(row), *last = column.end(row);
  if (first == last) return false;
  const auto begin = static_cast<unsigned char>(*first), end = static_cast<unsigned char>(last[-1]);
  if (begin == '"' && end == '"') {
    ++first;
    --last;
  } else if (begin <= '"' || end <= ' ') {
    return false;
  }
  field.size = static_cast<std::size_t>(last - first);
  if (field.size - 1 >= kLongest) return false;
  std::memcpy(&field.front, first, 8);  // what lies behind the field may be read, and is masked
  std::memcpy(&field.back, first + 8, 8);
  field.front &= kMasks.of[field.size].front;
  field.back &= kMasks.of[field.size].back;
  return std::endian::native == std::endian::little;
}

void KnownLevels::keep(const FieldColumn& column, std::size_t row, std::int32_t code, std::uint8_t is_number) {
  Field field;
  if (!look(column, row, field)) return;
  if (!slots_) slots_.reset(new Slot[kSlots]);
  slots_[field.slot()] = {field.front, field.back, static_cast<std::uint32_t>(field.size), code, is_number};
}

KnownLevels::Read KnownLevels::read(FieldColumn column, std::size_t row, std::size_t rows, std::int32_t* to, const Slot* slots) noexcept {
  const std::size_t first_row = row;
  std::size_t numbers = 0;
  for (; row < rows; ++row, ++to) {
    Field field;
    if (!look(column, row, field)) break;
    const Slot& slot = slots[field.slot()];
    if (((slot.front ^ field.front) | (slot.back ^ field.back) | (slot.size ^ field.size)) != 0) break;
    numbers += slot.is_number;
    *to = slot.code;
  }
  return {row - first_row, numbers};
}

}  // namespace chainrule::data
