// From settings and data to a checked network and training spec.
#include "api/network_choice.h"

#include <algorithm>
#include <string_view>

#include "api/row_weights.h"
#include "api/setting_readers.h"
#include "files/atomic_file.h"
#include "chainrule/error.h"
#include "math/initializers.h"
#include "math/schedules.h"
#include "train/trainer.h"

namespace chainrule::api {
namespace {

constexpr std::uint64_t kPatience = 15;

LayerSpec hidden_layer(const TrainSettings& settings, std::size_t inputs, std::size_t units) {
  LayerSpec layer;
  layer.units = units;
  layer.activation = settings.activation;
  layer.initializer = settings.initializer;
  layer.norm = settings.norm;
  layer.dropout = settings.dropout;
  layer.residual = settings.residual && inputs == units;
  return layer;
}

LossSpec loss_of(const TrainSettings& settings, Loss kind) {
  LossSpec loss;
  loss.kind = kind;
  loss.parameter = settings.loss_parameter;
  loss.label_smoothing = settings.label_smoothing;
  loss.l1 = settings.l1;
  loss.l2 = settings.l2;
  loss.max_norm = settings.max_norm;
  return loss;
}

NetworkSpec network_from_settings(const TrainSettings& settings, const PreparedData& data) {
  NetworkSpec network;
  network.inputs = data.features.inputs;
  network.input_noise = settings.input_noise;
  network.input_dropout.rate = settings.input_dropout;
  for (std::size_t units : settings.hidden) {
    const std::size_t inputs = network.layers.empty() ? network.inputs : network.layers.back().units;
    network.layers.push_back(hidden_layer(settings, inputs, units));
  }
  LayerSpec output;
  output.units = data.outputs();
  output.activation = Activation::identity;
  output.initializer = settings.initializer;
  network.layers.push_back(output);
  network.loss = loss_of(settings, data.loss);
  return network;
}

TrainingSpec training_from_settings(const TrainSettings& settings) {
  TrainingSpec training = settings.training;
  if (training.optimizer == OptimizerSpec{}) training.optimizer = default_optimizer("adamw");
  return training;
}

void fit_spec_to_data(NetworkSpec& network, const PreparedData& data, const std::string& file) {
  if (network.inputs == 0) network.inputs = data.features.inputs;
  if (network.inputs != data.features.inputs) {
    throw Error("E0231", file,
                "the spec has " + std::to_string(network.inputs) + " inputs, the data gives " +
                    std::to_string(data.features.inputs),
                "leave inputs out of the spec: it is then taken from the data");
  }
  if (network.layers.empty() || network.outputs() == data.outputs()) return;
  throw Error("E0231", file,
              "the spec has " + std::to_string(network.outputs()) + " outputs, this target needs " +
                  std::to_string(data.outputs()),
              "set the last layer's units to " + std::to_string(data.outputs()));
}

// What the spec file says cannot be said by a flag too. --loss is compared with the file (loss_of_spec), --seed goes before it.
constexpr std::string_view kHeldBySpec[] = {
    "hidden", "activation", "init", "dropout", "input-dropout", "input-noise", "norm", "residual", "label-smoothing",
    "optimizer", "lr", "momentum", "beta1", "beta2", "eps", "weight-decay", "l1", "l2", "max-norm", "clip",
    "clip-value", "schedule", "warmup", "dropout-schedule", "weight-decay-schedule", "ema", "shards", "precision"};

void refuse_settings_of_spec(const TrainSettings& settings) {
  for (const std::string_view held : kHeldBySpec) {
    const std::string key(held);
    if (settings.given.count(key) == 0) continue;
    throw Error("E0105", key, "is given beside a spec file, which holds it already",
                "leave " + key + " out, or change it in " + settings.spec_file);
  }
}

void read_spec(const TrainSettings& settings, const PreparedData& data, NetworkChoice& choice) {
  ParsedSpec parsed = read_spec_file(settings.spec_file, settings.read.stop);
  parsed.network.loss.kind = data.loss;  // the file's own, or the task's where the file names none
  fit_spec_to_data(parsed.network, data, settings.spec_file);
  choice.network = std::move(parsed.network);
  choice.training = std::move(parsed.training);
  if (settings.given.count("seed")) choice.training.seed = settings.training.seed;
}

std::string layer_text(const LayerSpec& layer) {
  std::string text = std::to_string(layer.units) + " " + std::string(name(layer.activation));
  text += " (" + std::string(name(math::resolve_initializer(layer.initializer, layer.activation))) + ")";
  if (layer.norm != Norm::none) text += " " + std::string(name(layer.norm)) + " norm";
  if (layer.dropout.rate > 0) text += " dropout " + std::to_string(layer.dropout.rate).substr(0, 5);
  return text + (layer.residual ? " residual" : "");
}

/// The loss takes the last layer's sums; what becomes of them is part of it.
std::string answer_text(Loss loss, const LayerSpec& output) {
  if (output.activation != Activation::identity) return "";
  if (loss == Loss::cross_entropy) return ", then softmax";
  return loss == Loss::binary_cross_entropy ? ", then sigmoid" : loss == Loss::poisson ? ", then exp" : "";
}

void tell_choice(const NetworkChoice& choice, const TrainSettings& settings, const PreparedData& data,
                 std::vector<std::string>& decisions) {
  std::string line = "network: " + std::to_string(choice.network.inputs) + " inputs";
  for (const LayerSpec& layer : choice.network.layers) line += " -> " + layer_text(layer);
  decisions.push_back(line + answer_text(choice.network.loss.kind, choice.network.layers.back()));
  decisions.push_back("loss: " + std::string(name(choice.network.loss.kind)) +
                      (settings.loss_given || !settings.spec_file.empty() ? "" : ", by the task"));
  if (choice.training.precision == Precision::bf16) {
    decisions.push_back("precision: bf16, the operands of the products are rounded" +
                        (settings.spec_file.empty() ? std::string() : ", by " + settings.spec_file));
  }
  if (choice.training.optimizer.kind == Optimizer::lbfgs) {
    decisions.push_back("batch: all " + std::to_string(choice.batch) + " training rows, as lbfgs needs them");
  } else if (settings.batch == 0) {
    decisions.push_back("batch: " + std::to_string(choice.batch) + ", by " + std::to_string(data.train.size()) +
                        " training rows");
  }
  if (!settings.early_stop_given && choice.early_stop > 0) {
    decisions.push_back("early stop: after " + std::to_string(choice.early_stop) +
                        " epochs without a lower validation loss");
  }
}

void check_batch_norm(const NetworkChoice& choice, const PreparedData& data) {
  if (!training::has_batch_norm(choice.network)) return;
  if (!weighs_something(data.train, 2)) {
    throw Error("E0232", "norm", "batch norm needs at least 2 training rows that weigh more than 0", "use --norm layer, or more rows");
  }
  if (choice.batch < 2) {
    throw Error("E0232", "batch", "batches of 1 row have no variance for batch norm to divide by", "use --batch 16 or more, or --norm layer");
  }
}

/// Which widths are equal is known when the data is.
void check_residual(const NetworkSpec& network, const TrainSettings& settings) {
  const bool any = std::any_of(network.layers.begin(), network.layers.end(), [](const LayerSpec& layer) { return layer.residual; });
  if (any || !settings.residual || settings.given.count("residual") == 0) return;
  throw Error("E0121", "residual", "this setting would do nothing here: no hidden layer is as wide as what comes into it",
              "leave residual out, or make two layers as wide as each other (--hidden 64,64)");
}

void check_combination(const NetworkChoice& choice) {
  if (choice.training.optimizer.kind == Optimizer::lbfgs && choice.training.ema > 0) {
    throw Error("E0218", "ema", "lbfgs keeps no running mean of the weights", "leave --ema out");
  }
}

}  // namespace

ParsedSpec read_spec_file(const std::string& path, const std::atomic<bool>* stop) {
  constexpr FileLimit kLimit = {std::size_t{16} << 20, "E0220", "a spec is a few lines of TOML", "check the name after --spec"};
  return spec_from_toml(read_file(path, kLimit, stop), path);
}

TrainSettings loss_of_spec(TrainSettings settings) {
  if (settings.spec_file.empty()) return settings;
  refuse_settings_of_spec(settings);
  const ParsedSpec parsed = read_spec_file(settings.spec_file, settings.read.stop);
  if (!parsed.loss_given) return settings;
  const Loss loss = parsed.network.loss.kind;
  if (settings.loss_given && settings.loss != loss) {
    throw Error("E0231", settings.spec_file,
                "the spec's loss is " + std::string(name(loss)) + ", --loss says " + std::string(name(settings.loss)),
                "leave --loss out, or change the spec");
  }
  settings.loss = loss;
  settings.loss_given = true;
  return settings;
}

NetworkChoice choose_network(const TrainSettings& settings, const PreparedData& data,
                             std::vector<std::string>& decisions) {
  NetworkChoice choice;
  if (settings.spec_file.empty()) {
    choice.network = network_from_settings(settings, data);
    choice.training = training_from_settings(settings);
  } else {
    read_spec(settings, data, choice);
    refuse_idle_settings(settings, {{choice.training.optimizer.kind}, false});
  }
  check_spec(choice.network, choice.training);
  check_combination(choice);
  check_residual(choice.network, settings);
  choice.batch = std::min(settings.batch == 0 ? choose_batch(data.train.size()) : settings.batch, data.train.size());
  if (choice.training.optimizer.kind == Optimizer::lbfgs) choice.batch = data.train.size();
  check_batch_norm(choice, data);
  choice.early_stop = settings.early_stop_given ? settings.early_stop : data.validation.empty() ? 0 : kPatience;
  tell_choice(choice, settings, data, decisions);
  return choice;
}

void refuse_later_settings(const TrainSettings& settings) {
  const auto refuse = [](const char* key, const std::string& value, const char* instead) {
    throw Error("E0106", key, "\"" + value + "\" comes with a later release", instead);
  };
  if (settings.ensemble > 1) refuse("ensemble", std::to_string(settings.ensemble), "use 1");
  if (settings.preset != "plain") refuse("preset", settings.preset, "use plain");
}

std::size_t choose_batch(std::size_t train_rows) noexcept {
  return train_rows < 2000 ? 32 : train_rows <= 50000 ? 128 : 256;
}

}  // namespace chainrule::api

namespace chainrule {

bool is_held_by_spec(const std::string& key) noexcept {
  return std::find(std::begin(api::kHeldBySpec), std::end(api::kHeldBySpec), key) != std::end(api::kHeldBySpec);
}

}  // namespace chainrule
