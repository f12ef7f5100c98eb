// `chainrule train --find-lr`: the learning-rate range test as a curve and a suggestion.
#include <algorithm>
#include <cmath>
#include <ostream>

#include "chainrule/train.h"
#include "commands.h"
#include "json.h"
#include "layout.h"
#include "patience_line.h"

namespace chainrule::cli {
namespace {

constexpr std::size_t kLines = 24;
constexpr std::size_t kCurveColumns = 40;

std::vector<RatePoint> thinned(const std::vector<RatePoint>& curve) {
  std::vector<RatePoint> points;
  const std::size_t lines = std::min(kLines, curve.size());
  for (std::size_t i = 0; i < lines; ++i) points.push_back(curve[lines == 1 ? 0 : i * (curve.size() - 1) / (lines - 1)]);
  return points;
}

void print_curve(const RateSearch& search, Console& console) {
  const std::vector<RatePoint> points = thinned(search.curve);
  double low = INFINITY, high = -INFINITY;
  for (const RatePoint& point : points) {
    if (std::isfinite(point.loss)) low = std::min(low, point.loss), high = std::max(high, point.loss);
  }
  // A diverging end would flatten everything else: the scale ends a little above the first loss.
  if (!points.empty() && std::isfinite(points[0].loss)) high = std::min(high, 1.25 * std::abs(points[0].loss));
  TextTable table({">rate", ">loss", ""});
  for (const RatePoint& point : points) {
    const double share = high > low ? (point.loss - low) / (high - low) : 0;
    table.add({number_text(point.rate, 3), measure_text(point.loss), bar(std::isfinite(share) ? share : 1, kCurveColumns, console.unicode)});
  }
  table.print(console);
}

}  // namespace

int run_rate_search(const Arguments& arguments, Console& console) {
  const RateSearch search = patiently(arguments, console, [&] { return find_learning_rate(arguments.positionals[0], train_settings_of(arguments)); });
  if (arguments.on("json")) {
    console.out << rate_search_json(search) << '\n';
    return 0;
  }
  console.out << "Smoothed training loss while the learning rate grows:\n\n";
  print_curve(search, console);
  console.out << "\nSuggested: " << console.out_style.bold("--lr " + number_text(search.suggested, 3)) << '\n';
  return 0;
}

}  // namespace chainrule::cli
