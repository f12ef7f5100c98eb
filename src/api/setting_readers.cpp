// Which settings do anything in a run.
#include "api/setting_readers.h"

#include <algorithm>
#include <map>

#include "api/setting_text.h"
#include "chainrule/error.h"

namespace chainrule::api {
namespace {

using enum Optimizer;
using Kinds = std::vector<Optimizer>;

/// What decides whether a setting is read.
struct Make {
  const TrainSettings& settings;
  Kinds optimizers;
  bool varies_dropout = false;

  bool has_spec() const { return !settings.spec_file.empty(); }
  bool hidden() const { return has_spec() || !settings.hidden.empty(); }
  bool dropout() const {
    return has_spec() || varies_dropout || (hidden() && settings.dropout.rate > 0) || settings.input_dropout > 0;
  }
  bool validation() const { return as_share(settings.validation).value_or(1) > 0; }
  bool shares() const { return as_share(settings.validation).value_or(0) > 0 || as_share(settings.test).value_or(0) > 0; }
  bool decays() const { return has_spec() || optimizers.size() > 1 || read_number({}, get_train_setting(settings, "weight-decay"), 0, 1e30) > 0; }
};

Kinds all_but(std::initializer_list<Optimizer> left_out) {
  Kinds kinds = all<Optimizer>();
  std::erase_if(kinds, [&](Optimizer kind) { return std::find(left_out.begin(), left_out.end(), kind) != left_out.end(); });
  return kinds;
}

/// Settings that some optimisers read.
struct ReadByOptimizers {
  std::string_view key;
  double OptimizerSpec::* field;  ///< null: a setting of the steps, not of the optimiser
  Kinds readers;
  std::string_view off;           ///< the value that asks for nothing, which is true of the others too
};

const std::vector<ReadByOptimizers>& by_optimizer() {
  static const std::vector<ReadByOptimizers> table = {
      {"lr", &OptimizerSpec::learning_rate, all_but({lbfgs}), ""},
      {"momentum", &OptimizerSpec::momentum, {sgd, momentum, rmsprop}, "0"},
      {"beta1", &OptimizerSpec::beta1, {adam, adamw, nadam, radam, adamax, lion}, ""},
      {"beta2", &OptimizerSpec::beta2, {rmsprop, adam, adamw, nadam, radam, adadelta, adamax, lion}, ""},
      {"eps", &OptimizerSpec::epsilon, all_but({sgd, momentum, lion, lbfgs}), ""},
      {"weight-decay", &OptimizerSpec::weight_decay, all<Optimizer>(), "0"},
      {"batch", nullptr, all_but({lbfgs}), "0"},
      {"schedule", nullptr, all_but({lbfgs}), "constant"},
      {"warmup", nullptr, all_but({lbfgs}), "0"},
  };
  return table;
}

/// Settings that need something else in the run.
struct ReadWith {
  std::string_view key;
  bool (*reads)(const Make&);
  std::string_view needs, cure, off;
};

bool is_plateau(const ScheduleSpec& schedule) { return schedule.kind == ScheduleKind::plateau; }

constexpr std::string_view kNeedsHidden = "it is for hidden layers, and --hidden none has none";
constexpr std::string_view kAddHidden = "give the network hidden layers (--hidden 64)";
constexpr std::string_view kNeedsValidation = "it watches the validation loss, and there are no validation rows";
constexpr std::string_view kKeepRows = "keep rows for validation (--validation 0.15)";

constexpr ReadWith kReadWith[] = {
    {"activation", [](const Make& m) { return m.hidden(); }, kNeedsHidden, kAddHidden, "identity"},
    {"dropout", [](const Make& m) { return m.hidden(); }, kNeedsHidden, kAddHidden, "0"},
    {"norm", [](const Make& m) { return m.hidden(); }, kNeedsHidden, kAddHidden, "none"},
    {"residual", [](const Make& m) { return m.hidden(); }, kNeedsHidden, kAddHidden, "false"},
    {"dropout-schedule", [](const Make& m) { return m.dropout(); }, "it changes the rates of dropout, and there is no dropout",
     "give a rate too (--dropout 0.2)", "constant"},
    {"dropout-schedule", [](const Make& m) { return !is_plateau(m.settings.training.dropout_schedule); },
     "plateau is for the learning rate", "take another schedule", "constant"},
    {"weight-decay-schedule", [](const Make& m) { return m.decays(); }, "it changes the weight decay, which is 0",
     "give a --weight-decay above 0", "constant"},
    {"weight-decay-schedule", [](const Make& m) { return !is_plateau(m.settings.training.weight_decay_schedule); },
     "plateau is for the learning rate", "take another schedule", "constant"},
    {"early-stop", [](const Make& m) { return m.validation(); }, kNeedsValidation, kKeepRows, "0"},
    {"schedule", [](const Make& m) { return m.validation() || !is_plateau(m.settings.training.learning_rate_schedule); },
     kNeedsValidation, kKeepRows, "constant"},
    {"split", [](const Make& m) { return m.shares() || m.settings.split == SplitKind::group; },
     "it says how shares of the rows are drawn, and none are", "give --validation or --test a share", "auto"},
    {"lr", [](const Make& m) { return !m.settings.find_lr; }, "--find-lr searches it", "give one of the two", ""},
    {"loss", [](const Make& m) {
       return m.settings.loss_parameter == 0 || m.settings.loss == Loss::huber || m.settings.loss == Loss::quantile;
     }, "only huber and quantile have a parameter", "leave the number after the colon out", "auto"},
};

std::string listed(const Kinds& kinds) {
  std::string text;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == kinds.size() ? " and " : ", ") + std::string(name(kinds[i]));
  }
  return text;
}

