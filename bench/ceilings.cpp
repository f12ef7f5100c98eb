// Prints this machine's ceilings as one JSON line: ceilings [threads,...] [seconds].
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "engine/ceilings.h"
#include "engine/cpu/instruction_sets.h"

int main(int argc, char** argv) try {
  using namespace chainrule::engine;
  const double seconds = argc > 2 ? std::atof(argv[2]) : 2;
  const CacheSizes sizes = cache_sizes();
  std::printf("{\"instruction_set\": \"%s\", \"l1_bytes\": %zu, \"l2_bytes\": %zu, \"l3_bytes\": %zu, \"ceilings\": [",
              InstructionSets::active().c_str(), sizes.l1, sizes.l2, sizes.l3);
  const char* separator = "";
  for (const char* p = argc > 1 ? argv[1] : "1"; *p != '\0';) {
    char* end;
    const int threads = static_cast<int>(std::strtol(p, &end, 10));
    if (end == p || threads < 1) break;
    p = *end == ',' ? end + 1 : end;
    const Ceilings found = measure_ceilings(threads, seconds);
    std::printf("%s{\"threads\": %d, \"fma_gflops\": %.1f, \"bf16_gflops\": %.1f, \"l1_gbs\": %.1f, \"l2_gbs\": %.1f, "
                "\"l3_gbs\": %.1f, \"dram_gbs\": %.1f, \"barrier_ns\": %.0f}",
                separator, threads, found.fma, found.bf16, found.l1, found.l2, found.l3, found.dram, found.barrier);
    separator = ", ";
  }
  std::puts("]}");
} catch (const std::exception& error) {
  std::fprintf(stderr, "ceilings: %s\n", error.what());
  return 1;
}
