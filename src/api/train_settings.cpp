// The one table behind the flags, config keys, environment variables, help and completions of `train`.
#include <functional>
#include <limits>
#include <type_traits>

#include "api/setting_text.h"
#include "chainrule/error.h"
#include "chainrule/train.h"
#include "math/schedules.h"

namespace chainrule {
namespace {

using api::TextPlace;

constexpr double kHuge = 1e30;
constexpr std::uint64_t kMany = 4294967295;  // 2^32 rows and steps: docs/arithmetic.md

struct Access {
  std::function<void(TrainSettings&, const TextPlace&, const std::string&)> set;
  std::function<std::string(const TrainSettings&)> get;
};

struct Setting {
  SettingInfo info;
  Access access;
};

template <class E>
std::vector<std::string> words() {
  std::vector<std::string> result;
  for (std::string_view word : names<E>()) result.emplace_back(word == "automatic" ? "auto" : word);
  return result;
}

template <class E>
E read_kind(const TextPlace& place, const std::string& text) {
  return parse_kind<E>(text == "auto" ? "automatic" : text, place.where);
}

template <class E>
std::string write_kind(E kind) {
  const std::string word(name(kind));
  return word == "automatic" ? "auto" : word;
}

// A struct whose optimiser nobody touched gets the documented defaults of adamw.
void settle_optimizer(TrainSettings& s) {
  if (s.training.optimizer == OptimizerSpec{} && !s.given.count("optimizer"))
    s.training.optimizer = default_optimizer("adamw");
}

std::string read_word(const std::string& value, const TextPlace& place, const std::vector<std::string_view>& allowed) {
  std::string all;
  for (std::string_view word : allowed) {
    if (value == word) return value;
    all += (all.empty() ? "" : ", ") + std::string(word);
  }
  const std::string near = nearest_name(value, allowed);
  api::bad_value(place, value, "one of " + all + (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
}

void set_split(TrainSettings& s, const TextPlace& place, const std::string& text) {
  const size_t colon = text.find(':');
  s.split = read_kind<SplitKind>(place, text.substr(0, colon));
  s.split_column = colon == std::string::npos ? "" : text.substr(colon + 1);
  const bool needs_column = s.split == SplitKind::group;
  if (needs_column && s.split_column.empty())
    api::bad_value(place, text, "group:COL, the column whose values stay together");
  if (!s.split_column.empty() && s.split != SplitKind::group && s.split != SplitKind::time) {
    api::bad_value(place, text, "random, stratified, time, time:COL or group:COL");
  }
}

std::string get_split(const TrainSettings& s) {
  return write_kind(s.split) + (s.split_column.empty() ? "" : ":" + s.split_column);
}

void set_hidden(TrainSettings& s, const TextPlace& place, const std::string& text) {
  try {
    s.hidden = text == "none" ? std::vector<std::size_t>{} : parse_widths(text);
  } catch (const Error& error) {
    throw Error(error.code(), std::string(place.where), error.message(), "write widths like 256,256, or none");
  }
}

std::string get_hidden(const TrainSettings& s) {
  std::string text;
  for (std::size_t width : s.hidden) text += (text.empty() ? "" : ",") + std::to_string(width);
  return text.empty() ? "none" : text;
}

void set_loss(TrainSettings& s, const TextPlace& place, const std::string& text) {
  const size_t colon = text.find(':');
  const std::string kind = text.substr(0, colon);
  s.loss_given = kind != "auto";
  if (s.loss_given) s.loss = parse_kind<Loss>(kind, place.where);
  s.loss_parameter = colon == std::string::npos ? 0 : api::read_number(place, text.substr(colon + 1), 0, kHuge);
}

std::string get_loss(const TrainSettings& s) {
  if (!s.loss_given) return "auto";
  return std::string(name(s.loss)) + (s.loss_parameter == 0 ? "" : ":" + api::write_number(s.loss_parameter));
}

// The keys whose fields belong to the optimiser: given ones survive a change of the optimiser, whatever the order.
constexpr std::string_view kOptimizerKeys[] = {"lr", "momentum", "beta1", "beta2", "eps", "weight-decay"};

void set_optimizer(TrainSettings& s, const TextPlace& place, const std::string& text) {
  try {
    s.training.optimizer = default_optimizer(text);
  } catch (const Error& error) {
    throw Error(error.code(), std::string(place.where), error.message(), error.hint());
  }
  for (std::string_view key : kOptimizerKeys) {
    const auto given = s.given.find(std::string(key));
    if (given != s.given.end()) set_train_setting(s, given->first, given->second, std::string(place.where));
  }
}

std::string get_optimizer(const TrainSettings& s) {
  const auto given = s.given.find("optimizer");
  return given != s.given.end() ? given->second : std::string(name(s.training.optimizer.kind));
}

void set_schedule(ScheduleSpec& schedule, const TextPlace& place, const std::string& text) {
  const double warmup = schedule.warmup;
  schedule = math::parse_schedule(text, place.where);
  if (schedule.warmup == 0) schedule.warmup = warmup;
}

// How one field is read and written; `field` is a lambda that names it, for const and non-const settings alike.
template <class Field>
Access text(Field field) {
  return {[=](TrainSettings& s, const TextPlace&, const std::string& v) { field(s) = v; },
          [=](const TrainSettings& s) { return field(s); }};
}

template <class Field>
Access number(Field field, double lowest, double highest) {
  return {[=](TrainSettings& s, const TextPlace& p, const std::string& v) {
            field(s) = api::read_number(p, v, lowest, highest);
          },
          [=](const TrainSettings& s) { return api::write_number(field(s)); }};
}

template <class Field>
Access whole(Field field, std::uint64_t lowest, std::uint64_t highest) {
  return {[=](TrainSettings& s, const TextPlace& p, const std::string& v) {
            field(s) = static_cast<std::remove_cvref_t<decltype(field(s))>>(api::read_whole(p, v, lowest, highest));
          },
          [=](const TrainSettings& s) { return std::to_string(field(s)); }};
}

template <class Field>
Access on_off(Field field) {
  return {[=](TrainSettings& s, const TextPlace& p, const std::string& v) { field(s) = api::read_switch(p, v); },
          [=](const TrainSettings& s) { return std::string(field(s) ? "true" : "false"); }};
}

template <class Field>
Access kind(Field field) {
  return {[=](TrainSettings& s, const TextPlace& p, const std::string& v) {
            field(s) = read_kind<std::remove_cvref_t<decltype(field(s))>>(p, v);
          },
          [=](const TrainSettings& s) { return write_kind(field(s)); }};
}

template <class Field>
Access list(Field field) {
  return {[=](TrainSettings& s, const TextPlace&, const std::string& v) { field(s) = api::read_list(v); },
          [=](const TrainSettings& s) { return api::write_list(field(s)); }};
}

template <class Field>
Access schedule(Field field) {
  return {[=](TrainSettings& s, const TextPlace& p, const std::string& v) { set_schedule(field(s), p, v); },
          [=](const TrainSettings& s) { return math::format_schedule(field(s)); }};
}

// A field of the optimiser: adamw's defaults come first.
Access rate(double OptimizerSpec::* field, double lowest, double highest) {
  return {[=](TrainSettings& s, const TextPlace& p, const std::string& v) {
            settle_optimizer(s);
            s.training.optimizer.*field = api::read_number(p, v, lowest, highest);
          },
          [=](const TrainSettings& s) {
            TrainSettings settled = s;
            settle_optimizer(settled);
            return api::write_number(settled.training.optimizer.*field);
          }};
}

Access one_of(std::string TrainSettings::* field, std::vector<std::string_view> allowed) {
  return {[=](TrainSettings& s, const TextPlace& p, const std::string& v) { s.*field = read_word(v, p, allowed); },
          [=](const TrainSettings& s) { return s.*field; }};
}

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
       {set_split, get_split}},
      {{"class-weights",
        "balanced|FILE",
        "Data",
        "weight of each class: balanced, or a file of class,weight lines",
        {}},
       text([](auto& s) -> auto& { return s.class_weights; })},
      {{"weight-column", "COL", "Data", "column with one weight >= 0 per row", {}},
       text([](auto& s) -> auto& { return s.weight_column; })},
      {{"separator", "SEP", "Data", "field separator: , ; | tab or a blank (runs of blanks)", {}},
       {[](TrainSettings& s, const TextPlace&, const std::string& v) {
          s.read.separator = v == "tab" || v == "\\t" ? "\t" : v;
        },
        [](const TrainSettings& s) { return s.read.separator == "\t" ? std::string("tab") : s.read.separator; }}},
      {{"header", "", "Data", "the first line names the columns, whatever it looks like", {}},
       on_off([](auto& s) -> auto& { return s.read.header; })},
      {{"no-header", "", "Data", "the first line is data", {}},
       on_off([](auto& s) -> auto& { return s.read.no_header; })},
      {{"missing", "LIST", "Data", "markers of missing cells besides the empty one, comma-separated", {}},
       list([](auto& s) -> auto& { return s.read.missing; })},
      {{"decimal", "MARK", "Data", "decimal mark of numbers: . or ,", {}},
       text([](auto& s) -> auto& { return s.read.decimal; })},
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
       {set_hidden, get_hidden}},
      {{"activation", "NAME", "Network", "activation of the hidden layers", words<Activation>()},
       kind([](auto& s) -> auto& { return s.activation; })},
      {{"init", "NAME", "Network", "initial weights; auto picks by activation", words<Initializer>()},
       kind([](auto& s) -> auto& { return s.initializer; })},
      {{"dropout",
        "RATE[:KIND]",
        "Network",
        "share of hidden units dropped while training; kinds: inverted, standard, gaussian, alpha, dropconnect",
        {}},
       {[](TrainSettings& s, const TextPlace& p, const std::string& v) { s.dropout = api::read_dropout(p, v); },
        [](const TrainSettings& s) { return api::write_dropout(s.dropout); }}},
      {{"input-dropout", "RATE", "Network", "share of inputs dropped while training", {}},
       {[](TrainSettings& s, const TextPlace& p, const std::string& v) {
          if (v.find(':') != std::string::npos) api::bad_value(p, v, "a rate below 1; it drops whole inputs");
          s.input_dropout = api::read_dropout(p, v).rate;
        },
        [](const TrainSettings& s) { return api::write_number(s.input_dropout); }}},
      {{"input-noise", "DEV", "Network", "standard deviation of noise added to the inputs while training", {}},
       number([](auto& s) -> auto& { return s.input_noise; }, 0, kHuge)},
      {{"norm", "NAME", "Network", "normalisation in the hidden layers", words<Norm>()},
       kind([](auto& s) -> auto& { return s.norm; })},
      {{"residual", "", "Network", "add a layer's input to its output where the widths are equal", {}},
       on_off([](auto& s) -> auto& { return s.residual; })},
      {{"loss", "NAME[:P]", "Network", "what is minimised; auto: cross_entropy for classes, squared_error for numbers",
        words<Loss>()},
       {set_loss, get_loss}},
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
       {set_optimizer, get_optimizer}},
      {{"lr", "RATE", "Training", "learning rate", {}}, rate(&OptimizerSpec::learning_rate, 0, kHuge)},
      {{"momentum", "F", "Training", "momentum of sgd, momentum and rmsprop", {}},
       rate(&OptimizerSpec::momentum, 0, 0.9999999)},
      {{"beta1", "F", "Training", "averaging factor of the gradient", {}}, rate(&OptimizerSpec::beta1, 0, 0.9999999)},
      {{"beta2", "F", "Training", "averaging factor of the squared gradient", {}},
       rate(&OptimizerSpec::beta2, 0, 0.99999999)},
      {{"eps", "F", "Training", "keeps the optimiser's division finite", {}}, rate(&OptimizerSpec::epsilon, 0, 1)},
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
          s.early_stop = s.early_stop_given ? api::read_whole(p, v, 0, kMany) : 0;
        },
        [](const TrainSettings& s) {
          return s.early_stop_given ? std::to_string(s.early_stop) : std::string("auto");
        }}},
      {{"ema", "F", "Training", "decay of the running mean of weights that predicts; 0 for none", {}},
       number([](auto& s) -> auto& { return s.training.ema; }, 0, 0.99999999)},
  };
}

