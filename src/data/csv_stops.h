// The bytes at which CSV text may be cut (separators, line ends, quotes), found 64 at a time and handed out one by one.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace chainrule::data {

/// Bit i: text[i] is the separator, LF, CR or a quotation mark. Reads 64 bytes.
inline std::uint64_t stop_bits(const char* text, char separator) noexcept {
  std::uint64_t bits = 0;
#ifdef __SSE2__
  const __m128i wanted[] = {_mm_set1_epi8(separator), _mm_set1_epi8('\n'), _mm_set1_epi8('\r'), _mm_set1_epi8('"')};
  for (int part = 0; part < 4; ++part) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + 16 * part));
    const __m128i found = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, wanted[0]), _mm_cmpeq_epi8(bytes, wanted[1])),
                                       _mm_or_si128(_mm_cmpeq_epi8(bytes, wanted[2]), _mm_cmpeq_epi8(bytes, wanted[3])));
    bits |= static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(found))) << (16 * part);
  }
#else
  for (int i = 0; i < 64; ++i) {
    const char c = text[i];
    bits |= static_cast<std::uint64_t>(c == separator || c == '\n' || c == '\r' || c == '"') << i;
  }
#endif
  return bits;
}

/// Walks over the stops of a text; a copy in local variables is the fastest way to use it.
class CsvStops {
 public:
  CsvStops(const char* begin, const char* end, char separator) noexcept : block_(begin), end_(end), separator_(separator) { load(); }

  /// The next stop, nullptr when there is none before the text's end.
  const char* next() noexcept {
    while (bits_ == 0) {
      if (end_ - block_ <= 64) return nullptr;
      block_ += 64;
      load();
    }
    const char* stop = block_ + std::countr_zero(bits_);
    bits_ &= bits_ - 1;
    return stop;
  }

 private:
  void load() noexcept {
    const std::ptrdiff_t left = end_ - block_;
    if (left >= 64) {
      bits_ = stop_bits(block_, separator_);
      return;
    }
    char padded[64] = {};
    if (left > 0) std::memcpy(padded, block_, static_cast<std::size_t>(left));
    bits_ = stop_bits(padded, separator_) & ((std::uint64_t{1} << left) - 1);
  }

  const char *block_, *end_;
  std::uint64_t bits_ = 0;  ///< bit i: a stop at block_[i] that was not handed out yet
  char separator_;
};

}  // namespace chainrule::data
