// The JSON object of `explain --json`.
#include "json.h"
#include "report/json.h"

namespace chainrule::cli {
namespace {

using report::Json;

Json layer(const LayerSummary& s) {
  return {{"name", s.name}, {"activation", s.activation}, {"units", s.units}, {"silent", s.silent}, {"active", s.active},
          {"largest_z", s.largest_z}, {"largest_a", s.largest_a}, {"da_norm", s.da_norm}, {"dz_norm", s.dz_norm}};
}

Json layers(const Explanation& e) {
  Json list = Json::array();
  for (std::size_t l = 0; l < e.summary.size(); ++l) {
    list.push_back(layer(e.summary[l]));
    if (l >= e.layers.size()) continue;
    const LayerTrace& t = e.layers[l];
    list.back().update({{"z", t.z}, {"a", t.a}, {"dz", t.dz}, {"da", t.da}});
  }
  return list;
}

Json blame(const Explanation& e) {
  constexpr const char* kNames[] = {"weight", "unit", "layer", "column"};
  Json list = Json::array();
  for (const BlameEntry& b : e.blame) {
    Json entry = {{kNames[static_cast<std::size_t>(e.by)], b.weight}};
    if (e.by == BlameBy::weight) entry["value"] = b.value;
    entry.update({{"gradient", b.gradient}, {"share", b.share}, {"direction", b.direction},
                  {"predicted", b.predicted}, {"measured", b.measured}});
    list.push_back(std::move(entry));
  }
  return list;
}

Json factors(const std::vector<ChainFactor>& chain) {
  Json list = Json::array();
  for (const ChainFactor& factor : chain) list.push_back({{"name", factor.name}, {"value", factor.value}});
  return list;
}

Json chain(const Explanation& e) {
  Json json = {{"weight", e.chain_weight}, {"factors", factors(e.chain)}, {"product", e.chain_product}, {"gradient", e.chain_gradient}};
  if (e.scope != RowScope::Kind::row) {
    json["rows"] = Json::array();
    for (const RowChain& row : e.row_chains) {
      json["rows"].push_back({{"row", row.row}, {"line", row.line}, {"factors", factors(row.factors)}, {"product", row.product}});
    }
    json["other_rows"] = e.other_rows;
  }
  json["nudges"] = Json::array();
  for (const NudgePoint& p : e.nudges) {
    json["nudges"].push_back({{"size", p.size}, {"predicted", p.predicted}, {"measured", p.measured}});
  }
  return json;
}

Json step(const StepForecast& s) {
  Json entries = Json::array();
  for (const StepEntry& entry : s.entries) {
    entries.push_back({{"weight", entry.weight}, {"value", entry.value}, {"gradient", entry.gradient}, {"step", entry.step},
                       {"predicted", entry.predicted}, {"measured", entry.measured}});
  }
  return {{"optimizer", s.optimizer}, {"loss", s.loss}, {"length", s.length}, {"predicted", s.predicted},
          {"second_order", s.curved}, {"measured", s.measured}, {"weights", entries}};
}

Json pull_list(const std::vector<RowPull>& pulls) {
  Json list = Json::array();
  for (const RowPull& p : pulls) {
    list.push_back({{"row", p.row}, {"line", p.line}, {"gradient", p.gradient}, {"loss", p.loss}, {"truth", p.truth}});
  }
  return list;
}

Json pulls(const Pulls& p) {
  return {{"weight", p.weight}, {"raising", p.raising}, {"lowering", p.lowering}, {"indifferent", p.indifferent},
          {"raise_sum", p.raise_sum}, {"lower_sum", p.lower_sum}, {"net", p.net}, {"agreement", p.agreement},
          {"raise", pull_list(p.raise)}, {"lower", pull_list(p.lower)}};
}

Json movers(const WeightMovement& m) {
  Json rows = Json::array(), others = Json::object();
  for (const RowMovement& r : m.movers) {
    rows.push_back({{"row", r.row}, {"line", r.line}, {"moved", r.moved}, {"visits", r.visits}, {"truth", r.truth}});
  }
  for (const ChainFactor& other : m.others) others[other.name] = other.value;
  return {{"weight", m.weight}, {"optimizer", m.optimizer}, {"exact", m.exact}, {"steps", m.steps}, {"training_rows", m.rows}, {"batch", m.batch},
          {"start", m.start}, {"end", m.end}, {"moved", m.moved}, {"sum", m.sum}, {"gap", m.gap},
          {"raised", m.raised}, {"lowered", m.lowered}, {"rows", rows}, {"others", others}, {"notes", m.notes}};
}

Json changed_row(const CounterfactualRow& row) {
  if (!row.found) return nullptr;
  Json changes = Json::array();
  for (const CellChange& c : row.changes) {
    changes.push_back({{"column", c.column}, {"from", c.from}, {"to", c.to}, {"distance", c.distance}});
  }
  return {{"answer", row.answer}, {"score", row.score}, {"distance", row.distance}, {"changes", changes}};
}

Json counterfactual(const Counterfactual& c) {
  return {{"before", c.before}, {"score", c.score}, {"goal", c.goal}, {"found", c.closest.found}, {"closest", changed_row(c.closest)},
          {"fewest", changed_row(c.fewest)}, {"notes", c.notes}};
}

template <class Part, class Write>
Json maybe(const std::optional<Part>& part, Write write) {
  return part ? write(*part) : Json(nullptr);
}

}  // namespace

std::string explanation_json(const Explanation& e) {
  constexpr const char* kScopes[] = {"data_set", "row", "range", "batch"};
  const bool one = e.scope == RowScope::Kind::row;
  Json json = {{"digest", e.digest}, {"scope", kScopes[static_cast<std::size_t>(e.scope)]}, {"rows_text", e.rows_text}, {"row", one ? Json(e.row) : Json(nullptr)},
               {"rows", e.rows}, {"rows_of", e.rows_of}};
  if (!one && !e.row_numbers.empty()) json["row_numbers"] = e.row_numbers;
  if (one) json.update({{"prediction", e.prediction}, {"truth", e.truth}});
  json["loss"] = e.loss;
  json["layers"] = layers(e);
  json["gradient_norm"] = e.gradient_norm;
  json["blame"] = blame(e);
  json["chain"] = chain(e);
  json["step"] = maybe(e.step, step);
  json["pulls"] = maybe(e.pulls, pulls);
  json["movers"] = maybe(e.movement, movers);
  json["counterfactual"] = maybe(e.counterfactual, counterfactual);
  json["notes"] = e.notes;
  return json.dump();
}

}  // namespace chainrule::cli
