// The levels that a column of texts met last, found without branches on their lengths.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "data/simd/field_kernels.h"

namespace chainrule::data {

/// Fields of up to 16 bytes by what stands in the file, doubled quotes included. In front of a LevelTable, which knows all levels.
class KnownLevels {
 public:
  struct Read {
    std::size_t rows = 0;     ///< taken
    std::size_t numbers = 0;  ///< texts among them that read as numbers
  };
  /// Writes codes from `row` on, up to the first field that is not known here.
  Read read(const FieldColumn& column, std::size_t row, std::size_t rows, std::int32_t* to) const noexcept {
    return slots_ ? read(column, row, rows, to, slots_.get()) : Read{};
  }
  /// From now on the field of that row means `code`. Fields that are long or have blanks around them are not kept.
  void keep(const FieldColumn& column, std::size_t row, std::int32_t code, std::uint8_t is_number);

 private:
  static constexpr std::size_t kLongest = 16, kSlots = 256;

  struct Slot {
    std::uint64_t front = 0, back = 0;
    std::uint32_t size = 0;  ///< 0: free, as no field here is empty
    std::int32_t code = -1;
    std::uint64_t is_number = 0;
  };
  struct Field {
    std::uint64_t front, back;
    std::size_t size;

    std::size_t slot() const noexcept {
      return ((front ^ std::rotl(back, 31)) * 0x9e3779b97f4a7c15ull + size * 0xe7037ed1a0b428dbull) >> 56;  // kSlots of them
    }
  };
  /// By number of bytes: those of two words, the first one lowest.
  struct Mask {
    std::uint64_t front, back;
  };
  struct Masks {
    Mask of[kLongest + 1];
    constexpr Masks() : of() {
      for (std::size_t size = 0; size <= kLongest; ++size) {
        of[size].front = size >= 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << (8 * size)) - 1;
        of[size].back = size == 16 ? ~std::uint64_t{0} : size <= 8 ? 0 : (std::uint64_t{1} << (8 * (size - 8))) - 1;
      }
    }
  };
  static const Masks kMasks;

  // False: empty, long, or blanks may stand around it.
  static bool look(const FieldColumn& column, std::size_t row, Field& field) noexcept;
  static Read read(FieldColumn column, std::size_t row, std::size_t rows, std::int32_t* to, const Slot* slots) noexcept;

  std::unique_ptr<Slot[]> slots_;
};

}  // namespace chainrule::data
