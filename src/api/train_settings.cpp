// The one table behind the flags, config keys, environment variables, help and completions of `train`.
#include <limits>

#include "api/setting_access.h"
#include "api/setting_readers.h"

namespace chainrule {
namespace api {
namespace {

struct Setting {
  SettingInfo info;
  Access access;
};

std::vector<Setting> data_settings() {
  return {
      {{"target", "COL", "Data", "column to predict, by name or number from 0", {}},
       text([](auto& s) -> auto& { return s.target; })},
      {{"task", "TASK", "Data", "what to learn; auto decides from the target and says so", words<Task>()},
       kind([](auto& s) -> auto& { return s.task; })},
      {{"validation", "F|FILE", "Data", "share of the rows kept for validation, or a file with them; 0 for none", {}},
       text([](auto& s) -> auto& { return s.validation; })},
      {{"test", "F|FILE", "Data", "share of the rows kept for the final test, or a file with them", {}},
       text([](auto& s) -> auto& { return s.test; })},
      {{"split", "KIND", "Data", "how shares are drawn: random, stratified, time[:COL] (the latest rows; without COL the last ones) or "
        "group:COL",
        {}},
       split_access()},
      {{"class-weights",
        "balanced|FILE",
        "Data",
        "weight of each class: balanced, or a file of class,weight lines",
        {}},
       text([](auto& s) -> auto& { return s.class_weights; })},
      {{"weight-column", "COL", "Data", "column with one weight >= 0 per row", {}},
       text([](auto& s) -> auto& { return s.weight_column; })},
      {{"separator", "SEP", "Data", "field separator: any character such as , ; | :, or tab, or a blank (runs of blanks)", {}},
       {[](TrainSettings& s, const TextPlace&, const std::string& v) {
          s.read.separator = v == "tab" || v == "\\t" ? "\t" : v;
        },
        [](const TrainSettings& s) { return s.read.separator == "\t" ? std::string("tab") : s.read.separator; }}},
      {{"header", "", "Data", "the first line names the columns, whatever it looks like", {}},
       on_off([](auto& s) -> auto& { return s.read.header; })},
      {{"no-header", "", "Data", "the first line is data", {}},
       on_off([](auto& s) -> auto& { return s.read.no_header; })},
      {{"skip", "N", "Data", "lines before the table", {}}, whole([](auto& s) -> auto& { return s.read.skip; }, 0, kMany)},
      {{"comment", "MARK", "Data", "skip lines that begin with this mark, such as #; none: keep them", {}},
       text([](auto& s) -> auto& { return s.read.comment; })},
      {{"encoding", "NAME", "Data", "of the text: latin-1, windows-1252, utf-16, ...; else UTF-8, or as a byte order mark says", {}},
       text([](auto& s) -> auto& { return s.read.encoding; })},
      {{"missing", "LIST", "Data", "more markers of missing cells, comma-separated; only:LIST: these and no others; '': the empty cell alone", {}},
       list([](auto& s) -> auto& { return s.read.missing; })},
      {{"decimal", "MARK", "Data", "decimal mark of all numbers: . or , (default: each column decides)", {}},
       text([](auto& s) -> auto& { return s.read.decimal; })},
      {{"thousands", "MARK", "Data", "mark between thousands in all numbers: , . blank ' or none (default: each column decides)", {}},
       text([](auto& s) -> auto& { return s.read.thousands; })},
      {{"date-order", "ORDER", "Data", "dmy, mdy or ymd: order of day, month and year in dates of figures (default: each column decides)", {}},
       text([](auto& s) -> auto& { return s.read.date_order; })},
      {{"categorical", "COLS", "Data", "columns to read as categories", {}},
       list([](auto& s) -> auto& { return s.read.categorical; })},
      {{"numeric", "COLS", "Data", "columns to read as numbers", {}},
       list([](auto& s) -> auto& { return s.read.numeric; })},
      {{"drop", "COLS", "Data", "columns to leave out", {}}, list([](auto& s) -> auto& { return s.read.drop; })},
  };
}

std::vector<Setting> network_settings() {
  return {
      {{"hidden", "WIDTHS", "Network", "units of the hidden layers, such as 256,256; none for a linear model", {}},
       hidden_access()},
      {{"activation", "NAME", "Network", "activation of the hidden layers", words<Activation>()},
       kind([](auto& s) -> auto& { return s.activation; })},
      {{"init", "NAME", "Network", "initial weights; auto picks by activation", words<Initializer>()},
       kind([](auto& s) -> auto& { return s.initializer; })},
      {{"dropout",
        "RATE[:KIND]",
        "Network",
        "share of hidden units dropped while training; kinds: inverted, standard, gaussian, alpha, dropconnect",
        {}},
       {[](TrainSettings& s, const TextPlace& p, const std::string& v) { s.dropout = read_dropout(p, v); },
        [](const TrainSettings& s) { return write_dropout(s.dropout); }}},
      {{"input-dropout", "RATE", "Network", "share of inputs dropped while training", {}},
       {[](TrainSettings& s, const TextPlace& p, const std::string& v) {
          if (v.find(':') != std::string::npos) bad_value(p, v, "a rate below 1; it drops whole inputs");
          s.input_dropout = read_dropout(p, v).rate;
        },
        [](const TrainSettings& s) { return write_number(s.input_dropout); }}},
      {{"input-noise", "DEV", "Network", "standard deviation of noise added to the inputs while training", {}},
       number([](auto& s) -> auto& { return s.input_noise; }, 0, kHuge)},
      {{"norm", "NAME", "Network", "normalisation in the hidden layers", words<Norm>()},
       kind([](auto& s) -> auto& { return s.norm; })},
      {{"residual", "", "Network", "add a layer's input to its output where the widths are equal", {}},
       on_off([](auto& s) -> auto& { return s.residual; })},
      {{"loss", "NAME[:P]", "Network", "what is minimised; auto: cross_entropy for classes, squared_error for numbers",
        words<Loss>()},
       loss_access()},
      {{"label-smoothing", "F", "Network", "share of each label spread over all classes", {}},
       number([](auto& s) -> auto& { return s.label_smoothing; }, 0, 0.999999)},
      {{"spec",
        "FILE",
        "Network",
        "network and optimiser from a TOML file, instead of the flags of these groups (its loss too, unless it names none; --seed wins)",
        {}},
       text([](auto& s) -> auto& { return s.spec_file; })},
  };
}

std::vector<Setting> optimizer_settings() {
  return {
      {{"optimizer",
        "NAME[:FORM]",
        "Training",
        "how gradients become updates, such as adamw, adam:lesson, momentum:nesterov",
        {}},
       optimizer_access()},
      {{"lr", "RATE", "Training", "learning rate", {}}, rate(&OptimizerSpec::learning_rate, 0, kHuge)},
      {{"momentum", "F", "Training", "momentum of sgd, momentum and rmsprop", {}},
       rate(&OptimizerSpec::momentum, 0, 0.9999999)},
      {{"beta1", "F", "Training", "averaging factor of the gradient", {}}, rate(&OptimizerSpec::beta1, 0, 0.9999999)},
      {{"beta2", "F", "Training", "averaging factor of the squared gradient", {}},
       rate(&OptimizerSpec::beta2, 0, 0.99999999)},
      {{"eps", "F", "Training", "small constant in the optimiser's denominator that avoids division by zero", {}}, rate(&OptimizerSpec::epsilon, 0, 1)},
      {{"weight-decay", "F", "Training", "weight decay of the optimiser (decoupled in adamw)", {}},
       rate(&OptimizerSpec::weight_decay, 0, kHuge)},
      {{"l1", "F", "Training", "penalty: l1 * sum of |w|", {}},
       number([](auto& s) -> auto& { return s.l1; }, 0, kHuge)},
      {{"l2", "F", "Training", "penalty: l2 / 2 * sum of w^2", {}},
       number([](auto& s) -> auto& { return s.l2; }, 0, kHuge)},
      {{"max-norm", "F", "Training", "largest norm of a unit's incoming weights; 0 for none", {}},
       number([](auto& s) -> auto& { return s.max_norm; }, 0, kHuge)},
      {{"clip", "F", "Training", "largest global norm of the gradient; 0 for none", {}},
       number([](auto& s) -> auto& { return s.training.clip_norm; }, 0, kHuge)},
      {{"clip-value", "F", "Training", "largest size of each gradient element; 0 for none", {}},
       number([](auto& s) -> auto& { return s.training.clip_value; }, 0, kHuge)},
      {{"schedule", "NAME[:ARGS]", "Training",
        "learning rate over the run, such as cosine or step:period=10,factor=0.5", words<ScheduleKind>()},
       schedule([](auto& s) -> auto& { return s.training.learning_rate_schedule; })},
      {{"warmup", "STEPS", "Training", "steps of linear warm-up; below 1 a share of the run", {}},
       number([](auto& s) -> auto& { return s.training.learning_rate_schedule.warmup; }, 0, 1e12)},
      {{"dropout-schedule", "NAME[:ARGS]", "Training", "dropout rates over the run", {}},
       schedule([](auto& s) -> auto& { return s.training.dropout_schedule; })},
      {{"weight-decay-schedule", "NAME[:ARGS]", "Training", "weight decay over the run", {}},
       schedule([](auto& s) -> auto& { return s.training.weight_decay_schedule; })},
      {{"epochs", "N", "Training", "most passes over the training rows", {}},
       whole([](auto& s) -> auto& { return s.epochs; }, 1, kMany)},
      {{"batch", "N", "Training", "rows per step; 0 chooses by the number of rows", {}},
       whole([](auto& s) -> auto& { return s.batch; }, 0, kMany)},
      {{"early-stop", "N", "Training", "stop after N epochs without improvement and restore the best; 0 for never", {}},
       {[](TrainSettings& s, const TextPlace& p, const std::string& v) {
          s.early_stop_given = v != "auto";
          s.early_stop = s.early_stop_given ? read_whole(p, v, 0, kMany) : 0;
        },
        [](const TrainSettings& s) {
          return s.early_stop_given ? std::to_string(s.early_stop) : std::string("auto");
        }}},
      {{"ema", "F", "Training", "decay of an exponential moving average of the weights; predictions then use the average; 0 for none", {}},
       number([](auto& s) -> auto& { return s.training.ema; }, 0, 0.99999999)},
  };
}

std::vector<Setting> run_settings() {
  return {
      {{"seed", "N", "Run", "all randomness comes from this number", {}},
       whole([](auto& s) -> auto& { return s.training.seed; }, 0, std::numeric_limits<std::uint64_t>::max())},
      {{"threads", "N", "Run", "threads; 0 for as many usable cores as help; the result is the same", {}},
       whole([](auto& s) -> auto& { return s.threads; }, 0, 1024)},
      {{"engine", "NAME", "Run", "what computes; the result is the same", words<EngineKind>()},
       kind([](auto& s) -> auto& { return s.engine; })},
      {{"precision", "NAME", "Run", "operands of the products; part of the result", words<Precision>()},
       kind([](auto& s) -> auto& { return s.training.precision; })},
      {{"shards", "S", "Run", "runs of rows each batch is cut into, a power of two; part of the result", {}},
       whole([](auto& s) -> auto& { return s.training.shards; }, 1, 65536)},
      {{"find-lr", "", "Run", "first search the learning rate by a range test", {}},
       on_off([](auto& s) -> auto& { return s.find_lr; })},
      {{"out", "DIR", "Run", "run folder; default: the next free runs/<n>", {}},
       text([](auto& s) -> auto& { return s.out; })},
      {{"checkpoint-every", "N", "Run", "epochs between checkpoints; 0: only when interrupted; auto: every epoch, but not within a second", {}},
       checkpoint_access()},
      {{"preset", "NAME", "Run", "set of defaults", {}, {}, true}, text([](auto& s) -> auto& { return s.preset; })},
      {{"ensemble", "K", "Run", "networks trained and averaged", {}, {}, true},
       whole([](auto& s) -> auto& { return s.ensemble; }, 1, 1000)},
  };
}

const std::vector<Setting>& settings_table() {
  static const std::vector<Setting> table = [] {
    std::vector<Setting> all;
    for (auto part : {data_settings(), network_settings(), optimizer_settings(), run_settings()}) {
      all.insert(all.end(), part.begin(), part.end());
    }
    for (Setting& setting : all) setting.info.default_text = default_by_optimizer(setting.info.key);
    return all;
  }();
  return table;
}

const Setting& find_setting(const std::string& key, const std::string& where) {
  std::vector<std::string_view> keys;
  for (const Setting& setting : settings_table()) {
    if (setting.info.key == key) return setting;
    if (!setting.info.hidden) keys.push_back(setting.info.key);
  }
  const std::string near = nearest_name(key, keys);
  throw Error("E0101", where, "unknown setting \"" + key + "\"",
              near.empty() ? "chainrule help train lists all settings" : "did you mean \"" + near + "\"?");
}

}  // namespace
}  // namespace api

const std::vector<SettingInfo>& train_settings() {
  static const std::vector<SettingInfo> infos = [] {
    std::vector<SettingInfo> all;
    for (const api::Setting& setting : api::settings_table()) all.push_back(setting.info);
    return all;
  }();
  return infos;
}

void set_train_setting(TrainSettings& settings, const std::string& key, const std::string& value,
                       const std::string& where) {
  const api::Setting& setting = api::find_setting(key, where);
  const std::string before = settings.given.count(key) ? settings.given[key] : "";
  const bool had = settings.given.count(key) != 0;
  settings.given[key] = value;
  try {
    setting.access.set(settings, {setting.info.key, where}, value);
  } catch (...) {
    had ? void(settings.given[key] = before) : void(settings.given.erase(key));
    throw;
  }
}

std::string get_train_setting(const TrainSettings& settings, const std::string& key) {
  return api::find_setting(key, "").access.get(settings);
}

}  // namespace chainrule
