// The sums a processor is asked: special numbers in every combination, then random ones around everything that can go wrong.
#include "engine/cpu/bf16_proof.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <vector>

#include "base/aligned_buffer.h"
#include "math/bf16.h"

namespace chainrule::engine::cpu {
namespace {

using math::bits_of;
using math::float_of;

constexpr std::size_t kLanes = 16;  // of one question

bool same(float a, float b) { return bits_of(a) == bits_of(b) || (std::isnan(a) && std::isnan(b)); }

/// A small generator of its own: the proof must ask the same everywhere.
class Draws {
 public:
  std::uint32_t operator()() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::uint32_t>(state_ >> 32);
  }
  /// bf16 with an exponent of [low, high] (127 is 1) and random sign and mantissa.
  float bf16(std::uint32_t low, std::uint32_t high) {
    const std::uint32_t bits = (*this)();
    return float_of((bits & 0x807f0000u) | (low + (*this)() % (high - low + 1)) << 23);
  }

 private:
  std::uint64_t state_ = 20261123;
};

/// Collects questions and asks them 16 at a time.
class Examiner {
 public:
  explicit Examiner(const PairKernels& pairs) : pairs_(pairs) {}

  void ask(float sum, float even_a, float even_b, float odd_a, float odd_b) {
    a_[count_] = bits_of(even_a) >> 16 | (bits_of(odd_a) & 0xffff0000u);
    b_[count_] = bits_of(even_b) >> 16 | (bits_of(odd_b) & 0xffff0000u);
    sums_[count_] = sum;
    expected_[count_] = math::add_pair(sum, even_a, even_b, odd_a, odd_b);
    if (++count_ == kLanes) finish();
  }

  void finish() {
    const std::array<float, kLanes> starts = sums_;
    pairs_.add_pair_words(a_.data(), b_.data(), sums_.data());
    for (std::size_t i = 0; i < count_ && failure.empty(); ++i) {
      if (!same(sums_[i], expected_[i])) failure = text(starts[i], a_[i], b_[i], sums_[i], expected_[i]);
    }
    count_ = 0;
  }

  std::string failure;

 private:
  static std::string text(float sum, std::uint32_t a, std::uint32_t b, float got, float expected) {
    char line[160];
    std::snprintf(line, sizeof line, "sum %08x, pairs %08x and %08x: %08x instead of %08x", bits_of(sum), a, b, bits_of(got), bits_of(expected));
    return line;
  }

  const PairKernels& pairs_;
  std::array<std::uint32_t, kLanes> a_{}, b_{};
  std::array<float, kLanes> sums_{}, expected_{};
  std::size_t count_ = 0;
};

std::vector<float> with_signs(std::initializer_list<std::uint32_t> bits) {
  std::vector<float> values;
  for (const std::uint32_t value : bits) values.push_back(float_of(value)), values.push_back(float_of(value | 0x80000000u));
  return values;
}

/// Zero, denormals, the least normal numbers, 2^-63 and around, 1, odd mantissas, the largest, infinity, NaN.
void ask_special_numbers(Examiner& examiner) {
  const std::vector<float> factors = with_signs({0, 0x00010000, 0x007f0000, 0x00800000, 0x00810000, 0x1f800000, 0x20010000, 0x3f800000,
                                                 0x3fff0000, 0x5f000000, 0x7f7f0000, 0x7f800000, 0x7fc00000});
  const std::vector<float> sums = with_signs({0, 1, 0x007fffff, 0x00800000, 0x00800001, 0x3f800000, 0x3f800001, 0x7f7fffff, 0x7f800000});
  std::size_t turn = 0;
  for (const float a : factors) {
    for (const float b : factors) {
      for (const float sum : sums) {
        const float other = factors[turn++ * 7 % factors.size()];
        examiner.ask(sum, a, b, other, 1);
        examiner.ask(sum, other, 1, a, b);
      }
    }
  }
}

void ask_random_numbers(Examiner& examiner) {
  Draws draw;
  for (int i = 0; i < 4096; ++i) {  // any bits at all
    const auto any = [&] { return float_of(draw() & 0xffff0000u); };
    examiner.ask(float_of(draw()), any(), any(), any(), any());
  }
  for (int i = 0; i < 4096; ++i) {  // sums of like size: roundings, ties, the order of the pair
    const float sum = float_of((draw() & 0x807fffffu) | (120 + draw() % 16) << 23);
    examiner.ask(sum, draw.bf16(118, 134), draw.bf16(124, 130), draw.bf16(118, 134), draw.bf16(124, 130));
  }
  for (int i = 0; i < 4096; ++i) {  // cancellation to nothing or nearly nothing
    const float a = draw.bf16(100, 150), b = draw.bf16(100, 150);
    const float nearly = float_of(bits_of(-(a * b)) + draw() % 3 - 1);
    examiner.ask(nearly, draw.bf16(60, 100), draw.bf16(90, 100), a, b);
    examiner.ask(draw.bf16(60, 100), a, -b, a, b);
  }
  for (int i = 0; i < 8192; ++i) {  // results around 2^-126, and products far below that still decide
    const float sum = float_of((draw() & 0x80000000u) | 0x00800000u | (i % 3 == 0 ? 0 : draw() & 0x00ffffffu >> draw() % 24));
    const std::uint32_t low = 64 - draw() % 30;
    examiner.ask(sum, draw.bf16(low, 64), draw.bf16(62, 64), i % 2 == 0 ? 0 : draw.bf16(low, 64), draw.bf16(62, 64));
  }
}

/// One product and one gradient: the packing, not the instruction.
std::string compare_kernels(const PairKernels& pairs, const KernelTable& emulation) {
  constexpr int kRows = 19, kPanelsOfInputs = 2;
  const int panel = emulation.panel, depth = panel + 7, columns = panel + (7 + emulation.lanes - 1) / emulation.lanes * emulation.lanes;
  const std::size_t stride = static_cast<std::size_t>(panel) * kRows;
  AlignedBuffer<float> inputs(stride * kPanelsOfInputs), other(stride), results[2] = {AlignedBuffer<float>(stride * 4), AlignedBuffer<float>(stride * 4)};
  AlignedBuffer<float> weights(static_cast<std::size_t>(depth * panel));
  Draws draw;
  for (AlignedBuffer<float>* buffer : {&inputs, &other, &weights}) {
    for (std::size_t i = 0; i < buffer->size(); ++i) buffer->data()[i] = draw.bf16(110, 130);
  }
  for (int i = 0; i < 2; ++i) {
    float* out = results[i].data();
    (i == 0 ? pairs.product : emulation.product_bf16)({inputs.data(), stride, static_cast<std::size_t>(depth), weights.data(), other.data(), out,
                                                       nullptr, panel, panel, 1, kRows, Epilogue::relu, false, nullptr});
    (i == 0 ? pairs.gradient : emulation.gradient_bf16)({inputs.data(), stride, columns, other.data(), panel, panel, 1, kRows, 0, 16, out + stride, false, 0, {}});
  }
  for (std::size_t i = 0; i < stride * 4; ++i) {
    if (!same(results[0].data()[i], results[1].data()[i])) return "element " + std::to_string(i) + " of a product or gradient differs";
  }
  return "";
}

}  // namespace

std::string disproof(const PairKernels& pairs, const KernelTable& emulation) {
  Examiner examiner(pairs);
  ask_special_numbers(examiner);
  ask_random_numbers(examiner);
  examiner.finish();
  return examiner.failure.empty() ? compare_kernels(pairs, emulation) : examiner.failure;
}

}  // namespace chainrule::engine::cpu
