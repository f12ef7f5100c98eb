// Measures the machine's ceilings with loops that do nothing else.
#include "engine/ceilings.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/thread_team.h"
#include "base/usable_cores.h"
#include "engine/cpu/instruction_sets.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace chainrule::engine {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// Keeps the compiler from dropping what it came from.
void keep(float value) {
  volatile float sink = value;
  (void)sink;
}

// Twelve chains hide the latency of four to five cycles on two FMA units. Each returns the flops done.
constexpr long kFmaRounds = 100000;

#if defined(__x86_64__)
__attribute__((target("avx512f"))) double multiply_add_avx512() {
  __m512 c[12], a = _mm512_set1_ps(0.5f), b = _mm512_set1_ps(1e-3f);
  for (auto& v : c) v = b;
  for (long i = 0; i < kFmaRounds; ++i) {
#pragma GCC unroll 12
    for (int j = 0; j < 12; ++j) c[j] = _mm512_fmadd_ps(c[j], a, b);
  }
  for (auto& v : c) keep(_mm512_cvtss_f32(v));
  return kFmaRounds * 12.0 * 16 * 2;
}
__attribute__((target("avx2,fma"))) double multiply_add_avx2() {
  __m256 c[12], a = _mm256_set1_ps(0.5f), b = _mm256_set1_ps(1e-3f);
  for (auto& v : c) v = b;
  for (long i = 0; i < kFmaRounds; ++i) {
#pragma GCC unroll 12
    for (int j = 0; j < 12; ++j) c[j] = _mm256_fmadd_ps(c[j], a, b);
  }
  for (auto& v : c) keep(_mm256_cvtss_f32(v));
  return kFmaRounds * 12.0 * 8 * 2;
}
__attribute__((target("avx512f,avx512bf16"))) double dot_bf16() {
  __m512 c[12];
  for (auto& v : c) v = _mm512_set1_ps(1e-3f);
  const __m512bh a = _mm512_cvtne2ps_pbh(c[0], c[0]);
  for (long i = 0; i < kFmaRounds; ++i) {
#pragma GCC unroll 12
    for (int j = 0; j < 12; ++j) c[j] = _mm512_dpbf16_ps(c[j], a, a);
  }
  for (auto& v : c) keep(_mm512_cvtss_f32(v));
  return kFmaRounds * 12.0 * 32 * 2;
}
__attribute__((target("avx512f"))) float read_avx512(const float* data, std::size_t count) {
  __m512 sum[8];
  for (auto& v : sum) v = _mm512_setzero_ps();
  for (std::size_t i = 0; i < count; i += 128) {
#pragma GCC unroll 8
    for (std::size_t j = 0; j < 8; ++j) sum[j] = _mm512_add_ps(sum[j], _mm512_load_ps(data + i + 16 * j));
  }
  for (int j = 1; j < 8; ++j) sum[0] = _mm512_add_ps(sum[0], sum[j]);
  return _mm512_cvtss_f32(sum[0]);
}
__attribute__((target("avx2"))) float read_avx2(const float* data, std::size_t count) {
  __m256 sum[8];
  for (auto& v : sum) v = _mm256_setzero_ps();
  for (std::size_t i = 0; i < count; i += 64) {
#pragma GCC unroll 8
    for (std::size_t j = 0; j < 8; ++j) sum[j] = _mm256_add_ps(sum[j], _mm256_load_ps(data + i + 8 * j));
  }
  for (int j = 1; j < 8; ++j) sum[0] = _mm256_add_ps(sum[0], sum[j]);
  return _mm256_cvtss_f32(sum[0]);
}
#endif

// Four floats at a time in the compiler's own vectors; on Arm __builtin_fmaf of each lane becomes one instruction.
using Four = float __attribute__((vector_size(16)));

double multiply_add_portable() {
  Four c[12], a = {0.5f, 0.5f, 0.5f, 0.5f}, b = {1e-3f, 1e-3f, 1e-3f, 1e-3f};
  for (auto& v : c) v = b;
  for (long i = 0; i < kFmaRounds; ++i) {
#pragma GCC unroll 12
    for (int j = 0; j < 12; ++j) {
#if defined(__ARM_FEATURE_FMA)
      for (int k = 0; k < 4; ++k) c[j][k] = __builtin_fmaf(c[j][k], a[k], b[k]);
#else
      c[j] = c[j] * a + b;
#endif
    }
  }
  for (auto& v : c) keep(v[0]);
  return kFmaRounds * 12.0 * 4 * 2;
}
float read_portable(const float* data, std::size_t count) {
  Four sum[8] = {};
  for (std::size_t i = 0; i < count; i += 32) {
#pragma GCC unroll 8
    for (std::size_t j = 0; j < 8; ++j) sum[j] += *reinterpret_cast<const Four*>(data + i + 4 * j);
  }
  for (int j = 1; j < 8; ++j) sum[0] += sum[j];
  return sum[0][0];
}

float read_all([[maybe_unused]] const std::string& instruction_set, const float* data, std::size_t count) {
#if defined(__x86_64__)
  if (instruction_set == "avx512") return read_avx512(data, count);
  if (instruction_set == "avx2") return read_avx2(data, count);
#endif
  return read_portable(data, count);
}

