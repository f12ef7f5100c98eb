// `make bench`, input part: MB/s of CSV text through scanning, typing and feature transform, and the seconds to load Fashion-MNIST.
// Processor time of one thread: the best of seven turns, and the median for scan+type; "all threads" is by the clock on the wall. MB are
// 10^6 bytes of text.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <functional>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "chainrule/error.h"
#include "data/csv_reader.h"
#include "data/encoding.h"
#include "data/plain_records.h"
#include "data/table.h"
#include "features/feature_set.h"
#include "features/transform.h"

namespace {

namespace data = chainrule::data;
namespace features = chainrule::features;

constexpr int kTurns = 7;
constexpr std::size_t kTextBytes = std::size_t{24} << 20;

double seconds_of(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

struct Time {
  double processor = 0, wall = 0, median = 0;  ///< seconds: the best of each, and the median by the processor's clock
};

/// "best (median)" in MB/s.
std::string speed_text(double megabytes, const Time& time) {
  char text[40];
  std::snprintf(text, sizeof text, "%.0f (%.0f)", megabytes / time.processor, megabytes / time.median);
  return text;
}

Time time_of(const std::function<void()>& work) {
  std::vector<double> processor, wall;
  for (int turn = 0; turn < kTurns; ++turn) {
    const double p = seconds_of(CLOCK_PROCESS_CPUTIME_ID), w = seconds_of(CLOCK_MONOTONIC);
    work();
    processor.push_back(seconds_of(CLOCK_PROCESS_CPUTIME_ID) - p);
    wall.push_back(seconds_of(CLOCK_MONOTONIC) - w);
  }
  std::sort(processor.begin(), processor.end());
  std::sort(wall.begin(), wall.end());
  return {processor.front(), wall.front(), processor[kTurns / 2]};
}

using Cell = std::function<void(std::string&, std::mt19937_64&)>;

void append_format(std::string& text, const char* format, double value) {
  char buffer[40];
  text.append(buffer, static_cast<std::size_t>(std::snprintf(buffer, sizeof buffer, format, value)));
}

double gaussian(std::mt19937_64& random) { return std::normal_distribution<double>(0, 100)(random); }

/// A table of one kind of cells with the target "y", a small number, behind them.
std::string table_text(std::size_t columns, const Cell& cell) {
  std::mt19937_64 random(1);
  std::string text;
  text.reserve(kTextBytes + 100000);
  for (std::size_t c = 0; c < columns; ++c) text += "c" + std::to_string(c) + ",";
  text += "y\n";
  while (text.size() < kTextBytes) {
    for (std::size_t c = 0; c < columns; ++c) {
      cell(text, random);
      text += ',';
    }
    text += std::to_string(random() % 1000) + ".5\n";
  }
  return text;
}

void word(std::string& text, std::mt19937_64& random, bool quoted) {
  constexpr const char* kWords[] = {"north", "south-west", "red", "Bonn, Rhein", "light green", "A7", "unknown place", "x"};
  const std::string chosen = kWords[random() % 8];
  text += quoted ? "\"" + chosen + "\"" : chosen.substr(0, chosen.find(','));
}

void doubled_quotes(std::string& text, std::mt19937_64& random) {
  if (random() % 40 == 0) text += "\"the \"\"old\"\" town\"";
  else word(text, random, true);
}

struct Kind {
  const char* name;
  std::size_t columns;
  Cell cell;
};

std::vector<Kind> kinds() {
  return {{"fixed: -12.345678", 20, [](std::string& t, std::mt19937_64& r) { append_format(t, "%.6f", gaussian(r)); }},
          {"short: 3.14, 42, -0.5", 20, [](std::string& t, std::mt19937_64& r) { append_format(t, r() % 2 ? "%.2f" : "%.0f", gaussian(r)); }},
          {"17 digits, exponents", 20, [](std::string& t, std::mt19937_64& r) { append_format(t, "%.17g", gaussian(r) * 1e-5); }},
          {"pixels: 0 to 255", 784, [](std::string& t, std::mt19937_64& r) { t += std::to_string(r() % 2 ? 0 : r() % 256); }},
          {"wide: 1024 of 1.2345", 1024, [](std::string& t, std::mt19937_64& r) { append_format(t, "%.4f", gaussian(r) * 0.01); }},
          {"words", 20, [](std::string& t, std::mt19937_64& r) { word(t, r, false); }},
          {"quoted words", 20, [](std::string& t, std::mt19937_64& r) { word(t, r, true); }},
          {"doubled quotes, 1 in 40", 20, doubled_quotes},
          {"missing, 1 in 16", 20, [](std::string& t, std::mt19937_64& r) {
             if (r() % 16 == 0) return;
             append_format(t, "%.4f", gaussian(r));
           }},
          {"mixed: half words", 20, [](std::string& t, std::mt19937_64& r) {
             static int column = 0;
             if (++column % 2 == 0) word(t, r, false);
             else append_format(t, "%.4f", gaussian(r));
           }}};
}

void scan(const std::string& text) {
  data::check_utf8(text, "bench", 1);
  const auto columns = static_cast<std::size_t>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(text.find('\n')), ',')) + 1;
  data::PlainRecordFinder finder(text, ',', columns, data::best_field_kernels());
  for (std::size_t at = 0;;) {
    const data::PlainRecords records = finder.find(at, std::size_t{1} << 16);
    if (records.rows == 0) return;
    at += records.bytes;
  }
}

