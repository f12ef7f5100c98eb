// What this machine can do at most: multiply-adds a second, and bytes a second from each level of memory.
#pragma once

#include <cstddef>
#include <string>

namespace chainrule::engine {

/// Sizes in bytes, as the system states them; a usual value where it does not.
struct CacheSizes {
  std::size_t l1, l2, l3;
};
CacheSizes cache_sizes();

/// All threads together, each on its own data and, but for the barrier, on its own core. 0: not measured here.
struct Ceilings {
  int threads = 1;
  double fma = 0;               ///< fp32 GFLOP/s, an FMA counts 2, in the active instruction set
  double bf16 = 0;              ///< bf16 dot products with fp32 sums, GFLOP/s (AVX512-BF16 only)
  double l1 = 0, l2 = 0, l3 = 0, dram = 0;  ///< GB/s read
  double barrier = 0;           ///< nanoseconds a barrier of a ThreadTeam takes
};
/// The best of many short trials, about `seconds` in all: a ceiling is what the machine does when nobody disturbs it.
Ceilings measure_ceilings(int threads, double seconds);

/// A fixed number of independent FMAs of that instruction set ("avx512", "avx2", else portable) on this thread; returns
/// the flops done.
double multiply_add(const std::string& instruction_set);

}  // namespace chainrule::engine
