// The input loops for AVX2: four divisions at once, tiles turned eight by eight.
#include "features/simd/input_kernels.h"

#include <immintrin.h>

#include <algorithm>

namespace chainrule::features {
namespace {

Oddities standardise(const double* values, Standard standard, float* x) {
  const __m256d center = _mm256_set1_pd(standard.center), scale = _mm256_set1_pd(standard.scale), fill = _mm256_set1_pd(standard.fill);
  const __m256d sign = _mm256_set1_pd(-0.0), farthest = _mm256_set1_pd(kFarthest);
  __m256d missing = _mm256_setzero_pd(), far = _mm256_setzero_pd();
  const auto four = [&](const double* from) {
    const __m256d value = _mm256_loadu_pd(from), gone = _mm256_cmp_pd(value, value, _CMP_UNORD_Q);
    const __m256d input = _mm256_div_pd(_mm256_sub_pd(_mm256_blendv_pd(value, fill, gone), center), scale);
    missing = _mm256_or_pd(missing, gone);
    far = _mm256_or_pd(far, _mm256_cmp_pd(_mm256_andnot_pd(sign, input), farthest, _CMP_GT_OQ));
    return _mm256_cvtpd_ps(input);
  };
  for (std::size_t i = 0; i < kBlockRows; i += 8) {
    const __m128 low = four(values + i), high = four(values + i + 4);
    _mm256_storeu_ps(x + i, _mm256_set_m128(high, low));
  }
  return {_mm256_movemask_pd(missing) != 0, _mm256_movemask_pd(far) != 0};
}

// Rows and columns of eight by eight floats change places.
inline void turn(__m256 (&rows)[8]) noexcept {
  __m256 pairs[8], fours[8];
  for (int i = 0; i < 8; i += 2) {
    pairs[i] = _mm256_unpacklo_ps(rows[i], rows[i + 1]);
    pairs[i + 1] = _mm256_unpackhi_ps(rows[i], rows[i + 1]);
  }
  for (int i = 0; i < 8; i += 4) {
    fours[i] = _mm256_shuffle_ps(pairs[i], pairs[i + 2], 0x44);
    fours[i + 1] = _mm256_shuffle_ps(pairs[i], pairs[i + 2], 0xee);
    fours[i + 2] = _mm256_shuffle_ps(pairs[i + 1], pairs[i + 3], 0x44);
    fours[i + 3] = _mm256_shuffle_ps(pairs[i + 1], pairs[i + 3], 0xee);
  }
  for (int i = 0; i < 4; ++i) {
    rows[i] = _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x20);
    rows[i + 4] = _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x31);
  }
}

void place_tile(const Tile& tile, std::size_t inputs, std::size_t rows, float* x, std::size_t stride) {
  const __m256i places = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  for (std::size_t j = 0; j < inputs; j += 8) {
    const __m256i wanted = _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(inputs - j)), places);
    for (std::size_t i = 0; i < rows; i += 8) {
      __m256 eight[8];
      for (std::size_t k = 0; k < 8; ++k) eight[k] = _mm256_loadu_ps(&tile[j + k][i]);  // what is not wanted may be anything
      turn(eight);
      float* to = x + i * stride + j;
      const std::size_t count = std::min<std::size_t>(8, rows - i);
      if (inputs - j >= 8 && count == 8) {
        for (std::size_t k = 0; k < 8; ++k) _mm256_storeu_ps(to + k * stride, eight[k]);
      } else {
        for (std::size_t k = 0; k < count; ++k) _mm256_maskstore_ps(to + k * stride, wanted, eight[k]);
      }
    }
  }
}

}  // namespace

const InputKernels& avx2_input_kernels() {
  static constexpr InputKernels kernels = {"avx2", standardise, place_tile};
  return kernels;
}

}  // namespace chainrule::features
