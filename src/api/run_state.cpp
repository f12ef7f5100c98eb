// A run as a checkpoint and back; the trainer's part is JSON, in which doubles are texts so that infinities and every
// bit survive.
#include "api/run_state.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "api/setting_text.h"
#include "base/digest.h"
#include "chainrule/error.h"
#include "model/file_label.h"
#include "report/json.h"
#include "train/trainer.h"

namespace chainrule::api {
namespace {

using report::Json;
using Parsed = nlohmann::json;

double exact(const Parsed& text) {
  const std::string& word = text.get_ref<const std::string&>();
  double value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size())
    throw std::runtime_error("\"" + word + "\" is not a number");
  return value;
}

// 16 hex digits per double: L-BFGS pairs are long.
std::string hex_of(const std::vector<double>& values) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(values.size() * 16);
  for (double value : values) {
    const std::uint64_t bits = std::bit_cast<std::uint64_t>(value);
    for (int shift = 60; shift >= 0; shift -= 4) text += kDigits[bits >> shift & 15];
  }
  return text;
}

std::vector<double> from_hex(const std::string& text) {
  std::vector<double> values(text.size() / 16);
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::uint64_t bits = 0;
    const char* begin = text.data() + 16 * i;
    const auto [end, error] = std::from_chars(begin, begin + 16, bits, 16);
    if (error != std::errc() || end != begin + 16) throw std::runtime_error("a curvature pair is damaged");
    values[i] = std::bit_cast<double>(bits);
  }
  return values;
}

Json pairs_json(const std::vector<std::vector<double>>& vectors) {
  Json json = Json::array();
  for (const std::vector<double>& vector : vectors) json.push_back(hex_of(vector));
  return json;
}

std::vector<std::vector<double>> pairs_of(const Parsed& json) {
  std::vector<std::vector<double>> vectors;
  for (const Parsed& text : json) vectors.push_back(from_hex(text.get<std::string>()));
  return vectors;
}

Json history_json(const std::vector<TrainResult::Point>& history) {
  Json json = Json::array();
  for (const TrainResult::Point& p : history) {
    json.push_back(Json::array({p.epoch, write_number(p.loss), write_number(p.validation_loss), write_number(p.validation_score),
                                write_number(p.learning_rate)}));
  }
  return json;
}

std::vector<TrainResult::Point> history_of(const Parsed& json) {
  std::vector<TrainResult::Point> history;
  for (const Parsed& p : json)
    history.push_back({p.at(0).get<std::uint64_t>(), exact(p.at(1)), exact(p.at(2)), exact(p.at(3)), exact(p.at(4))});
  return history;
}

Json state_json(const RunIdentity& run, const training::Snapshot& snapshot) {
  const training::Progress& p = snapshot.progress;
  Json json;
  json["arithmetic"] = kArithmetic;
  json["batch_size"] = run.batch;
  json["early_stop"] = run.early_stop;
  json["batch"] = p.batch;
  json["loss_sum"] = write_number(p.loss_sum);
  json["weight_sum"] = write_number(p.weight_sum);
  json["stopping"] = {{"has_best", p.stopping.has_best},
                      {"best_score", write_number(p.stopping.best_score)},
                      {"best_epoch", p.stopping.best_epoch},
                      {"epochs_since_best", p.stopping.epochs_since_best}};
  json["plateau"] = {{"factor", write_number(p.plateau.factor)},
                     {"best", write_number(p.plateau.best)},
                     {"epochs", p.plateau.epochs},
                     {"waiting", p.plateau.waiting}};
  json["history"] = history_json(p.history);
  json["given"] = Json::array();
  for (const auto& [key, text] : run.settings.given) json["given"].push_back(key);
  json["curvature"] = {{"steps", pairs_json(snapshot.curvature.steps)},
                       {"changes", pairs_json(snapshot.curvature.changes)}};
  return json;
}

