// The field loops for AVX2: blocks as two vectors, a number as sixteen bytes whose digits are moved to their places by one shuffle.
#include <immintrin.h>

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

constexpr unsigned kMostBytes = 16;

// [length][place of the decimal mark, length: none]: which byte of the field each of sixteen digits comes from, the last digit last.
struct Moves {
  alignas(16) signed char from[kMostBytes + 1][kMostBytes + 1][kMostBytes];
};

constexpr Moves make_moves() {
  Moves moves{};
  for (int length = 0; length <= static_cast<int>(kMostBytes); ++length) {
    for (int mark = 0; mark <= static_cast<int>(kMostBytes); ++mark) {
      for (int to = 0; to < static_cast<int>(kMostBytes); ++to) {
        int from = to + length - static_cast<int>(kMostBytes);
        if (mark < length && from <= mark) --from;
        moves.from[length][mark][to] = static_cast<signed char>(from < 0 ? -1 : from);  // -1: a zero
      }
    }
  }
  return moves;
}

constexpr Moves kMoves = make_moves();

// By bytes from the decimal mark on (0: there is none): the power of ten that the digits are divided by; of negative numbers, its opposite.
constexpr std::size_t kPowers = kMostBytes + 1;
constexpr double kDivisors[2 * kPowers] = {1,  1,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10,  1e11,  1e12,  1e13,  1e14,  1e15,
                                           -1, -1, -1e1, -1e2, -1e3, -1e4, -1e5, -1e6, -1e7, -1e8, -1e9, -1e10, -1e11, -1e12, -1e13, -1e14, -1e15};

struct Digits {
  const char* first;  ///< behind the sign
  std::uint32_t length;
  std::uint32_t negative;  ///< 0 or 1
};

inline Digits digits_of(const FieldColumn& column, std::size_t row) noexcept {
  const char *first = column.begin(row), *last = column.end(row);
  const std::uint32_t negative = *first == '-' ? 1 : 0;
  return {first + negative, static_cast<std::uint32_t>(last - first) - negative, negative};
}

/// How the digits of one field move, and what they are divided by. odd is 0 for at most one decimal mark, not the last byte, among digits.
struct Spelling {
  const __m128i* move;
  const double* divisor;
  std::uint32_t odd, marks;
};

// Bit i of `others`: byte i is no digit; of `marks`: it is a decimal mark. Bits from the field's end on may be anything. 1 <= length <= 16.
inline Spelling spelling(Digits field, std::uint32_t others, std::uint32_t marks) noexcept {
  others = _bzhi_u32(others, field.length);
  marks = _bzhi_u32(marks, field.length);
  const std::uint32_t mark = _tzcnt_u32(others | 1u << field.length);
  return {reinterpret_cast<const __m128i*>(kMoves.from[field.length][mark]), kDivisors + field.negative * kPowers + (field.length - mark),
          (others ^ marks) | _blsr_u32(others) | others >> (field.length - 1), others};
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
inline bool read_four(const FieldColumn& column, std::size_t row, __m256i decimal, double* to, std::uint32_t& marks) noexcept {
  const Digits a = digits_of(column, row), b = digits_of(column, row + 1), c = digits_of(column, row + 2), d = digits_of(column, row + 3);
  if (((a.length - 1) | (b.length - 1) | (c.length - 1) | (d.length - 1)) >= kMostBytes) return false;
  const __m256i zero = _mm256_set1_epi8('0'), nine = _mm256_set1_epi8(9);
  const __m256i bytes_ac = two(a.first, c.first), bytes_bd = two(b.first, d.first);
  const __m256i digits_ac = _mm256_sub_epi8(bytes_ac, zero), digits_bd = _mm256_sub_epi8(bytes_bd, zero);
  const auto others = [&](__m256i digits) {
    return ~static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_min_epu8(digits, nine), digits)));
  };
  const auto are_marks = [&](__m256i bytes) { return static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, decimal))); };
  const std::uint32_t others_ac = others(digits_ac), others_bd = others(digits_bd), marks_ac = are_marks(bytes_ac), marks_bd = are_marks(bytes_bd);
  const Spelling sa = spelling(a, others_ac, marks_ac), sc = spelling(c, others_ac >> 16, marks_ac >> 16);
  const Spelling sb = spelling(b, others_bd, marks_bd), sd = spelling(d, others_bd >> 16, marks_bd >> 16);
  marks |= sa.marks | sb.marks | sc.marks | sd.marks;
  if ((sa.odd | sb.odd | sc.odd | sd.odd) != 0) return false;
  const __m256i fours_ac = fours(_mm256_shuffle_epi8(digits_ac, two(sa.move, sc.move)));
  const __m256i fours_bd = fours(_mm256_shuffle_epi8(digits_bd, two(sb.move, sd.move)));
  const __m256i eights = _mm256_madd_epi16(_mm256_packus_epi32(fours_ac, fours_bd), _mm256_set1_epi32(10000 | 1 << 16));  // of a, b, c, d
  const __m256d high = to_doubles(_mm256_and_si256(eights, _mm256_set1_epi64x(0xffffffff))), low = to_doubles(_mm256_srli_epi64(eights, 32));
  const __m256d sizes = _mm256_add_pd(_mm256_mul_pd(high, _mm256_set1_pd(1e8)), low);
  const __m256d exact = _mm256_cmp_pd(sizes, _mm256_set1_pd(9007199254740992.0), _CMP_LT_OQ);  // larger ones may have been rounded
  const __m256d divisors = _mm256_set_pd(*sd.divisor, *sc.divisor, *sb.divisor, *sa.divisor);
  _mm256_storeu_pd(to, _mm256_div_pd(sizes, divisors));
  return _mm256_movemask_pd(exact) == 15;
}

NumberCount read_numbers(FieldColumn column, std::size_t rows, char decimal, double* to) {
  const __m256i mark = _mm256_set1_epi8(decimal);
  std::uint32_t marks = 0;
  std::size_t row = 0, empty = 0;
  bool plain = true;
  while (plain && row < rows) {
    if (rows - row >= 4 && read_four(column, row, mark, to + row, marks)) {
      row += 4;
      continue;
    }
    for (const std::size_t stop = rows - row < 4 ? rows : row + 4; row < stop && plain; row += plain) {
      plain = read_one(column, row, decimal, to[row], empty);
    }
    marks = 1;  // perhaps
  }
  return {row, empty, marks != 0};
}

}  // namespace

const FieldKernels& avx2_field_kernels() {
  static constexpr FieldKernels kernels = {"avx2", find_stops<Block>, read_numbers};
  return kernels;
}

}  // namespace chainrule::data
