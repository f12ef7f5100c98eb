// The field loops for AVX2: blocks as two vectors, a number as sixteen bytes whose digits are moved to their places by one shuffle.
#include <immintrin.h>

#include <cstring>

#include "data/simd/fields-inl.h"

namespace chainrule::data {
namespace {

class Block {
 public:
  explicit Block(const char* text) noexcept
      : low_(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(text))), high_(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(text + 32))) {}

  std::uint64_t equal(char c) const noexcept {
    const __m256i wanted = _mm256_set1_epi8(c);
    const auto low = static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(low_, wanted)));
    const auto high = static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(high_, wanted)));
    return low | static_cast<std::uint64_t>(high) << 32;
  }
  static std::size_t count(std::uint64_t bits) noexcept { return static_cast<std::size_t>(_mm_popcnt_u64(bits)); }
  // Eight at a time, whether they are wanted or not: the number of rounds is easier to foresee than that of bits.
  static std::uint32_t* append(std::uint64_t bits, std::uint32_t base, std::uint32_t* to) noexcept {
    std::uint32_t* const end = to + count(bits);
    for (; to < end; to += 8) {
      for (int i = 0; i < 8; ++i) {
        to[i] = base + static_cast<std::uint32_t>(_tzcnt_u64(bits));
        bits = _blsr_u64(bits);
      }
    }
    return end;
  }

 private:
  __m256i low_, high_;
};

constexpr std::size_t kMostBytes = 15;  // of digits and decimal mark: all of them below 2^53, and what follows them is in sight

/// [length][place of the first byte that is no digit]: which byte of the field each of sixteen goes to. The last digit goes to the last
/// place, the decimal mark to the first, zeros between them.
struct Moves {
  alignas(16) signed char from[kMostBytes + 1][kMostBytes + 1][16];
};

constexpr Moves make_moves() {
  Moves moves{};
  for (int length = 0; length <= static_cast<int>(kMostBytes); ++length) {
    for (int mark = 0; mark <= static_cast<int>(kMostBytes); ++mark) {
      for (int to = 0; to < 16; ++to) {
        int from = to + length - 16;
        if (mark < length && from <= mark) --from;
        moves.from[length][mark][to] = static_cast<signed char>(from < 0 ? -1 : from);  // -1: a zero
      }
      if (mark < length) moves.from[length][mark][0] = static_cast<signed char>(mark);
    }
  }
  moves.from[1][0][15] = 0;  // a mark alone: among the digits it is noticed
  return moves;
}

constexpr Moves kMoves = make_moves();

// [bytes from the decimal mark on, 0: there is none][negative]: what the digits are divided by.
constexpr double kDivisors[kMostBytes + 1][2] = {{1, -1},     {1, -1},     {1e1, -1e1},   {1e2, -1e2},   {1e3, -1e3},   {1e4, -1e4},
                                                 {1e5, -1e5}, {1e6, -1e6}, {1e7, -1e7},   {1e8, -1e8},   {1e9, -1e9},   {1e10, -1e10},
                                                 {1e11, -1e11}, {1e12, -1e12}, {1e13, -1e13}, {1e14, -1e14}};

struct Digits {
  const char* first;     ///< behind the sign
  std::size_t length;
  std::size_t negative;  ///< 0 or 1
};

inline Digits digits_of(const FieldColumn& column, std::size_t row) noexcept {
  const char* const first = column.begin(row);
  const std::size_t negative = *first == '-' ? 1 : 0;
  return {first + negative, static_cast<std::size_t>(column.end(row) - first) - negative, negative};
}

/// How the digits of one field move, and what they are divided by.
struct Spelling {
  const signed char* move;
  const double* divisor;
};

// Bit i of `others`: byte i is no digit; the separator is one. 1 <= length <= 15.
inline Spelling spelling(const Digits& field, std::uint32_t others) noexcept {
  const std::size_t mark = _tzcnt_u32(others);
  return {kMoves.from[field.length][mark], &kDivisors[field.length - mark][field.negative]};
}

inline __m256i two(const void* low, const void* high) noexcept {
  return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(static_cast<const __m128i*>(low))),
                                 _mm_loadu_si128(static_cast<const __m128i*>(high)), 1);
}