/// A checkpoint holds every setting; what the user gave is what facts, hints and checks speak of. Checkpoints of version 0.2.0 do not say.
void keep_given(const Parsed& json, TrainSettings& settings) {
  if (!json.contains("given")) return;
  const std::vector<std::string> keys = json.at("given").get<std::vector<std::string>>();
  std::erase_if(settings.given, [&](const auto& one) { return std::find(keys.begin(), keys.end(), one.first) == keys.end(); });
}

void read_state(const Parsed& json, SavedRun& saved) {
  training::Progress& p = saved.snapshot.progress;
  saved.arithmetic = json.value("arithmetic", std::uint64_t{1});
  saved.run.batch = json.at("batch_size").get<std::size_t>();
  saved.run.early_stop = json.at("early_stop").get<std::uint64_t>();
  if (saved.run.batch == 0) throw std::runtime_error("batch size 0");
  p.batch = json.at("batch").get<std::uint64_t>();
  p.loss_sum = exact(json.at("loss_sum"));
  p.weight_sum = exact(json.at("weight_sum"));
  const Parsed& stopping = json.at("stopping");
  p.stopping = {stopping.at("has_best").get<bool>(), exact(stopping.at("best_score")),
                stopping.at("best_epoch").get<std::uint64_t>(), stopping.at("epochs_since_best").get<std::uint64_t>()};
  const Parsed& plateau = json.at("plateau");
  p.plateau = {exact(plateau.at("factor")), exact(plateau.at("best")), plateau.at("epochs").get<std::uint64_t>(),
               plateau.at("waiting").get<std::uint64_t>()};
  p.history = history_of(json.at("history"));
  keep_given(json, saved.run.settings);
  saved.snapshot.curvature = {pairs_of(json.at("curvature").at("steps")), pairs_of(json.at("curvature").at("changes"))};
}

bool has_rate(const NetworkSpec& network, DropoutKind kind) {
  bool found = network.input_dropout.kind == kind && network.input_dropout.rate > 0;
  for (const LayerSpec& layer : network.layers) found = found || (layer.dropout.kind == kind && layer.dropout.rate > 0);
  return found;
}

bool counts_periods(const ScheduleSpec& schedule) {
  const bool periodic = schedule.kind == ScheduleKind::cosine_restarts || schedule.kind == ScheduleKind::step;
  return periodic && schedule.period != std::floor(schedule.period);
}

// What arithmetic 1 computed differently, of the things this run uses; "" when none.
std::string changed_since_first(const RunIdentity& run, std::size_t train_rows) {
  const TrainingSpec& t = run.training;
  if (!run.settings.weight_column.empty() || !run.settings.class_weights.empty()) return "weights of rows";
  if (t.ema > 0) return "the running mean of weights";
  const bool lbfgs = t.optimizer.kind == Optimizer::lbfgs;
  const bool joined = training::batch_cut(run.network, t, train_rows, run.batch).steps() != (train_rows + run.batch - 1) / run.batch;
  if (training::has_batch_norm(run.network) && (lbfgs || joined)) return "the running statistics of batch norm";
  const bool scheduled = t.dropout_schedule.kind != ScheduleKind::constant || t.dropout_schedule.warmup > 0;
  if (scheduled && (has_rate(run.network, DropoutKind::standard) || has_rate(run.network, DropoutKind::dropconnect))) {
    return "predictions under a schedule of dropout rates";
  }
  for (const ScheduleSpec* schedule : {&t.learning_rate_schedule, &t.dropout_schedule, &t.weight_decay_schedule}) {
    if (counts_periods(*schedule)) return "schedules whose period is no whole number of epochs";
  }
  return "";
}

// Where and how fast a run works is not what it leads to.
constexpr std::string_view kNotInResult[] = {"threads", "engine", "out", "checkpoint-every", "find-lr"};

}  // namespace

