// Turns results of the laboratory into plots.
#include "laboratory_plots.h"

#include <algorithm>
#include <cmath>

#include "layout.h"
#include "report/svg_plot.h"

namespace chainrule::cli {
namespace {

using report::Curve;
using report::Plot;
constexpr std::size_t kGrid = 161;

const SurfaceInfo& surface_info(const std::string& name) {
  return *std::find_if(race_surfaces().begin(), race_surfaces().end(), [&](const SurfaceInfo& info) { return info.name == name; });
}

/// log10 of the heights, so that the floor of a valley shows as well as its walls.
report::Field field_of(const SurfaceInfo& info) {
  report::Field field{kGrid, kGrid, info.x_low, info.x_high, info.y_low, info.y_high, {}, {}};
  for (std::size_t row = 0; row < kGrid; ++row) {
    for (std::size_t column = 0; column < kGrid; ++column) {
      const double x = info.x_low + (info.x_high - info.x_low) * static_cast<double>(column) / (kGrid - 1);
      const double y = info.y_low + (info.y_high - info.y_low) * static_cast<double>(row) / (kGrid - 1);
      field.values.push_back(std::log10(std::max(surface_height(info.name, x, y), 1e-6)));
    }
  }
  return field;
}

/// The place of a lane's name among all names: races of the same optimisers can be compared, whoever won.
int colour_of(const Race& race, const std::string& optimizer) {
  return static_cast<int>(std::count_if(race.lanes.begin(), race.lanes.end(), [&](const RaceLane& lane) { return lane.optimizer < optimizer; }));
}

/// In the order of the ranking.
template <class Fill>
std::vector<Curve> curves_of(const Race& race, Fill fill) {
  constexpr int kColours = 8;
  std::vector<Curve> curves;
  for (const RaceLane& lane : race.lanes) {
    Curve curve;
    curve.name = lane.optimizer;
    const int colour = colour_of(race, lane.optimizer);
    curve.colour = colour % kColours;
    curve.dashed = colour >= kColours;
    fill(lane, curve);
    curves.push_back(std::move(curve));
  }
  return curves;
}

Plot path_plot(const Race& race) {
  const SurfaceInfo& info = surface_info(race.name);
  Plot plot;
  plot.title = "Paths on " + race.name;
  plot.subtitle = "f = " + info.formula + "; the first seed's run of each, from the ring to the dot.";
  plot.x = {"x", false, info.x_low, info.x_high};
  plot.y = {"y", false, info.y_low, info.y_high};
  plot.field = field_of(info);
  for (const auto& [x, y] : info.minima) plot.marks.push_back({x, y, "minimum"});
  plot.curves = curves_of(race, [](const RaceLane& lane, Curve& curve) {
    curve.x = lane.path_x;
    curve.y = lane.path_y;
    curve.ends = true;
  });
  return plot;
}

Plot curve_plot(const Race& race) {
  Plot plot;
  plot.title = race.on_data ? "Validation loss" : "Height above the minimum";
  plot.subtitle = "Mean over the seeds at the tuned rate, with its 95 % interval. " + race.verdict;
  plot.x.label = race.on_data ? "epoch" : "step";
  plot.y.label = race.on_data ? "validation loss" : "log10 of the height";
  plot.curves = curves_of(race, [](const RaceLane& lane, Curve& curve) {
    curve.x = lane.curve_x;
    for (const Estimate& e : lane.curve) {
      curve.y.push_back(e.mean);
      curve.low.push_back(e.low);
      curve.high.push_back(e.high);
    }
  });
  if (!race.on_data) return plot;
  // Wild epochs of a lane at its limit must not flatten the others: the axis ends at the first loss or a little above the worst score.
  double low = INFINITY, high = 0;
  for (const RaceLane& lane : race.lanes) {
    if (!lane.curve.empty()) high = std::max({high, lane.curve[0].mean, lane.score.mean});
    for (const Estimate& e : lane.curve) low = std::isfinite(e.mean) ? std::min(low, e.mean) : low;
  }
  plot.y.high = high * 1.05;
  plot.y.low = low > 0 ? low * 0.9 : report::kFromData;
  return plot;
}

Plot rate_plot(const Race& race) {
  Plot plot;
  plot.title = "Learning rates tried";
  plot.subtitle = "Mean score over the tuning seeds; rates at which a run diverged are left out.";
  plot.x = {"learning rate", true};
  plot.y.label = race.on_data ? "lowest validation loss" : "log10 of the last height";
  plot.curves = curves_of(race, [](const RaceLane& lane, Curve& curve) {
    curve.dots = true;
    for (const RateTrial& trial : lane.trials) {
      if (!std::isfinite(trial.score)) continue;
      curve.x.push_back(trial.rate);
      curve.y.push_back(trial.score);
    }
  });
  return plot;
}

Plot score_plot(const Race& race) {
  Plot plot;
  plot.title = "Scores";
  plot.subtitle = "Mean over the seeds with its 95 % interval: " + race.score_name + ". Lower is better.";
  plot.x.label = "validation loss";
  if (race.lanes[0].score.mean > 0) plot.x.low = 0;
  for (std::size_t i = 0; i < race.lanes.size(); ++i) {
    const RaceLane& lane = race.lanes[i];
    plot.bars.push_back(
        {lane.optimizer, lane.score.mean, lane.score.low, lane.score.high, static_cast<int>(i), "rate " + number_text(lane.rate, 2)});
  }
  return plot;
}

/// One curve over the rates for each kind, with error bars a little apart.
Plot rates_plot(const DropoutComparison& comparison, const std::string& title, const std::string& label, Estimate DropoutRow::* value) {
  Plot plot;
  plot.title = title;
  plot.x.label = "rate";
  plot.y.label = label;
  plot.reference = (comparison.rows[0].*value).mean;
  plot.subtitle = "Means over the seeds with 95 % intervals; the dashed line is no dropout.";
  for (const DropoutRow& row : comparison.rows) {
    if (row.dropout.rate == 0) continue;
    const std::string kind(name(row.dropout.kind));
    if (plot.curves.empty() || plot.curves.back().name != kind) {
      plot.curves.emplace_back();
      plot.curves.back().name = kind;
      plot.curves.back().dots = plot.curves.back().whiskers = true;
    }
    Curve& curve = plot.curves.back();
    curve.x.push_back(row.dropout.rate + 0.004 * static_cast<double>(plot.curves.size() - 1));
    curve.y.push_back((row.*value).mean);
    curve.low.push_back((row.*value).low);
    curve.high.push_back((row.*value).high);
  }
  return plot;
}

Plot difference_plot(const DropoutComparison& comparison) {
  Plot plot;
  plot.title = "Change of the validation loss against no dropout";
  plot.subtitle = comparison.recommendation;
  plot.x.label = "difference, seed by seed, with its 95 % interval; left is better";
  plot.reference = 0;
  int colour = -1;
  DropoutKind last{};
  for (const DropoutRow& row : comparison.rows) {
    if (row.dropout.rate == 0) continue;
    if (colour < 0 || row.dropout.kind != last) ++colour;
    last = row.dropout.kind;
    plot.bars.push_back({std::string(name(row.dropout.kind)) + " " + number_text(row.dropout.rate, 3), row.difference.mean,
                         row.difference.low, row.difference.high, colour, "p " + number_text(row.adjusted_p, 2)});
  }
  return plot;
}

}  // namespace

std::string races_svg(const std::vector<Race>& races) {
  std::vector<Plot> plots;
  for (const Race& race : races) {
    plots.push_back(race.on_data ? score_plot(race) : path_plot(race));
    plots.push_back(curve_plot(race));
    plots.push_back(rate_plot(race));
  }
  return report::svg_figure(plots, 3, 560, 460);
}

std::string dropout_svg(const DropoutComparison& comparison) {
  const bool classes = comparison.classification;
  Plot calibration = rates_plot(comparison, classes ? "Calibration error" : "Coverage of the 90 % interval",
                                classes ? "expected calibration error" : "share of truths inside", &DropoutRow::calibration);
  return report::svg_figure({difference_plot(comparison), rates_plot(comparison, "Validation loss", "loss", &DropoutRow::validation_loss),
                             rates_plot(comparison, "Gap", "validation loss - training loss", &DropoutRow::gap), calibration},
                            2, 640, 420);
}

}  // namespace chainrule::cli
