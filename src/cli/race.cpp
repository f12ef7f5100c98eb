// `chainrule race`: optimisers side by side on a table or on test surfaces, and how sure the winner is.
#include <algorithm>
#include <cmath>
#include <ostream>

#include "chainrule/error.h"
#include "chainrule/laboratory.h"
#include "commands.h"
#include "laboratory_json.h"
#include "laboratory_plots.h"
#include "laboratory_text.h"
#include "layout.h"
#include "metrics_text.h"

namespace chainrule::cli {
namespace {

constexpr int kRoomForCurve = 110;  // columns of a terminal that shows the curves too
constexpr std::size_t kCurvePoints = 24;
constexpr std::size_t kSeedsForShares = 8;  // drawn again from fewer seeds, a share looks surer than it is

/// DATA or --surface, and nothing beside a surface that only data has a use for.
void check_course(const Arguments& arguments) {
  const Given* surface = arguments.find("surface");
  if (!surface && arguments.positionals.empty()) {
    throw Error("E0105", "", "`race` needs DATA or --surface", "usage: chainrule race DATA --target COL, or chainrule race --surface all");
  }
  if (!surface) {
    const Given* steps = arguments.find("steps");
    if (steps) throw Error("E0105", steps->where, "steps are for surfaces; data is run for --epochs", "give --epochs instead");
    return;
  }
  if (!arguments.positionals.empty()) {
    throw Error("E0105", "--surface", "a race is on a surface or on data, and \"" + arguments.positionals[0] + "\" is data",
                "leave one of them out");
  }
  for (const Given& given : arguments.given) {
    const Flag* flag = arguments.command->find(given.flag);
    if (given.origin == Origin::environment || !flag->setting || flag->name == "seed" || flag->name == "threads") continue;
    throw Error("E0105", given.where, "a surface has no data and no network", "leave --" + given.flag + " out");
  }
}

/// Of a surface adamw is left out: without weight decay it is adam.
std::vector<std::string> every_optimizer(bool on_surface) {
  std::vector<std::string> optimizers;
  for (const std::string_view kind : names<Optimizer>()) {
    if (kind != name(Optimizer::lbfgs) && !(on_surface && kind == name(Optimizer::adamw))) optimizers.emplace_back(kind);
    if (kind == name(Optimizer::momentum)) optimizers.emplace_back("momentum:nesterov");
  }
  return optimizers;
}

RaceSettings race_settings_of(const Arguments& arguments) {
  RaceSettings settings;
  const TrainSettings training = train_settings_of(arguments);
  settings.seed = training.training.seed;
  settings.threads = training.threads;
  if (arguments.find("optimizers")) settings.optimizers = listed(arguments, "optimizers");
  if (settings.optimizers == std::vector<std::string>{"all"}) settings.optimizers = every_optimizer(arguments.find("surface") != nullptr);
  settings.seeds = arguments.count("seeds", settings.seeds, 2);
  settings.tuning_seeds = arguments.count("tuning-seeds", 0, 1);
  settings.trials = arguments.count("trials", 0, 3);
  settings.steps = arguments.count("steps", 0, 1);
  const std::vector<double> rates = listed_numbers(arguments, "rates");
  if (rates.empty()) return settings;
  if (rates.size() != 2)
    throw Error("E0102", arguments.find("rates")->where, "the range of learning rates has two ends", "for example --rates 1e-5,10");
  settings.lowest_rate = rates[0];
  settings.highest_rate = rates[1];
  return settings;
}

std::string curve_text(const RaceLane& lane, const Console& console) {
  std::vector<double> values;
  const std::size_t count = lane.curve.size();
  for (std::size_t i = 0; i < std::min(kCurvePoints, count); ++i)
    values.push_back(lane.curve[i * (count - 1) / (std::min(kCurvePoints, count) - 1)].mean);
  return sparkline(values, console.unicode);
}

std::string steps_text(const RaceLane& lane) {
  return std::isfinite(lane.median_steps) ? count_text(static_cast<std::uint64_t>(lane.median_steps)) : "never";
}

std::string run_time_text(double seconds) { return seconds < 1 ? number_text(1000 * seconds, 2) + " ms" : duration_text(seconds); }

void print_lanes(const Race& race, Console& console) {
  const bool wide = console.width >= kRoomForCurve;
  std::vector<std::string> header = {"optimizer", ">rate", race.on_data ? ">loss" : ">score", spread_header(console), ">first"};
  header.push_back(race.on_data ? ">time" : ">to 1e-3");
  if (!race.on_data) header.push_back(">arrived");
  if (wide) header.push_back(race.on_data ? "loss by epoch" : "height by step");
  TextTable table(header);
  for (const RaceLane& lane : race.lanes) {
    std::vector<std::string> cells = {lane.optimizer,
                                      number_text(lane.rate, 2),
                                      measure_text(lane.score.mean),
                                      spread_text(lane.score),
                                      lane.scores.size() < kSeedsForShares ? "-" : number_text(100 * lane.best_share, 3) + " %",
                                      race.on_data ? run_time_text(lane.seconds) : steps_text(lane)};
    if (!race.on_data) cells.push_back(std::to_string(lane.arrived) + "/" + std::to_string(lane.scores.size()));
    if (wide) cells.push_back(curve_text(lane, console));
    table.add(cells);
  }
  table.print(console);
}

/// The best against each other one; with --json all pairs.
void print_comparisons(const Race& race, Console& console) {
  const std::string& best = race.lanes[0].optimizer;
  TextTable table({best + " minus", ">difference", spread_header(console), ">won:lost", ">adjusted p", ""});
  for (const RaceComparison& pair : race.comparisons) {
    if (pair.a != best) continue;
    const bool told = std::find(race.leaders.begin(), race.leaders.end(), pair.b) == race.leaders.end();
    table.add({pair.b, measure_text(pair.difference.mean), spread_text(pair.difference),
               std::to_string(pair.a_wins) + ":" + std::to_string(pair.b_wins), p_value_text(pair.adjusted_p),
               told ? console.out_style.green("better") : "unclear"});
  }
  console.out << '\n';
  table.print(console);
}

void print_race(const Race& race, Console& console) {
  if (race.on_data) print_notes(console, race.decisions);
  print_heading(console, (race.on_data ? "Race on " : "Race on the surface ") + printable(race.name));
  for (const SurfaceInfo& info : race_surfaces()) {
    if (!race.on_data && info.name == race.name) print_paragraph(console, "f = " + info.formula + ": " + info.what);
  }
  print_paragraph(console, "score: " + race.score_name + "; lower is better");
  console.out << '\n';
  print_lanes(race, console);
  print_comparisons(race, console);
  console.out << '\n';
  print_paragraph(console, race.verdict, true);
  print_laboratory_notes(console, race.notes);
  print_laboratory_notes(console, {"test: " + race.test});
}

std::vector<Race> hold_races(const Arguments& arguments, const RaceSettings& settings, Console& console) {
  RunsProgress progress(arguments, console);
  std::vector<Race> races;
  if (!arguments.find("surface")) {
    check_stdin(arguments.positionals[0], console);
    races.push_back(race_on_data(arguments.positionals[0], train_settings_of(arguments), settings, progress.watch()));
    return races;
  }
  std::vector<std::string> surfaces = {arguments.text("surface")};
  if (surfaces[0] == "all") {
    surfaces.clear();
    for (const SurfaceInfo& info : race_surfaces()) surfaces.push_back(info.name);
  }
  for (const std::string& surface : surfaces) races.push_back(race_on_surface(surface, settings, progress.watch()));
  return races;
}

}  // namespace

int run_race(const Arguments& arguments, Console& console) {
  check_course(arguments);
  Picture picture(arguments);
  const std::vector<Race> races = hold_races(arguments, race_settings_of(arguments), console);
  if (arguments.on("json")) {
    console.out << races_json(races) << '\n';
  } else {
    for (const Race& race : races) print_race(race, console);
  }
  if (picture) picture.write(races_svg(races), console, !arguments.on("json"));
  return 0;
}

}  // namespace chainrule::cli