/// From text to inputs in parts of 1 MiB, as `predict` does it.
void transform_parts(const std::string& text, const features::FeatureSet& set) {
  constexpr std::size_t kPartBytes = std::size_t{1} << 20, kRows = 256;
  chainrule::ReadOptions alone;
  alone.threads = 1;
  data::CsvReader reader("bench", alone);
  features::Transform transform(set);
  std::vector<float> x(kRows * set.inputs);
  std::size_t at = *reader.open(std::string_view(text).substr(0, kPartBytes), false), taken = 0;
  reader.set_uses(features::column_uses(set, reader.header()));
  for (; at < text.size(); at += taken) {
    const std::string_view part = std::string_view(text).substr(at, kPartBytes);
    const data::Table table = reader.read_part(part, at + part.size() == text.size(), taken);
    transform.open(table);
    for (std::size_t row = 0; row < table.rows; row += kRows) transform.write(row, std::min(kRows, table.rows - row), x.data());
  }
  reader.finish_parts();
}

void measure(const Kind& kind) {
  const std::string text = table_text(kind.columns, kind.cell);
  const double megabytes = static_cast<double>(text.size()) * 1e-6;
  chainrule::ReadOptions alone, shared;
  alone.threads = 1;
  const Time scanned = time_of([&] { scan(text); });
  const Time read = time_of([&] { data::read_csv_text(text, "bench", alone); });
  const Time read_shared = time_of([&] { data::read_csv_text(text, "bench", shared); });
  const data::Table table = data::read_csv_text(text, "bench", {});
  std::vector<std::uint32_t> rows(table.rows);
  std::iota(rows.begin(), rows.end(), 0u);
  features::FeatureSet set;
  const Time fitted = time_of([&] { set = features::fit(table, rows, "y", false, {}); });
  const Time applied = time_of([&] { features::apply(set, table); });
  const Time whole = time_of([&] { features::apply(set, data::read_csv_text(text, "bench", alone)); });
  const Time parts = time_of([&] { transform_parts(text, set); });
  std::printf("%-24s%6.0f%6.0f%12s%6.0f%12s%14s%12s%12s\n", kind.name, megabytes / static_cast<double>(table.rows) * 1e6,
              megabytes / scanned.processor, speed_text(megabytes, read).c_str(), megabytes / read_shared.wall,
              speed_text(megabytes, fitted).c_str(), speed_text(megabytes, applied).c_str(), speed_text(megabytes, whole).c_str(),
              speed_text(megabytes, parts).c_str());
  std::fflush(stdout);
}

void measure_images(const std::string& folder) {
  try {
    const Time load = time_of([&] {
      const data::Table train = data::read_table(folder, {});
      const data::Table test = data::read_idx_test_part(folder);
    });
    const data::Table train = data::read_table(folder, {});
    std::vector<std::uint32_t> rows(train.rows);
    std::iota(rows.begin(), rows.end(), 0u);
    const features::FeatureSet set = features::fit(train, rows, "label", true, {});
    const Time applied = time_of([&] { features::apply(set, train); });
    std::printf("\nFashion-MNIST, both parts: %.3f s (median %.3f s); %zu images to inputs: %.3f s\n", load.wall, load.median, train.rows,
                applied.wall);
  } catch (const chainrule::Error& error) {
    std::printf("\nFashion-MNIST left out: %s\n", error.what());
  }
}

}  // namespace

int main(int count, char** arguments) {
  const std::string only = count > 1 ? arguments[1] : "";
  std::printf("%-24s%6s%6s%12s%6s%12s%14s%12s%12s\n", "CSV, MB/s", "B/row", "scan", "scan+type", "2 thr", "fit", "transform", "whole", "parts");
  for (const Kind& kind : kinds()) {
    if (std::string(kind.name).find(only) != std::string::npos) measure(kind);
  }
  if (only.empty() || only == "images") measure_images("/usr/share/datasets/fashion-mnist");
  return 0;
}
