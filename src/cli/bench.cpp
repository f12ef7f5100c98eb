// `chainrule bench`: how fast this machine trains.
#include <algorithm>
#include <charconv>
#include <ostream>
#include <sstream>

#include "bench_json.h"
#include "chainrule/error.h"
#include "chainrule/machine.h"
#include "commands.h"
#include "json.h"
#include "layout.h"
#include "metrics_text.h"

namespace chainrule::cli {
namespace {

std::vector<int> thread_counts(const Arguments& arguments, int cores) {
  if (!arguments.find("threads")) return cores > 1 ? std::vector<int>{1, cores} : std::vector<int>{1};
  std::vector<int> counts;
  std::istringstream list(arguments.text("threads"));
  for (std::string word; std::getline(list, word, ',');) {
    int count = 0;
    const auto [end, status] = std::from_chars(word.data(), word.data() + word.size(), count);
    if (status != std::errc() || end != word.data() + word.size() || count < 1 || count > 1024) {
      throw Error("E0102", "--threads", "cannot read \"" + word + "\" as a number of threads", "give numbers such as 1,2,4");
    }
    counts.push_back(count);
  }
  if (counts.empty()) throw Error("E0102", "--threads", "no number of threads given", "give numbers such as 1,2,4");
  return counts;
}

std::string percent(double share) { return number_text(100 * share, 3) + " %"; }

std::string microseconds(double seconds) { return number_text(seconds * 1e6, 4); }

void print_phases(const NetworkBench& bench, Console& console) {
  TextTable table({"part of a step", ">Mflop", ">from L2 MB", ">L3 MB", ">DRAM MB", ">least us", "limited by"});
  for (const BenchPhase& phase : bench.phases) {
    if (phase.seconds < 1e-4 * bench.predicted_seconds) continue;
    table.add({phase.name, number_text(1e3 * phase.gflop, 4), number_text(phase.l2_mb, 3), number_text(phase.l3_mb, 3), number_text(phase.dram_mb, 3),
               microseconds(phase.seconds), phase.limit});
  }
  table.print(console);
}

void print_limits(const NetworkBench& bench, Console& console) {
  print_heading(console, plural(static_cast<std::uint64_t>(bench.row.threads), "thread") + ": what limits a step");
  if (bench.phases.empty()) {
    print_notes(console, {"the " + bench.engine + " engine runs this network; the cost model knows the cpu engine only"});
    return;
  }
  print_phases(bench, console);
  console.out << '\n';
  std::string shares;
  for (const auto& [limit, share] : bench.shares) {
    if (share >= 0.005) shares += (shares.empty() ? "" : ", ") + limit + " " + percent(share);
  }
  const std::string limit = bench.limit == "other" ? "something the model does not know: latency of small pieces, calls, other programs" : bench.limit;
  print_pairs(console, {{"ceilings", number_text(bench.fma_gflops, 4) + " GFLOP/s; read L1 " + number_text(bench.l1_gbs, 3) + ", L2 " +
                                         number_text(bench.l2_gbs, 3) + ", L3 " + number_text(bench.l3_gbs, 3) + ", DRAM " +
                                         number_text(bench.dram_gbs, 3) + " GB/s; barrier " + number_text(bench.barrier_ns, 3) + " ns"},
                        {"a step", microseconds(bench.step_seconds) + " us measured, " + microseconds(bench.predicted_seconds) + " us at least by the cost model"},
                        {"time", shares},
                        {"limit", limit}});
}

int bench_spec(const Arguments& arguments, double seconds, const std::vector<int>& threads, const VersionInfo& version, Console& console) {
  const std::vector<NetworkBench> benches = bench_network(arguments.text("spec"), arguments.count("batch", 256, 1), seconds, threads);
  if (arguments.on("json")) {
    console.out << network_bench_json(benches, version) << '\n';
    return 0;
  }
  console.out << "Training steps on " << version.instruction_set << ", " << plural(static_cast<std::uint64_t>(version.cores), "core") << "\n\n";
  TextTable table({"layers", ">batch", ">threads", ">rows/s", ">spread", ">GFLOP/s", ">of peak"});
  for (const NetworkBench& bench : benches) {
    table.add({bench.row.layers, count_text(bench.row.batch), std::to_string(bench.row.threads), short_count(bench.row.samples_per_second),
               percent(bench.row.spread), number_text(bench.row.gflops, 4), percent(bench.share_of_peak)});
  }
  table.print(console);
  for (const NetworkBench& bench : benches) print_limits(bench, console);
  return 0;
}

}  // namespace

int run_bench(const Arguments& arguments, Console& console) {
  const VersionInfo version = version_info();
  const double seconds = arguments.positive("seconds", 1);
  const std::vector<int> threads = thread_counts(arguments, version.cores);
  if (arguments.find("spec")) return bench_spec(arguments, seconds, threads, version, console);
  if (console.err_terminal) console.err << "timing six networks, " << plural(threads.size(), "thread count") << ", " << number_text(seconds) << " s each\n";
  const std::vector<BenchRow> rows = bench(seconds, threads);
  if (arguments.on("json")) {
    console.out << bench_json(rows, version) << '\n';
    return 0;
  }
  console.out << "Training steps on " << version.instruction_set << ", " << plural(static_cast<std::uint64_t>(version.cores), "core") << "\n\n";
  TextTable table({"shape", "layers", ">batch", ">threads", ">rows/s", ">spread", ">GFLOP/s"});
  for (const BenchRow& row : rows) {
    table.add({row.shape, row.layers, count_text(row.batch), std::to_string(row.threads), short_count(row.samples_per_second),
               number_text(100 * row.spread, 2) + " %", number_text(row.gflops, 4)});
  }
  table.print(console);
  return 0;
}

}  // namespace chainrule::cli
