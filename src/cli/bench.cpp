// `chainrule bench`: how fast this machine trains.
#include <algorithm>
#include <charconv>
#include <ostream>
#include <sstream>

#include "chainrule/error.h"
#include "chainrule/machine.h"
#include "commands.h"
#include "json.h"
#include "layout.h"

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

}  // namespace

int run_bench(const Arguments& arguments, Console& console) {
  const VersionInfo version = version_info();
  const double seconds = arguments.positive("seconds", 1);
  const std::vector<int> threads = thread_counts(arguments, version.cores);
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
