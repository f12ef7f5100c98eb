// `chainrule bench`: how fast this machine trains, and what limits a network of one's own.
#include <algorithm>
#include <charconv>
#include <cmath>
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

constexpr int kMostThreads = 1024;
constexpr int kWideTable = 76;  // columns that the tables need; on narrower terminals they leave some out

int thread_count(const std::string& word) {
  int count = 0;
  const auto [end, status] = std::from_chars(word.data(), word.data() + word.size(), count);
  if (status == std::errc() && end == word.data() + word.size() && count >= 1 && count <= kMostThreads) return count;
  throw Error("E0102", "--threads", "\"" + word + "\" is no number of threads from 1 to " + std::to_string(kMostThreads),
              "give numbers such as 1,2,4");
}

std::vector<int> thread_counts(const Arguments& arguments, int cores) {
  if (!arguments.find("threads")) return cores > 1 ? std::vector<int>{1, cores} : std::vector<int>{1};
  std::vector<int> counts;
  std::istringstream list(arguments.text("threads"));
  for (std::string word; std::getline(list, word, ',');) counts.push_back(thread_count(word));
  if (counts.empty()) throw Error("E0102", "--threads", "no number of threads given", "give numbers such as 1,2,4");
  return counts;
}

std::string threads_text(int threads) { return plural(static_cast<std::uint64_t>(threads), "thread"); }

/// "63 %", "4.7 %", "0.02 %"
std::string percent(double share) {
  if (!std::isfinite(share)) return "-";
  const double value = 100 * share;
  return (value >= 9.5 ? count_text(static_cast<std::uint64_t>(std::llround(value))) : number_text(value, value >= 1 ? 2 : 1)) + " %";
}

std::string microseconds(double seconds) { return number_text(seconds * 1e6, 4); }

/// What runs, on a terminal's error stream only: a large network takes seconds a step.
class Announcement {
 public:
  explicit Announcement(Console& console) : console_(console) {}
  Announcement(const Announcement&) = delete;
  ~Announcement() { show(""); }
  void show(const std::string& text) {
    if (console_.err_terminal) console_.err << '\r' << cut(text, static_cast<std::size_t>(console_.width) - 1) << "\033[K" << std::flush;
  }

 private:
  Console& console_;
};

void print_title(const std::string& of, const VersionInfo& version, Console& console) {
  const std::string cores = plural(static_cast<std::uint64_t>(version.cores), "core");
  const std::string title = "Training steps" + of + " on " + version.instruction_set + ", " + cores;
  for (const std::string& line : wrapped(title, static_cast<std::size_t>(console.width))) console.out << line << '\n';
  console.out << '\n';
}

/// What a limit means for whoever wants more speed.
std::string meaning(const std::string& limit) {
  if (limit == "compute") return "the multiply-add units and the optimiser's arithmetic are busy; only fewer weights or more cores help";
  if (limit == "barrier") return "threads wait for each other; larger batches or fewer threads help";
  if (limit == "other") return "more time than the cost model explains: small pieces, calls, other programs; larger batches may help";
  return "bytes from " + limit + " are waited for; larger batches use each weight more often";
}

void print_phases(const NetworkBench& bench, Console& console) {
  const bool wide = console.width >= kWideTable;
  TextTable table(wide ? std::vector<std::string>{"part of a step", ">Mflop", ">L2 MB", ">L3 MB", ">DRAM MB", ">least us", "limited by"}
                       : std::vector<std::string>{"part of a step", ">least us", "limited by"});
  for (const BenchPhase& phase : bench.phases) {
    if (phase.seconds == 0) continue;
    std::vector<std::string> cells = {phase.name, microseconds(phase.seconds), phase.limit};
    const std::vector<std::string> work = {number_text(1e3 * phase.gflop, 4), number_text(phase.l2_mb, 3), number_text(phase.l3_mb, 3),
                                           number_text(phase.dram_mb, 3)};
    if (wide) cells.insert(cells.begin() + 1, work.begin(), work.end());
    table.add(cells);
  }
  table.print(console);
}

