// The JSON objects of --json; keys keep the order they are written in.
#include "json.h"

#include <ostream>

#include <new>

#include "chainrule/error.h"
#include "flags.h"
#include "report/json.h"

namespace chainrule::cli {
namespace {

using report::Json;

Json confusion_counts(const Metrics& m) {
  Json counts = Json::array();
  for (const ConfusionCount& cell : m.confusion_counts) {
    counts.push_back(Json::written(Json::array({cell.truth, cell.predicted, cell.rows}).dump()));
  }
  return counts;
}

Json metrics(const Metrics& m) {
  Json json = {{"rows", m.rows}, {"loss", m.loss}, {"penalty", m.penalty}};
  if (m.classification) {
    json["accuracy"] = m.accuracy;
    json["auc"] = m.auc;
    json["auc_classes"] = m.auc_classes;
    json["log_loss"] = m.log_loss;
    json["classes"] = m.classes;
    if (m.classes.size() <= kMostClassesOfMatrix) json["confusion"] = m.confusion;
    else json["confusion_counts"] = confusion_counts(m);
  } else {
    json["rmse"] = m.rmse;
    json["mae"] = m.mae;
    json["r2"] = m.r2;
  }
  return json;
}

Json plan(const PlanReport& report) {
  return {{"engine", report.engine}, {"instruction_set", report.instruction_set}, {"threads", report.threads}, {"notes", report.notes}};
}

Json column(const ColumnInfo& info) {
  Json json = {{"name", info.name}, {"type", info.type}, {"missing", info.missing}, {"distinct", info.distinct}};
  if (info.type == "numeric" || info.type == "date") {
    json["minimum"] = info.minimum;
    json["maximum"] = info.maximum;
    json["mean"] = info.mean;
    json["deviation"] = info.deviation;
  }
  Json top = Json::array();
  for (const auto& [value, count] : info.top) top.push_back({{"value", value}, {"count", count}});
  json["top"] = top;
  return json;
}

Json history(const std::vector<TrainResult::Point>& points, bool has_validation = true) {
  Json json = Json::array();
  for (const TrainResult::Point& p : points) {
    json.push_back({{"epoch", p.epoch}, {"loss", p.loss}, {"validation_loss", has_validation ? p.validation_loss : Json(nullptr)},
                    {"validation_score", has_validation ? p.validation_score : Json(nullptr)}, {"learning_rate", p.learning_rate}});
  }
  return json;
}

Json layer(const LayerInfo& info) {
  return {{"name", info.name},         {"inputs", info.inputs},           {"units", info.units},
          {"activation", info.activation}, {"initializer", info.initializer}, {"dropout", info.dropout},
          {"norm", info.norm},         {"residual", info.residual},       {"parameters", info.parameters},
          {"weight_norm", info.weight_norm}, {"bias_norm", info.bias_norm},
          {"smallest", info.smallest}, {"largest", info.largest}, {"histogram", info.histogram}};
}

}  // namespace

void write_description(const Description& d, std::ostream& out) {
  out << "{\"rows\":" << d.rows << ",\"columns\":[";
  for (std::size_t i = 0; i < d.columns.size(); ++i) out << (i > 0 ? "," : "") << column(d.columns[i]).dump();
  const Json rest = {{"duplicate_rows", d.duplicate_rows}, {"suggested_target", d.suggested_target}, {"suggested_task", d.suggested_task},
                     {"why", d.why}, {"notes", d.notes}};
  out << "]," << rest.dump().substr(1);
}

std::string train_json(const TrainResult& r) {
  Json json = {{"model", r.model},       {"folder", r.folder}, {"data", r.data}, {"epochs", r.epochs},
               {"best_epoch", r.best_epoch == 0 ? Json(nullptr) : Json(r.best_epoch)}, {"kept_epoch", r.kept_epoch},
               {"steps", r.steps},       {"seconds", r.seconds}, {"digest", r.digest}, {"stop_reason", r.stop_reason},
               {"interrupted", r.interrupted}, {"train", metrics(r.train)}};
  json["validation"] = r.has_validation ? metrics(r.validation) : Json(nullptr);
  json["test"] = r.has_test ? metrics(r.test) : Json(nullptr);
  const auto constant = [](bool measured, double score) { return measured ? Json(score) : Json(nullptr); };
  json["constant_answer"] = {{"answer", r.baseline.answer}, {"score", r.train.classification ? "accuracy" : "rmse"}, {"train", r.baseline.train},
                             {"validation", constant(r.has_validation, r.baseline.validation)}, {"test", constant(r.has_test, r.baseline.test)}};
  json["verdict"] = r.verdict;
  json["plan"] = plan(r.plan);
  json["decisions"] = r.decisions;
  json["history"] = history(r.history, r.has_validation);
  return json.dump();
}

std::string metrics_json(const Metrics& m) { return metrics(m).dump(); }

std::string evaluation_json(const Evaluation& evaluation) {
  Json json = metrics(evaluation.all);
  json["digest"] = evaluation.digest;
  json["trained_on"] = evaluation.trained_on;
  json["parts"] = Json::object();
  for (const auto& [name, part] : evaluation.parts) json["parts"][name] = metrics(part);
  return json.dump();
}

std::string model_json(const ModelInfo& info) {
  Json json = {{"path", info.path}, {"digest", info.digest}, {"version", info.version}, {"task", info.task}, {"target", info.target},
               {"precision", info.precision}, {"parameters", info.parameters}, {"inputs", info.inputs}, {"outputs", info.outputs},
               {"layers", Json::array()}};
  for (const LayerInfo& one : info.layers) json["layers"].push_back(layer(one));
  json["features"] = info.features;
  json["history"] = history(info.history);
  json["training"] = Json::object();
  for (const auto& [name, value] : info.training) json["training"][name] = report::typed_json(value);
  json["plan"] = plan(info.plan);
  json["spec"] = info.spec_toml;
  return json.dump();
}

std::string check_json(const CheckReport& report) {
  Json json = {{"passed", report.passed}, {"digest", report.digest.empty() ? Json(nullptr) : Json(report.digest)}, {"max_relative_error", report.max_relative_error}, {"checks", Json::array()}};
  for (const CheckItem& item : report.checks) {
    json["checks"].push_back({{"id", item.id}, {"title", item.title}, {"passed", item.passed}, {"severity", item.severity},
                              {"value", item.value}, {"limit", item.limit}, {"at_least", item.at_least}, {"detail", item.detail},
                              {"meaning", item.meaning}, {"advice", item.advice}});
  }
  return json.dump();
}

std::string version_json(const VersionInfo& v) {
  const Json json = {{"version", v.version}, {"compiler", v.compiler}, {"build_type", v.build_type}, {"instruction_set", v.instruction_set},
                     {"instruction_sets", v.instruction_sets}, {"plan_candidates", v.plan_candidates}, {"cores", v.cores}};
  return json.dump();
}

std::string bench_json(const std::vector<BenchRow>& rows, const VersionInfo& version) {
  Json json = {{"instruction_set", version.instruction_set}, {"cores", version.cores}, {"shapes", Json::array()}};
  for (const BenchRow& row : rows) {
    json["shapes"].push_back({{"shape", row.shape}, {"layers", row.layers}, {"batch", row.batch}, {"threads", row.threads},
                              {"samples_per_second", row.samples_per_second}, {"spread", row.spread}, {"gflops", row.gflops}});
  }
  return json.dump();
}

std::string rate_search_json(const RateSearch& search) {
  Json json = {{"suggested", search.suggested}, {"curve", Json::array()}};
  for (const RatePoint& point : search.curve) json["curve"].push_back({{"rate", point.rate}, {"loss", point.loss}});
  return json.dump();
}

std::string dry_run_json(const std::vector<SettingOrigin>& settings, const std::string& data, const TrainPreview& preview) {
  Json json = {{"dry_run", true}, {"data", data.empty() ? Json(nullptr) : Json(data)}, {"settings", Json::object()}};
  for (const SettingOrigin& s : settings) {
    json["settings"][s.key] = {{"value", s.source == "spec" ? Json(nullptr) : report::typed_json(s.value)}, {"source", s.source}, {"where", s.where}};
  }
  json["decisions"] = preview.decisions;
  if (!data.empty()) {
    json["parameters"] = preview.parameters;
    json["spec"] = preview.spec_toml;
    json["plan"] = plan(preview.plan);
  }
  return json.dump();
}

std::string help_json() {
  Json json = {{"commands", Json::array()}};
  for (const Command& command : commands()) {
    Json flags = Json::array(), arguments = Json::array();
    for (const Argument& argument : command.arguments) {
      arguments.push_back({{"name", argument.name}, {"help", argument.help}, {"required", argument.required},
                           {"choices", argument.choices}, {"path", argument.names_file ? "reads" : ""}});
    }
    for (const Flag& flag : command.flags) {
      if (flag.hidden) continue;
      flags.push_back({{"name", flag.name}, {"value", flag.value_name}, {"help", flag.help}, {"choices", flag.choices},
                       {"default", flag.default_text}, {"path", flag.path_use()}, {"environment", flag.environment}, {"setting", flag.setting}});
    }
    json["commands"].push_back({{"name", command.name}, {"summary", command.summary}, {"arguments", arguments}, {"flags", flags}});
  }
  return json.dump();
}

std::string error_json(const std::exception_ptr& failure, int exit_code) {
  Json error = {{"code", nullptr}, {"exit_code", exit_code}, {"where", ""}, {"message", ""}, {"hint", ""}};
  try {
    std::rethrow_exception(failure);
  } catch (const Error& known) {
    error.update({{"code", known.code()}, {"where", known.where()}, {"message", known.message()}, {"hint", known.hint()}});
  } catch (const std::bad_alloc&) {
    error.update({{"code", "E0490"}, {"message", "out of memory"}});
  } catch (const std::exception& fault) {
    error["message"] = std::string("internal error: ") + fault.what();
  } catch (...) {
    error["message"] = "internal error";
  }
  return Json{{"error", error}}.dump();
}

std::string json_string(std::string_view text) { return Json(text).dump(); }

}  // namespace chainrule::cli
