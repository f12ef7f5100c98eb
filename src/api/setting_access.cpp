// Settings with a form of their own: split, widths, loss, optimiser, schedules.
#include "api/setting_access.h"

#include <map>

namespace chainrule::api {
namespace {

// A struct whose optimiser nobody touched gets the documented defaults of adamw.
void settle_optimizer(TrainSettings& s) {
  if (s.training.optimizer == OptimizerSpec{} && !s.given.count("optimizer"))
    s.training.optimizer = default_optimizer("adamw");
}

void set_split(TrainSettings& s, const TextPlace& place, const std::string& text) {
  const size_t colon = text.find(':');
  s.split = read_kind<SplitKind>(place, text.substr(0, colon));
  s.split_column = colon == std::string::npos ? "" : text.substr(colon + 1);
  const bool needs_column = s.split == SplitKind::group;
  if (needs_column && s.split_column.empty())
    bad_value(place, text, "group:COL, the column whose values stay together");
  if (!s.split_column.empty() && s.split != SplitKind::group && s.split != SplitKind::time) {
    bad_value(place, text, "random, stratified, time, time:COL or group:COL");
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

/// Losses as scikit-learn, Keras and PyTorch call them.
std::string own_loss(const std::string& name) {
  static const std::map<std::string, std::string> others = {
      {"mse", "squared_error"}, {"mean_squared_error", "squared_error"}, {"mae", "absolute_error"}, {"mean_absolute_error", "absolute_error"},
      {"bce", "binary_cross_entropy"}, {"binary_crossentropy", "binary_cross_entropy"}, {"ce", "cross_entropy"}, {"crossentropy", "cross_entropy"},
      {"cross-entropy", "cross_entropy"}, {"categorical_crossentropy", "cross_entropy"}, {"sparse_categorical_crossentropy", "cross_entropy"},
      {"log_loss", "cross_entropy"}, {"pinball", "quantile"}};
  const auto found = others.find(name);
  return found == others.end() ? name : found->second;
}

void set_loss(TrainSettings& s, const TextPlace& place, const std::string& text) {
  const size_t colon = text.find(':');
  const std::string kind = own_loss(text.substr(0, colon));
  s.loss_given = kind != "auto";
  if (s.loss_given) s.loss = parse_kind<Loss>(kind, place.where);
  s.loss_parameter = colon == std::string::npos ? 0 : read_number(place, text.substr(colon + 1), 0, kHuge);
}

std::string get_loss(const TrainSettings& s) {
  if (!s.loss_given) return "auto";
  return std::string(name(s.loss)) + (s.loss_parameter == 0 ? "" : ":" + write_number(s.loss_parameter));
}

void set_checkpoint_every(TrainSettings& s, const TextPlace& place, const std::string& text) {
  s.checkpoint_every.reset();
  if (text != "auto") s.checkpoint_every = read_whole(place, text, 0, kMany);
}

std::string get_checkpoint_every(const TrainSettings& s) {
  return s.checkpoint_every ? std::to_string(*s.checkpoint_every) : "auto";
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

}  // namespace

std::string with_auto(std::string text) {
  constexpr std::string_view kLong = "automatic", kShort = "auto";
  for (std::size_t at = text.find(kLong); at != std::string::npos; at = text.find(kLong, at)) text.replace(at, kLong.size(), kShort);
  return text;
}

void set_schedule(ScheduleSpec& schedule, const TextPlace& place, const std::string& text) {
  const double warmup = schedule.warmup;
  schedule = math::parse_schedule(text, place.where);
  if (schedule.warmup == 0) schedule.warmup = warmup;
}

Access rate(double OptimizerSpec::* field, double lowest, double highest) {
  return {[=](TrainSettings& s, const TextPlace& p, const std::string& v) {
            settle_optimizer(s);
            s.training.optimizer.*field = read_number(p, v, lowest, highest);
          },
          [=](const TrainSettings& s) {
            TrainSettings settled = s;
            settle_optimizer(settled);
            return write_number(settled.training.optimizer.*field);
          }};
}

Access split_access() { return {set_split, get_split}; }
Access hidden_access() { return {set_hidden, get_hidden}; }
Access loss_access() { return {set_loss, get_loss}; }
Access checkpoint_access() { return {set_checkpoint_every, get_checkpoint_every}; }
Access optimizer_access() { return {set_optimizer, get_optimizer}; }

}  // namespace chainrule::api