std::string shares_text(const NetworkBench& bench) {
  std::vector<std::pair<std::string, double>> shares = bench.shares;
  std::stable_sort(shares.begin(), shares.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string text;
  for (const auto& [limit, share] : shares) {
    if (share >= 0.005) text += (text.empty() ? "" : ", ") + limit + " " + percent(share);
  }
  return text;
}

std::string ceilings_text(const NetworkBench& bench) {
  std::string text = number_text(bench.fma_gflops, 4) + " GFLOP/s; read L1 " + number_text(bench.l1_gbs, 3) + ", L2 " +
                     number_text(bench.l2_gbs, 3) + ", L3 " + number_text(bench.l3_gbs, 3) + ", DRAM " + number_text(bench.dram_gbs, 3) + " GB/s";
  if (bench.barrier_ns > 0) text += "; barrier " + number_text(bench.barrier_ns, 3) + " ns";
  return text;
}

void print_limits(const NetworkBench& bench, Console& console) {
  if (bench.phases.empty()) {
    print_heading(console, threads_text(bench.row.threads) + ": the " + bench.engine + " engine, which the cost model does not know");
  } else {
    print_heading(console, threads_text(bench.row.threads) + ": limited by " + bench.limit);
    print_pairs(console, {{"meaning", meaning(bench.limit)},
                          {"time", shares_text(bench)},
                          {"a step", microseconds(bench.step_seconds) + " us measured, " + microseconds(bench.predicted_seconds) +
                                         " us by the cost model"},
                          {"ceilings", ceilings_text(bench)}});
    console.out << '\n';
    print_phases(bench, console);
  }
  print_notes(console, bench.notes);
}

void print_speeds(const std::vector<NetworkBench>& benches, Console& console) {
  TextTable table({">threads", ">rows/s", ">spread", ">GFLOP/s", ">of peak", "limited by"});
  for (const NetworkBench& bench : benches) {
    table.add({std::to_string(bench.row.threads), short_count(bench.row.samples_per_second), percent(bench.row.spread),
               number_text(bench.row.gflops, 4), percent(bench.share_of_peak), bench.limit.empty() ? "-" : bench.limit});
  }
  table.print(console);
}

int bench_spec(const Arguments& arguments, double seconds, const std::vector<int>& threads, const VersionInfo& version, Console& console) {
  const std::size_t batch = arguments.count("batch", 256, 1);
  std::vector<NetworkBench> benches;
  {
    Announcement announcement(console);
    const std::string counts = plural(threads.size(), "thread count");
    announcement.show("timing the network and this machine, " + counts + ", " + number_text(2 * seconds) + " s each");
    benches = bench_network(arguments.text("spec"), batch, seconds, threads);
  }
  if (arguments.on("json")) {
    console.out << network_bench_json(benches, version) << '\n';
    return 0;
  }
  const std::string layers = cut(benches[0].row.layers, static_cast<std::size_t>(console.width));
  print_title(" of " + layers + ", " + plural(batch, "row") + " each,", version, console);
  print_speeds(benches, console);
  for (const NetworkBench& bench : benches) print_limits(bench, console);
  return 0;
}

void print_problems(const std::vector<BenchRow>& rows, Console& console) {
  const bool wide = console.width >= kWideTable;
  TextTable table(wide ? std::vector<std::string>{"shape", "layers", ">batch", ">threads", ">rows/s", ">spread", ">GFLOP/s"}
                       : std::vector<std::string>{"shape", ">threads", ">rows/s", ">spread", ">GFLOP/s"});
  for (const BenchRow& row : rows) {
    std::vector<std::string> cells = {row.shape, std::to_string(row.threads), short_count(row.samples_per_second), percent(row.spread),
                                      number_text(row.gflops, 4)};
    if (wide) cells.insert(cells.begin() + 1, {row.layers, count_text(row.batch)});
    table.add(cells);
  }
  table.print(console);
}

}  // namespace

int run_bench(const Arguments& arguments, Console& console) {
  const VersionInfo version = version_info();
  const double seconds = arguments.positive("seconds", 1);
  const std::vector<int> threads = thread_counts(arguments, version.cores);
  if (arguments.find("spec")) return bench_spec(arguments, seconds, threads, version, console);
  if (arguments.find("batch")) {
    throw Error("E0105", "--batch", "the networks of the problem list have batches of their own",
                "give your own network with --spec FILE, or leave --batch out");
  }
  std::vector<BenchRow> rows;
  {
    Announcement announcement(console);
    rows = bench(seconds, threads, [&](const BenchRow& row) {
      announcement.show("timing " + row.shape + " (" + row.layers + "), " + threads_text(row.threads));
    });
  }
  if (arguments.on("json")) {
    console.out << bench_json(rows, version) << '\n';
    return 0;
  }
  print_title("", version, console);
  print_problems(rows, console);
  return 0;
}

}  // namespace chainrule::cli