/// "sgd, momentum and rmsprop", or shorter "all optimisers but lbfgs".
std::string readers_text(const Kinds& readers) {
  Kinds others = all<Optimizer>();
  std::erase_if(others, [&](Optimizer kind) { return std::find(readers.begin(), readers.end(), kind) != readers.end(); });
  return others.size() < readers.size() ? "all optimisers but " + listed(others) : listed(readers);
}

bool asks_for_something(const TrainSettings& settings, std::string_view key, std::string_view off) {
  if (settings.given.count(std::string(key)) == 0) return false;
  const std::string value = get_train_setting(settings, std::string(key));
  return value != "auto" && (off.empty() || value != off);
}

[[noreturn]] void refuse(std::string_view key, const std::string& why, const std::string& cure) {
  throw Error("E0121", std::string(key), "this setting would do nothing here: " + why, "leave " + std::string(key) + " out, or " + cure);
}

void check_optimizers(const Make& make) {
  for (const ReadByOptimizers& row : by_optimizer()) {
    if (!asks_for_something(make.settings, row.key, row.off)) continue;
    const auto reads = [&](Optimizer kind) { return std::find(row.readers.begin(), row.readers.end(), kind) != row.readers.end(); };
    if (std::any_of(make.optimizers.begin(), make.optimizers.end(), reads)) continue;
    refuse(row.key, listed(make.optimizers) + " takes no " + std::string(row.key) + "; it is read by " + readers_text(row.readers),
           "choose one of those with --optimizer");
  }
}

/// Beside a spec file the network and its optimiser are not the settings' (docs/training.md).
void check_company(const Make& make) {
  for (const ReadWith& row : kReadWith) {
    if (!asks_for_something(make.settings, row.key, row.off) || row.reads(make)) continue;
    refuse(row.key, std::string(row.needs), std::string(row.cure));
  }
}

Optimizer own_optimizer(const TrainSettings& settings) {
  return settings.training.optimizer == OptimizerSpec{} && settings.given.count("optimizer") == 0 ? adamw
                                                                                                    : settings.training.optimizer.kind;
}

}  // namespace

void refuse_idle_settings(const TrainSettings& settings, const Varied& varied) {
  Make make{settings, varied.optimizers, varied.dropout};
  const bool unknown = make.optimizers.empty() && make.has_spec();
  if (make.optimizers.empty()) make.optimizers = {own_optimizer(settings)};
  if (!unknown) check_optimizers(make);
  check_company(make);
}

std::string default_by_optimizer(std::string_view key) {
  const auto row = std::find_if(by_optimizer().begin(), by_optimizer().end(), [&](const auto& r) { return r.key == key; });
  if (row == by_optimizer().end() || row->field == nullptr) return "";
  std::vector<std::pair<std::string, Kinds>> values;
  for (const Optimizer kind : row->readers) {
    const std::string value = write_number(default_optimizer(name(kind)).*row->field);
    const auto known = std::find_if(values.begin(), values.end(), [&](const auto& v) { return v.first == value; });
    known == values.end() ? values.push_back({value, {kind}}) : known->second.push_back(kind);
  }
  std::stable_sort(values.begin(), values.end(), [](const auto& a, const auto& b) { return a.second.size() > b.second.size(); });
  std::string text = values[0].first;
  for (std::size_t i = 1; i < values.size(); ++i) text += "; " + listed(values[i].second) + " " + values[i].first;
  return text;
}

}  // namespace chainrule::api

namespace chainrule {

void refuse_idle_settings(const TrainSettings& settings) { api::refuse_idle_settings(settings, api::Varied{}); }

}  // namespace chainrule