/// Work per second of all threads doing `work` (it returns its amount) together; the best of trials of 4 ms or one call.
double best_rate(int threads, double seconds, const std::function<double(int)>& work) {
  struct Team {
    const std::function<double(int)>& work;
    std::vector<double> rates;
  } team{work, std::vector<double>(static_cast<std::size_t>(threads))};
  ThreadTeam members(threads);
  double best = 0;
  for (const auto begin = Clock::now(); best == 0 || seconds_since(begin) < seconds;) {
    members.run(
        [](void* context, int member) {
          Team& all = *static_cast<Team*>(context);
          double done = 0;
          const auto start = Clock::now();
          do done += all.work(member);
          while (seconds_since(start) < 0.004);
          all.rates[static_cast<std::size_t>(member)] = done / seconds_since(start);
        },
        &team);
    double sum = 0;
    for (double rate : team.rates) sum += rate;
    best = std::max(best, sum);
  }
  return best;
}

/// GB/s of reading `bytes` per thread over and over.
double read_rate(int threads, double seconds, std::size_t bytes) {
  const std::string instruction_set = InstructionSets::active();
  const std::size_t count = std::max<std::size_t>(bytes / sizeof(float) / 128, 1) * 128;
  std::vector<AlignedBuffer<float>> data;
  for (int t = 0; t < threads; ++t) {
    data.emplace_back(count);
    std::fill(data.back().data(), data.back().data() + count, 1.0f);
  }
  return best_rate(threads, seconds, [&](int member) {
           float sum = 0;
           std::size_t passes = std::max<std::size_t>(1, (1u << 20) / (count * sizeof(float)));
           for (std::size_t i = 0; i < passes; ++i)
             sum += read_all(instruction_set, data[static_cast<std::size_t>(member)].data(), count);
           keep(sum);
           return static_cast<double>(passes * count * sizeof(float));
         }) * 1e-9;
}

/// Nanoseconds of one barrier: a run of many, the shortest of some runs (of one where the cores are busy with others).
double barrier_time(int threads, double seconds) {
  constexpr int kBarriers = 100, kRuns = 200;
  if (threads == 1) return 0;
  ThreadTeam team(threads);
  double best = 1e9;
  const auto begin = Clock::now();
  for (int i = 0; i < kRuns && (i == 0 || seconds_since(begin) < seconds); ++i) {
    const auto start = Clock::now();
    team.run(
        [](void* context, int) {
          for (int k = 0; k < kBarriers; ++k) static_cast<ThreadTeam*>(context)->barrier();
        },
        &team);
    best = std::min(best, seconds_since(start) / kBarriers * 1e9);
  }
  return best;
}

/// Bytes of the data or unified cache of this level as Linux states it ("32K", "8M"), else `usual`.
std::size_t stated_size(int level, std::size_t usual) {
  for (int index = 0; index < 8; ++index) {
    const std::string folder = "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index);
    std::string type, unit;
    int found = 0;
    std::size_t size = 0;
    std::ifstream(folder + "/level") >> found;
    std::ifstream(folder + "/type") >> type;
    if (found == level && type != "Instruction" && std::ifstream(folder + "/size") >> size >> unit && size > 0)
      return size << (unit == "M" ? 20 : unit == "K" ? 10 : 0);
  }
  return usual;
}

}  // namespace

double multiply_add([[maybe_unused]] const std::string& instruction_set) {
#if defined(__x86_64__)
  if (instruction_set == "avx512") return multiply_add_avx512();
  if (instruction_set == "avx2") return multiply_add_avx2();
#endif
  return multiply_add_portable();
}

CacheSizes cache_sizes() { return {stated_size(1, 32u << 10), stated_size(2, 512u << 10), stated_size(3, 16u << 20)}; }

Ceilings measure_ceilings(int threads, double seconds) {
  const CacheSizes sizes = cache_sizes();
  const int working = std::min(threads, usable_cores());  // those that share a core would be timed one after the other, and added up
  const auto share = static_cast<std::size_t>(working);
  const double each = seconds / 6;
  const std::string instruction_set = InstructionSets::active();
  Ceilings found;
  found.threads = threads;
  found.fma = best_rate(working, each, [&](int) { return multiply_add(instruction_set); }) * 1e-9;
#if defined(__x86_64__)
  if (instruction_set == "avx512" && __builtin_cpu_supports("avx512bf16"))
    found.bf16 = best_rate(working, each, [](int) { return dot_bf16(); }) * 1e-9;
#endif
  found.l1 = read_rate(working, each, sizes.l1 / 2);
  found.l2 = read_rate(working, each, sizes.l2 / 2);
  // The third level is shared; the fourth must not fit into it.
  found.l3 = read_rate(working, each, std::max(sizes.l3 / 2 / share, sizes.l2 * 2));
  found.dram = read_rate(working, each, std::max<std::size_t>(sizes.l3 * 4, 256u << 20) / share);
  found.barrier = barrier_time(threads, each);
  return found;
}

}  // namespace chainrule::engine
