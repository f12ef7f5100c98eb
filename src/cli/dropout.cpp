// `chainrule dropout DATA --target COL`: every kind and rate of dropout against none, and what to use.
#include <algorithm>
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

constexpr int kRoomForMasks = 100;  // columns of a terminal that shows masks too

DropoutSettings dropout_settings_of(const Arguments& arguments, const TrainSettings& training) {
  DropoutSettings settings;
  settings.threads = training.threads;
  settings.seeds = arguments.count("seeds", settings.seeds, 2);
  settings.samples = arguments.count("samples", settings.samples, 1);
  std::vector<std::string> kinds = listed(arguments, "kinds");
  if (kinds == std::vector<std::string>{"all"}) kinds.clear();
  for (const std::string& kind : kinds) settings.kinds.push_back(parse_kind<DropoutKind>(kind, arguments.find("kinds")->where));
  const std::vector<double> rates = listed_numbers(arguments, "rates");
  if (!rates.empty()) settings.rates = rates;
  return settings;
}

std::string variant(const DropoutSpec& dropout) {
  return dropout.rate == 0 ? "no dropout" : std::string(name(dropout.kind)) + " " + number_text(dropout.rate, 3);
}

bool is_recommended(const DropoutComparison& comparison, const DropoutRow& row) {
  return row.dropout.rate == comparison.recommended.rate && (row.dropout.rate == 0 || row.dropout.kind == comparison.recommended.kind);
}

std::string shown_variant(const DropoutComparison& comparison, const DropoutRow& row, const Console& console) {
  return is_recommended(comparison, row) ? console.out_style.green(variant(row.dropout)) : variant(row.dropout);
}

void print_losses(const DropoutComparison& comparison, Console& console) {
  print_heading(console, "Loss without masks, mean over the seeds");
  TextTable table({"", ">train", ">validation", ">gap", ">change", spread_header(console), ">adjusted p"});
  for (const DropoutRow& row : comparison.rows) {
    std::vector<std::string> cells = {shown_variant(comparison, row, console), measure_text(row.train_loss.mean),
                                      measure_text(row.validation_loss.mean), measure_text(row.gap.mean)};
    if (row.dropout.rate > 0)
      cells.insert(cells.end(), {measure_text(row.difference.mean), spread_text(row.difference), p_value_text(row.adjusted_p)});
    table.add(cells);
  }
  table.print(console);
}

void print_scores(const DropoutComparison& comparison, Console& console) {
  const bool classes = comparison.classification;
  print_heading(console, classes ? "Scores and calibration on the validation rows" : "Scores and 90 % intervals on the validation rows");
  std::vector<std::string> header = {"", classes ? ">accuracy" : ">rmse"};
  if (classes) header.push_back(">log loss");
  header.insert(header.end(), {classes ? ">ECE" : ">coverage", spread_header(console), ">epochs", ">ms/epoch", ">first"});
  TextTable table(header);
  for (const DropoutRow& row : comparison.rows) {
    std::vector<std::string> cells = {shown_variant(comparison, row, console), measure_text(row.score.mean)};
    if (classes) cells.push_back(measure_text(row.log_loss.mean));
    cells.insert(cells.end(), {measure_text(row.calibration.mean), spread_text(row.calibration), number_text(row.epochs.mean, 3),
                               number_text(1000 * row.epoch_seconds, 3), number_text(100 * row.best_share, 3) + " %"});
    table.add(cells);
  }
  table.print(console);
  print_laboratory_notes(
      console,
      {classes
           ? "ECE: expected calibration error. first: how often the row has the lowest loss when the seeds are drawn again."
           : "coverage: truths inside the 90 % interval. first: how often the row has the lowest loss when the seeds are drawn again."});
}

void print_masks(const DropoutComparison& comparison, Console& console) {
  print_heading(console, "Masks drawn by the engine");
  const bool wide = console.width >= kRoomForMasks;
  TextTable table({"", ">layer", ">draws", ">nominal", ">measured", ">bounds", "", wide ? "one row's mask (step 1)" : ""});
  std::size_t outside = 0;
  for (const MaskCheck& check : comparison.masks) {
    outside += !check.holds;
    if (check.layer > 0 && check.holds) continue;
    table.add({variant(check.dropout), std::to_string(check.layer), count_text(check.draws), measure_text(check.nominal),
               measure_text(check.measured), interval_text({0, check.low, check.high}), check.holds ? "ok" : console.out_style.red("NO"),
               wide ? check.sample.at(0) : ""});
  }
  table.print(console);
  const std::string all = std::to_string(comparison.masks.size());
  print_paragraph(console,
                  "share of units kept (gaussian: mean of the factor); " +
                      (outside == 0 ? "all " + all + " layers and variants lie" : std::to_string(outside) + " of " + all + " do not lie") +
                      " within their bounds, which hold together with 99.9 %");
}

void print_comparison(const DropoutComparison& comparison, Console& console) {
  print_notes(console, comparison.decisions);
  print_losses(comparison, console);
  print_scores(comparison, console);
  print_masks(comparison, console);
  console.out << '\n';
  print_paragraph(console, comparison.recommendation, true);
  print_laboratory_notes(console, comparison.notes);
  print_laboratory_notes(console, {"test: " + comparison.test});
}

}  // namespace

int run_dropout(const Arguments& arguments, Console& console) {
  const TrainSettings training = train_settings_of(arguments);
  const DropoutSettings settings = dropout_settings_of(arguments, training);
  check_stdin(arguments.positionals[0], console);
  Picture picture(arguments);
  const DropoutComparison comparison = [&] {
    RunsProgress progress(arguments, console);
    return compare_dropout(arguments.positionals[0], training, settings, progress.watch());
  }();
  if (arguments.on("json")) console.out << dropout_json(comparison) << '\n';
  else print_comparison(comparison, console);
  if (picture) picture.write(dropout_svg(comparison), console, !arguments.on("json"));
  return 0;
}

}  // namespace chainrule::cli