std::vector<Setting> run_settings() {
  return {
      {{"seed", "N", "Run", "all randomness comes from this number", {}},
       whole([](auto& s) -> auto& { return s.training.seed; }, 0, std::numeric_limits<std::uint64_t>::max())},
      {{"threads", "N", "Run", "threads; 0 for one per core; the result is the same", {}},
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
      {{"checkpoint-every", "N", "Run", "epochs between checkpoints; 0: only when interrupted", {}},
       whole([](auto& s) -> auto& { return s.checkpoint_every; }, 0, kMany)},
      {{"preset", "NAME", "Run", "set of defaults", {"plain", "tabular"}},
       one_of(&TrainSettings::preset, {"plain", "tabular"})},
      {{"ensemble", "K", "Run", "networks trained and averaged", {}},
       whole([](auto& s) -> auto& { return s.ensemble; }, 1, 1000)},
  };
}

const std::vector<Setting>& settings_table() {
  static const std::vector<Setting> table = [] {
    std::vector<Setting> all;
    for (auto part : {data_settings(), network_settings(), optimizer_settings(), run_settings()}) {
      all.insert(all.end(), part.begin(), part.end());
    }
    return all;
  }();
  return table;
}

const Setting& find_setting(const std::string& key, const std::string& where) {
  std::vector<std::string_view> keys;
  for (const Setting& setting : settings_table()) {
    if (setting.info.key == key) return setting;
    keys.push_back(setting.info.key);
  }
  const std::string near = nearest_name(key, keys);
  throw Error("E0101", where, "unknown setting \"" + key + "\"",
              near.empty() ? "chainrule help train lists all settings" : "did you mean \"" + near + "\"?");
}

}  // namespace

const std::vector<SettingInfo>& train_settings() {
  static const std::vector<SettingInfo> infos = [] {
    std::vector<SettingInfo> all;
    for (const Setting& setting : settings_table()) all.push_back(setting.info);
    return all;
  }();
  return infos;
}

void set_train_setting(TrainSettings& settings, const std::string& key, const std::string& value,
                       const std::string& where) {
  const Setting& setting = find_setting(key, where);
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
  return find_setting(key, "").access.get(settings);
}

}  // namespace chainrule
