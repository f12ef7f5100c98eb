// What the field loops share. Stops are found in blocks of 64 bytes, one bit a byte. A Block has equal(char), the bits where the character
// stands, and static count(bits) and append(bits, base, to), which writes base + the place of each bit and returns the end.
#pragma once

#include <limits>

#include "data/number.h"
#include "data/simd/field_kernels.h"

namespace chainrule::data {
namespace {

/// Bit i: an odd number of bits up to and with i.
inline std::uint64_t running_parity(std::uint64_t bits) noexcept {
  for (int step = 1; step < 64; step *= 2) bits ^= bits << step;
  return bits;
}

/// What the end of a block means to the next one; each is 0 or 1, `inside` all bits.
struct Carry {
  std::uint64_t inside = 0, stop = 1, closing = 0, returned = 0;
  std::uint64_t doubled = 0;  ///< not 0: some quote was doubled
};

/// Takes the stops in quotes away. The lowest bit of the result: from here on the record is not plain.
inline std::uint64_t leave_out_quoted(std::uint64_t quotes, std::uint64_t returns, std::uint64_t& stops, std::uint64_t& lines,
                                      Carry& carry) noexcept {
  const std::uint64_t inside = running_parity(quotes) ^ carry.inside;  // opening quotes included, closing ones not
  const std::uint64_t opening = quotes & inside, closing = quotes & ~inside;
  std::uint64_t odd = (lines | returns) & inside;
  stops &= ~inside;
  lines &= ~inside;
  const std::uint64_t behind_closing = closing << 1 | carry.closing;  // there a doubled quote opens again
  odd |= opening & ~(stops << 1 | carry.stop | behind_closing);
  odd |= behind_closing & ~(stops | returns | opening);
  odd |= (returns << 1 | carry.returned) & ~lines;
  carry.inside = std::uint64_t{0} - (inside >> 63);
  carry.closing = closing >> 63;
  carry.returned = returns >> 63;
  carry.doubled |= behind_closing & opening;
  return odd;
}

template <class Block>
StopCount find_stops(const char* text, std::size_t blocks, char separator, std::uint32_t* const stops) {
  Carry carry;
  std::uint32_t* to = stops;
  std::size_t lines_found = 0;
  for (std::size_t b = 0; b < blocks; ++b) {
    const Block block(text + 64 * b);
    std::uint64_t lines = block.equal('\n'), found = block.equal(separator) | lines, odd = 0;
    const std::uint64_t quotes = block.equal('"'), returns = block.equal('\r');
    if ((quotes | returns | carry.inside | carry.closing | carry.returned) != 0) {
      odd = leave_out_quoted(quotes, returns, found, lines, carry);
      const std::uint64_t before = odd == 0 ? ~std::uint64_t{0} : (odd & (0 - odd)) - 1;
      found &= before;
      lines &= before;
    }
    carry.stop = found >> 63;
    lines_found += Block::count(lines);
    to = Block::append(found, static_cast<std::uint32_t>(64 * b), to);
    if (odd != 0) return {static_cast<std::size_t>(to - stops), lines_found, true, carry.doubled != 0};
  }
  return {static_cast<std::size_t>(to - stops), lines_found, false, carry.doubled != 0};
}

/// One field; an empty one is NaN, and counted. False: neither empty nor plain.
inline bool read_one(const FieldColumn& column, std::size_t row, char decimal, double& value, std::size_t& empty) noexcept {
  const char *first = column.begin(row), *last = column.end(row);
  if (first != last) return parse_common_number({first, static_cast<std::size_t>(last - first)}, decimal, value);
  value = std::numeric_limits<double>::quiet_NaN();
  ++empty;
  return true;
}

}  // namespace
}  // namespace chainrule::data