// Sixteen digits as four numbers of four, in both halves.
inline __m256i fours(__m256i digits) noexcept {
  const __m256i pairs = _mm256_maddubs_epi16(digits, _mm256_set1_epi16(10 | 1 << 8));
  return _mm256_madd_epi16(pairs, _mm256_set1_epi32(100 | 1 << 16));
}

// Whole numbers below 2^32 as doubles.
inline __m256d to_doubles(__m256i numbers) noexcept {
  const __m256d two_to_52 = _mm256_set1_pd(4503599627370496.0);
  return _mm256_sub_pd(_mm256_castsi256_pd(_mm256_or_si256(numbers, _mm256_castpd_si256(two_to_52))), two_to_52);
}

// Digits and power of ten are both exact doubles, so the one division rounds correctly (Clinger 1990). False: some field is not plain.
inline bool read_four(const FieldColumn& column, std::size_t row, __m256i mark, double* to, __m256d& divided) noexcept {
  const Digits a = digits_of(column, row), b = digits_of(column, row + 1), c = digits_of(column, row + 2), d = digits_of(column, row + 3);
  if (((a.length - 1) | (b.length - 1) | (c.length - 1) | (d.length - 1)) >= kMostBytes) return false;
  const __m256i zero = _mm256_set1_epi8('0'), nine = _mm256_set1_epi8(9);
  const __m256i bytes_ac = _mm256_sub_epi8(two(a.first, c.first), zero), bytes_bd = _mm256_sub_epi8(two(b.first, d.first), zero);
  const auto are_digits = [&](__m256i bytes) { return _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, nine), bytes); };
  const auto others_ac = ~static_cast<std::uint32_t>(_mm256_movemask_epi8(are_digits(bytes_ac)));
  const auto others_bd = ~static_cast<std::uint32_t>(_mm256_movemask_epi8(are_digits(bytes_bd)));
  const Spelling sa = spelling(a, others_ac), sb = spelling(b, others_bd), sc = spelling(c, others_ac >> 16), sd = spelling(d, others_bd >> 16);
  const auto move = [&](__m256i bytes, const Spelling& low, const Spelling& high) {
    const __m256i moved = _mm256_shuffle_epi8(bytes, two(low.move, high.move));
    return _mm256_andnot_si256(_mm256_cmpeq_epi8(moved, mark), moved);  // the mark has done its work
  };
  const __m256i digits_ac = move(bytes_ac, sa, sc), digits_bd = move(bytes_bd, sb, sd);
  if (_mm256_movemask_epi8(_mm256_and_si256(are_digits(digits_ac), are_digits(digits_bd))) != -1) return false;
  const __m256i all_fours = _mm256_packus_epi32(fours(digits_ac), fours(digits_bd));
  const __m256i eights = _mm256_madd_epi16(all_fours, _mm256_set1_epi32(10000 | 1 << 16));  // of a, b, c, d
  const __m256d high = to_doubles(_mm256_and_si256(eights, _mm256_set1_epi64x(0xffffffff))), low = to_doubles(_mm256_srli_epi64(eights, 32));
  const __m256d divisors = _mm256_set_pd(*sd.divisor, *sc.divisor, *sb.divisor, *sa.divisor);
  _mm256_storeu_pd(to, _mm256_div_pd(_mm256_add_pd(_mm256_mul_pd(high, _mm256_set1_pd(1e8)), low), divisors));
  divided = _mm256_or_pd(divided, divisors);
  return true;
}

constexpr std::size_t kWholeBytes = 4;