void check_arithmetic(const SavedRun& saved, std::size_t train_rows, const std::string& source) {
  if (saved.arithmetic == kArithmetic) return;
  const std::string changed = saved.arithmetic == 1 ? changed_since_first(saved.run, train_rows) : "its numbers";
  if (changed.empty()) return;
  throw Error("E0234", source, "the run was begun by another release, which computed " + changed + " differently",
              "start a new run with chainrule train, or finish it with that release");
}

std::string run_name(const RunIdentity& run) {
  constexpr std::size_t kDigits = 16;
  Sha256 digest;
  const auto add = [&digest](const std::string& text) { digest.add(text.c_str(), text.size() + 1); };
  add(run.data_digest);
  add(spec_to_toml(run.network, run.training));
  for (const SettingInfo& setting : train_settings()) {
    const bool elsewhere = std::find(std::begin(kNotInResult), std::end(kNotInResult), setting.key) != std::end(kNotInResult);
    if (!elsewhere) add(get_train_setting(run.settings, setting.key));
  }
  return digest.hex().substr(0, kDigits);
}

std::string history_text(const std::vector<TrainResult::Point>& history) { return history_json(history).dump(); }

std::vector<TrainResult::Point> parse_history(const std::string& text, const std::string& source) {
  try {
    return history_of(Parsed::parse(text));
  } catch (const std::exception& fault) {
    throw Error("E0413", source, std::string("the history of its epochs cannot be read: ") + fault.what());
  }
}

model::Checkpoint make_checkpoint(const RunIdentity& run, const training::Snapshot& snapshot) {
  model::Checkpoint checkpoint;
  checkpoint.model.network = run.network;
  checkpoint.model.training = run.training;
  checkpoint.model.features = run.features;
  checkpoint.model.facts = {{model::kRunFact, run.run}};
  checkpoint.model.parameters = snapshot.parameters;
  checkpoint.model.averaged = snapshot.average;
  checkpoint.optimizer_state = snapshot.optimizer_state;
  checkpoint.best_parameters = snapshot.best_parameters;
  checkpoint.best_averaged = snapshot.best_average;
  for (const SettingInfo& setting : train_settings()) {
    checkpoint.settings[setting.key] = get_train_setting(run.settings, setting.key);
  }
  checkpoint.trainer_state = state_json(run, snapshot).dump();
  checkpoint.epoch = snapshot.progress.epoch;
  checkpoint.step = snapshot.progress.step;
  checkpoint.data_path = run.data_path;
  checkpoint.data_digest = run.data_digest;
  return checkpoint;
}

SavedRun read_checkpoint(const model::Checkpoint& checkpoint, const std::string& source) {
  SavedRun saved;
  for (const auto& [key, text] : checkpoint.settings) set_train_setting(saved.run.settings, key, text, source);
  saved.run.network = checkpoint.model.network;
  saved.run.training = checkpoint.model.training;
  saved.run.settings.training = checkpoint.model.training;  // every bit of it, not only what settings can say
  saved.run.features = checkpoint.model.features;
  if (const auto run = checkpoint.model.facts.find(model::kRunFact); run != checkpoint.model.facts.end()) saved.run.run = run->second;
  saved.run.data_path = checkpoint.data_path;
  saved.run.data_digest = checkpoint.data_digest;
  saved.snapshot.parameters = checkpoint.model.parameters;
  saved.snapshot.average = checkpoint.model.averaged;
  saved.snapshot.optimizer_state = checkpoint.optimizer_state;
  saved.snapshot.best_parameters = checkpoint.best_parameters;
  saved.snapshot.best_average = checkpoint.best_averaged;
  try {
    read_state(Parsed::parse(checkpoint.trainer_state), saved);
  } catch (const std::exception& fault) {
    throw Error("E0413", source, std::string("the trainer's state cannot be read: ") + fault.what());
  }
  saved.snapshot.progress.epoch = checkpoint.epoch;
  saved.snapshot.progress.step = checkpoint.step;
  return saved;
}

}  // namespace chainrule::api
