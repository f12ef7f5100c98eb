// Builds the JSON objects of the laboratory.
#include "laboratory_json.h"

#include "report/json.h"

namespace chainrule::cli {
namespace {

using report::Json;

Json estimate(const Estimate& e) { return {{"mean", e.mean}, {"low", e.low}, {"high", e.high}}; }

Json curve(const RaceLane& lane) {
  Json mean = Json::array(), low = Json::array(), high = Json::array();
  for (const Estimate& e : lane.curve) {
    mean.push_back(e.mean);
    low.push_back(e.low);
    high.push_back(e.high);
  }
  return {{"x", lane.curve_x}, {"mean", mean}, {"low", low}, {"high", high}};
}

Json lane_json(const RaceLane& lane, bool on_data) {
  Json trials = Json::array();
  for (const RateTrial& trial : lane.trials) trials.push_back({{"rate", trial.rate}, {"score", trial.score}});
  Json json = {{"optimizer", lane.optimizer},
               {"rate", lane.rate},
               {"rate_at_edge", lane.at_edge},
               {"score", estimate(lane.score)},
               {"scores", lane.scores},
               {"diverged", lane.diverged},
               {"best_share", lane.best_share},
               {"trials", trials},
               {"curve", curve(lane)}};
  if (on_data) {
    json["training_curve"] = lane.training_curve;
    json["seconds"] = lane.seconds;
  } else {
    json["arrived"] = lane.arrived;
    json["median_steps"] = lane.median_steps;
    json["path"] = {{"x", lane.path_x}, {"y", lane.path_y}};
  }
  return json;
}

Json race_json(const Race& race) {
  Json lanes = Json::array(), comparisons = Json::array();
  for (const RaceLane& lane : race.lanes) lanes.push_back(lane_json(lane, race.on_data));
  for (const RaceComparison& pair : race.comparisons) {
    comparisons.push_back({{"a", pair.a},
                           {"b", pair.b},
                           {"difference", estimate(pair.difference)},
                           {"a_wins", pair.a_wins},
                           {"b_wins", pair.b_wins},
                           {"p", pair.p},
                           {"adjusted_p", pair.adjusted_p}});
  }
  return {{"name", race.name},
          {"on", race.on_data ? "data" : "surface"},
          {"score_name", race.score_name},
          {"test", race.test},
          {"winner", race.winner.empty() ? Json(nullptr) : Json(race.winner)},
          {"leaders", race.leaders},
          {"verdict", race.verdict},
          {"lanes", lanes},
          {"comparisons", comparisons},
          {"notes", race.notes},
          {"decisions", race.decisions}};
}

Json dropout_spec(const DropoutSpec& dropout) {
  return {{"kind", dropout.rate > 0 ? Json(std::string(name(dropout.kind))) : Json("none")}, {"rate", dropout.rate}};
}

Json row_json(const DropoutRow& row, bool classification) {
  Json json = dropout_spec(row.dropout);
  json["train_loss"] = estimate(row.train_loss);
  json["validation_loss"] = estimate(row.validation_loss);
  json["gap"] = estimate(row.gap);
  json["difference"] = estimate(row.difference);
  json["p"] = row.p;
  json["adjusted_p"] = row.adjusted_p;
  json["best_share"] = row.best_share;
  json[classification ? "accuracy" : "rmse"] = estimate(row.score);
  if (classification) json["log_loss"] = estimate(row.log_loss);
  json[classification ? "calibration_error" : "coverage_90"] = estimate(row.calibration);
  json["epochs"] = estimate(row.epochs);
  json["epoch_seconds"] = row.epoch_seconds;
  json["diverged"] = row.diverged;
  return json;
}

Json mask_json(const MaskCheck& check) {
  Json json = dropout_spec(check.dropout);
  json["layer"] = check.layer;
  json["draws"] = check.draws;
  json["kept"] = check.kept;
  json["nominal"] = check.nominal;
  json["measured"] = check.measured;
  json["low"] = check.low;
  json["high"] = check.high;
  if (check.dropout.kind == DropoutKind::gaussian) {
    json["deviation"] = check.deviation;
    json["nominal_deviation"] = check.nominal_deviation;
  }
  json["holds"] = check.holds;
  json["sample"] = check.sample;
  return json;
}

}  // namespace

std::string races_json(const std::vector<Race>& races) {
  Json list = Json::array();
  for (const Race& race : races) list.push_back(race_json(race));
  return Json{{"races", list}}.dump();
}

std::string dropout_json(const DropoutComparison& comparison) {
  Json rows = Json::array(), masks = Json::array();
  for (const DropoutRow& row : comparison.rows) rows.push_back(row_json(row, comparison.classification));
  for (const MaskCheck& check : comparison.masks) masks.push_back(mask_json(check));
  Json recommended = dropout_spec(comparison.recommended);
  recommended["sure"] = comparison.sure;
  recommended["text"] = comparison.recommendation;
  const Json json = {{"data", comparison.data},
                     {"classification", comparison.classification},
                     {"recommended", recommended},
                     {"test", comparison.test},
                     {"rows", rows},
                     {"masks", masks},
                     {"notes", comparison.notes},
                     {"decisions", comparison.decisions}};
  return json.dump();
}

}  // namespace chainrule::cli