// Eight fields of up to four digits and nothing else. False: some field is something else.
inline bool read_eight_whole(const FieldColumn& column, std::size_t row, double* to) noexcept {
  const auto pair = [&](std::size_t i) {  // the stops around two fields
    const std::uint32_t* const stops = column.stops + (row + i) * column.stride;
    const __m128i first = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(stops));
    return _mm_castpd_si128(_mm_loadh_pd(_mm_castsi128_pd(first), reinterpret_cast<const double*>(stops + column.stride)));
  };
  const __m256 abef = _mm256_castsi256_ps(_mm256_inserti128_si256(_mm256_castsi128_si256(pair(0)), pair(4), 1));
  const __m256 cdgh = _mm256_castsi256_ps(_mm256_inserti128_si256(_mm256_castsi128_si256(pair(2)), pair(6), 1));
  const __m256i begins = _mm256_sub_epi32(_mm256_castps_si256(_mm256_shuffle_ps(abef, cdgh, 0x88)), _mm256_set1_epi32(-1));
  const __m256i ends = _mm256_sub_epi32(_mm256_castps_si256(_mm256_shuffle_ps(abef, cdgh, 0xdd)), _mm256_set1_epi32(static_cast<int>(column.tail)));
  const __m256i short_by = _mm256_sub_epi32(_mm256_set1_epi32(kWholeBytes), _mm256_sub_epi32(ends, begins));  // 0 to 3
  const auto four = [&](std::size_t i) {  // faster than the instruction for it
    const auto bytes_at = [&](std::size_t k) {
      int bytes;
      std::memcpy(&bytes, column.begin(row + i + k), sizeof bytes);
      return bytes;
    };
    return _mm_setr_epi32(bytes_at(0), bytes_at(1), bytes_at(2), bytes_at(3));
  };
  const __m256i bytes = _mm256_inserti128_si256(_mm256_castsi128_si256(four(0)), four(4), 1);
  const __m256i digits = _mm256_sllv_epi32(_mm256_xor_si256(bytes, _mm256_set1_epi8('0')), _mm256_slli_epi32(short_by, 3));
  const __m256i fine = _mm256_and_si256(_mm256_cmpeq_epi8(_mm256_min_epu8(digits, _mm256_set1_epi8(9)), digits),
                                        _mm256_cmpeq_epi32(_mm256_and_si256(short_by, _mm256_set1_epi32(3)), short_by));
  if (_mm256_movemask_epi8(fine) != -1) return false;
  const __m256i whole = _mm256_madd_epi16(_mm256_maddubs_epi16(digits, _mm256_set1_epi16(10 | 1 << 8)), _mm256_set1_epi32(100 | 1 << 16));
  _mm256_storeu_pd(to, _mm256_cvtepi32_pd(_mm256_castsi256_si128(whole)));
  _mm256_storeu_pd(to + 4, _mm256_cvtepi32_pd(_mm256_extracti128_si256(whole, 1)));
  return true;
}

// The leading rows that are such fields, eight by eight; of fewer than eight none.
inline std::size_t read_whole(const FieldColumn& column, std::size_t row, std::size_t rows, double* to) noexcept {
  if (rows < 8) return row;
  while (row < rows) {
    const std::size_t eight = row + 8 <= rows ? row : rows - 8;  // the last ones may be read twice
    if (!read_eight_whole(column, eight, to + eight)) return row;
    row = eight + 8;
  }
  return row;
}

NumberCount read_numbers(FieldColumn column, std::size_t rows, char decimal, double* to) {
  constexpr std::size_t kTries = 2;
  const __m256i mark = _mm256_broadcastsi128_si256(_mm_cvtsi32_si128(static_cast<unsigned char>(decimal - '0')));  // in the first place
  const __m256d one = _mm256_set1_pd(1);
  __m256d divided = one;  // the bits of all divisors
  std::size_t row = 0, empty = 0;
  bool plain = true, any_singly = false;
  std::size_t tries = 0;
  while (plain && row < rows) {
    if (tries < kTries && row % 8 == 0) {
      ++tries;
      row = read_whole(column, row, rows, to);
      if (row == rows) break;
    }
    const std::size_t four = row + 4 <= rows ? row : rows - 4;  // the last ones may be read twice
    if (rows >= 4 && read_four(column, four, mark, to + four, divided)) {
      row = four + 4;
      continue;
    }
    for (const std::size_t stop = rows - row < 4 ? rows : row + 4; row < stop && plain; row += plain) {
      plain = read_one(column, row, decimal, to[row], empty);
    }
    any_singly = true;
  }
  const __m256d sizes = _mm256_andnot_pd(_mm256_set1_pd(-0.0), divided);
  return {row, empty, any_singly || _mm256_movemask_pd(_mm256_cmp_pd(sizes, one, _CMP_NEQ_UQ)) != 0};
}

}  // namespace

const FieldKernels& avx2_field_kernels() {
  static constexpr FieldKernels kernels = {"avx2", find_stops<Block>, read_numbers};
  return kernels;
}

}  // namespace chainrule::data
