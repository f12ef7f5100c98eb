// Checks every value and combination of a network and training spec before anything runs.
#include <bit>
#include <cmath>
#include <limits>
#include <sstream>
#include <string>
#include <type_traits>

#include "chainrule/error.h"
#include "chainrule/network_spec.h"
#include "net/spec_fields.h"

namespace chainrule {
namespace {

// docs/arithmetic.md, "Random draws": what the counters can name; and what a parameter vector may hold (16 GiB of floats).
constexpr std::size_t kMostLayers = std::size_t{1} << 24, kMostUnits = std::size_t{1} << 31;
constexpr std::size_t kMostParameters = std::size_t{1} << 32;
constexpr std::uint32_t kMostShards = 1u << 16;

std::string text_of(double value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

void demand(bool holds, const char* code, const std::string& where, const std::string& message, const std::string& hint) {
  if (!holds) throw Error(code, where, message, hint);
}

void demand_not_negative(double value, const char* code, const std::string& where, const std::string& meaning) {
  demand(value >= 0, code, where, text_of(value) + " is negative: " + meaning, "use 0 or a positive number");
}

/// In [0, 1).
void demand_share(double value, const char* code, const std::string& where, const std::string& meaning) {
  demand(value >= 0 && value < 1, code, where, text_of(value) + " is outside [0, 1): " + meaning,
         "use a number of at least 0 and below 1");
}

std::string layer_name(std::size_t l) { return "layers[" + std::to_string(l) + "]"; }

/// Refuses infinities and NaN in any double field of a spec, by key.
class FiniteCheck {
 public:
  explicit FiniteCheck(std::string where) : where_(std::move(where)) {}

  template <class Field>
  void operator()(const char* key, const Field& field) const {
    const std::string place = where_.empty() ? key : where_ + "." + key;
    if constexpr (std::is_enum_v<Field>) {
      const auto value = static_cast<std::size_t>(field);
      demand(value < names<Field>().size(), "E0202", place, std::to_string(value) + " is no " + std::string(concept_name<Field>()),
             "use one of its named values");
    } else if constexpr (std::is_same_v<Field, double>) {
      demand(std::isfinite(field), "E0219", place, "is " + text_of(field) + ", which is not a finite number",
             "write a plain number such as 0.1");
    } else if constexpr (std::is_same_v<Field, std::vector<double>>) {
      for (const double value : field) (*this)(key, value);
    } else if constexpr (std::is_same_v<Field, std::vector<LayerSpec>>) {
      for (std::size_t l = 0; l < field.size(); ++l) net::visit_fields(field[l], FiniteCheck(layer_name(l)));
    } else if constexpr (std::is_class_v<Field>) {
      net::visit_fields(field, FiniteCheck(place));
    }
  }

 private:
  std::string where_;
};

void check_sizes(const NetworkSpec& spec) {
  demand(spec.inputs >= 1, "E0201", "inputs", "is 0: a network needs at least one input", "set it to the number of columns");
  demand(!spec.layers.empty(), "E0201", "layers", "there is none: a network needs at least its output layer",
         "add [[network.layers]] with its units");
  demand(spec.layers.size() <= kMostLayers, "E0201", "layers", "more than 2^24 layers", "use fewer layers");
  demand(spec.inputs <= kMostUnits, "E0201", "inputs", "more than 2^31 inputs", "use fewer inputs");
  std::size_t total = 0;
  for (std::size_t l = 0; l < spec.layers.size(); ++l) {
    const std::size_t units = spec.layers[l].units;
    demand(units >= 1, "E0201", layer_name(l) + ".units", "is 0: a layer needs at least one unit", "set it to 1 or more, or leave the layer out");
    demand(units <= kMostUnits, "E0201", layer_name(l) + ".units", "more than 2^31 units", "use a narrower layer");
    total += units * (spec.fan_in(l) + 7);  // at most 2^62 + ...: cannot overflow before the test
    demand(total <= kMostParameters, "E0201", layer_name(l) + ".units", "the network has more than 2^32 parameters so far",
           "use narrower layers");
  }
}

void check_dropout(const DropoutSpec& dropout, const std::string& where) {
  demand(dropout.rate != 1, "E0204", where + ".rate", "rate 1 would drop everything",
         "the rate is the probability to drop, in [0, 1); 0.5 is a common choice");
  demand_share(dropout.rate, "E0204", where + ".rate", "it is the probability to drop a unit");
}

void check_layer_dropout(const NetworkSpec& spec, std::size_t l) {
  const LayerSpec& layer = spec.layers[l];
  const std::string where = layer_name(l) + ".dropout";
  check_dropout(layer.dropout, where);
  if (layer.dropout.rate == 0) return;
  demand(l + 1 < spec.layers.size() || layer.dropout.kind == DropoutKind::dropconnect, "E0206", where,
         "dropout on the output layer would drop predictions", "put it on the layers before");
  demand(layer.dropout.kind != DropoutKind::alpha || layer.activation == Activation::selu, "E0206", where,
         "alpha dropout keeps mean and variance only behind selu, and this layer's activation is " +
             std::string(name(layer.activation)),
         "set activation to \"selu\", or use dropout kind \"inverted\"");
}

void check_input_dropout(const NetworkSpec& spec) {
  check_dropout(spec.input_dropout, "input_dropout");
  const DropoutKind kind = spec.input_dropout.kind;
  demand(kind == DropoutKind::inverted || kind == DropoutKind::standard || kind == DropoutKind::gaussian, "E0206",
         "input_dropout.kind", std::string(name(kind)) + " dropout cannot act on inputs",
         "use inverted, standard or gaussian");
  demand_not_negative(spec.input_noise, "E0207", "input_noise", "it is a standard deviation");
}

void check_parameters(const LayerSpec& layer, const std::string& where) {
  const bool slope = layer.activation == Activation::leaky_relu || layer.activation == Activation::prelu;
  if (!slope) {
    demand_not_negative(layer.activation_parameter, "E0207", where + ".activation_parameter",
                        "only the slope of leaky_relu and prelu may be");
  }
  if (layer.initializer != Initializer::constant) {
    demand_not_negative(layer.initializer_parameter, "E0207", where + ".initializer_parameter", "it is a deviation or a width");
  }
}

void check_layer(const NetworkSpec& spec, std::size_t l) {
  const LayerSpec& layer = spec.layers[l];
  const bool output = l + 1 == spec.layers.size();
  demand(!layer.residual || spec.fan_in(l) == layer.units, "E0205", layer_name(l) + ".residual",
         "a residual layer adds its input to its output, so both need the same width; input " +
             std::to_string(spec.fan_in(l)) + ", units " + std::to_string(layer.units),
         "set units to " + std::to_string(spec.fan_in(l)) + " or residual to false");
  // A normalised output cannot reach the scale of its targets except through norm.scale, and batch norm would make a
  // row's loss depend on the other rows' predictions.
  demand(!output || layer.norm == Norm::none, "E0212", layer_name(l) + ".norm",
         "normalisation on the output layer would rescale predictions", "put it on the layers before");
  check_parameters(layer, layer_name(l));
  check_layer_dropout(spec, l);
}

void check_loss_parameter(const LossSpec& loss) {
  if (loss.kind == Loss::quantile) {
    demand_share(loss.parameter, "E0208", "loss.parameter", "it is the quantile to predict (0 means the default, 0.5)");
  }
  demand_not_negative(loss.parameter, "E0208", "loss.parameter", "it is a size (0 means the default)");
  demand_share(loss.label_smoothing, "E0208", "loss.label_smoothing", "it is the share of the target spread over all classes");
  const bool smoothable = loss.kind == Loss::cross_entropy || loss.kind == Loss::binary_cross_entropy;
  demand(smoothable || loss.label_smoothing == 0, "E0208", "loss.label_smoothing",
         "smooths class labels, but the loss is " + std::string(name(loss.kind)),
         "use cross_entropy or binary_cross_entropy, or set label_smoothing to 0");
}

void check_loss(const NetworkSpec& spec) {
  const LossSpec& loss = spec.loss;
  check_loss_parameter(loss);
  demand_not_negative(loss.l1, "E0209", "loss.l1", "a penalty must not reward large weights");
  demand_not_negative(loss.l2, "E0209", "loss.l2", "a penalty must not reward large weights");
  demand_not_negative(loss.max_norm, "E0209", "loss.max_norm", "it is a length (0 switches it off)");
  const std::string where = layer_name(spec.layers.size() - 1) + ".units";
  demand(loss.kind != Loss::gaussian_nll || spec.outputs() % 2 == 0, "E0211", where,
         "gaussian_nll needs an even number of outputs, a mean and a log variance per target; there are " +
             std::to_string(spec.outputs()),
         "give it two units per target");
  demand(loss.kind != Loss::cross_entropy || spec.outputs() >= 2, "E0211", where,
         "cross_entropy needs one output per class, at least 2", "for one output use binary_cross_entropy");
}

void check_optimizer(const OptimizerSpec& o) {
  demand_not_negative(o.learning_rate, "E0213", "optimizer.learning_rate", "that would climb the loss");
  demand_share(o.momentum, "E0213", "optimizer.momentum", "it is the share of the last step that is kept");
  demand_share(o.beta1, "E0213", "optimizer.beta1", "it is the decay of a running mean");
  demand_share(o.beta2, "E0213", "optimizer.beta2", "it is the decay of a running mean");
  demand_not_negative(o.epsilon, "E0213", "optimizer.epsilon", "it keeps a denominator above 0");
  demand_not_negative(o.weight_decay, "E0213", "optimizer.weight_decay", "that would make weights grow");
  demand_not_negative(o.initial_accumulator, "E0213", "optimizer.initial_accumulator", "it starts a sum of squares");
  demand_not_negative(o.momentum_decay, "E0213", "optimizer.momentum_decay", "it is a decay per step");
}

void check_schedule(const ScheduleSpec& s, const std::string& where) {
  const auto not_negative = [&](double value, const char* key, const char* meaning) {
    demand_not_negative(value, "E0214", where + "." + key, meaning);
  };
  const auto in_unit_interval = [&](double value, const char* key) {
    demand(value >= 0 && value <= 1, "E0214", where + "." + key, text_of(value) + " is outside [0, 1]", "use a number from 0 to 1");
  };
  not_negative(s.factor, "factor", "it is a factor of the rate");
  demand(s.period > 0, "E0214", where + ".period", text_of(s.period) + " is not a positive number of epochs", "use 1 or more");
  demand(s.period_growth >= 1, "E0214", where + ".period_growth", text_of(s.period_growth) + " is below 1", "use 1 or more");
  not_negative(s.power, "power", "the rate would grow without bound");
  in_unit_interval(s.floor, "floor");
  in_unit_interval(s.peak_at, "peak_at");
  not_negative(s.start_factor, "start_factor", "it is a factor of the rate");
  not_negative(s.patience, "patience", "it is a number of epochs");
  not_negative(s.warmup, "warmup", "it is a number of steps, or a share of all steps");
  for (std::size_t i = 0; i < s.milestones.size(); ++i) {
    not_negative(s.milestones[i], "milestones", "it is an epoch");
    demand(i == 0 || s.milestones[i] > s.milestones[i - 1], "E0214", where + ".milestones", "epochs do not ascend",
           "write them in ascending order, each once");
  }
}

/// L-BFGS compares losses along a line, so the loss must be the same smooth function every time it is asked.
void check_lbfgs(const NetworkSpec& network, const TrainingSpec& training) {
  if (training.optimizer.kind != Optimizer::lbfgs) return;
  const std::string where = "optimizer.kind";
  bool random = network.input_dropout.rate > 0 || network.input_noise > 0;
  for (const LayerSpec& layer : network.layers) random = random || layer.dropout.rate > 0;
  demand(!random, "E0218", where, "lbfgs needs a loss without randomness, but dropout or input noise is on",
         "set the rates to 0 or use adamw");
  demand(network.loss.l1 == 0, "E0218", where, "lbfgs needs a smooth loss, but l1 is on", "use l2");
  demand(network.loss.max_norm == 0, "E0218", where, "lbfgs cannot keep max_norm", "use adamw");
  demand(training.clip_norm == 0 && training.clip_value == 0, "E0218", where, "lbfgs does not clip gradients",
         "leave clipping out or use adamw");
  demand(training.precision == Precision::fp32, "E0218", where, "lbfgs needs a smooth loss, but operands rounded to bf16 make it a staircase",
         "use precision fp32 or adamw");
}

void check_training(const TrainingSpec& training) {
  check_optimizer(training.optimizer);
  check_schedule(training.learning_rate_schedule, "learning_rate_schedule");
  check_schedule(training.dropout_schedule, "dropout_schedule");
  check_schedule(training.weight_decay_schedule, "weight_decay_schedule");
  demand_not_negative(training.clip_norm, "E0215", "clip_norm", "it is a length (0 switches it off)");
  demand_not_negative(training.clip_value, "E0215", "clip_value", "it is a size (0 switches it off)");
  demand_share(training.ema, "E0216", "ema", "it is the decay of a running mean (0 switches it off)");
  demand(std::has_single_bit(training.shards) && training.shards <= kMostShards, "E0217", "shards",
         std::to_string(training.shards) + " is not a power of two between 1 and 65536", "use 1, 2, 4, 8, ...");
}

}  // namespace

void check_spec(const NetworkSpec& network, const TrainingSpec& training) {
  net::visit_fields(network, FiniteCheck(""));
  net::visit_fields(training, FiniteCheck(""));
  check_sizes(network);
  check_input_dropout(network);
  for (std::size_t l = 0; l < network.layers.size(); ++l) check_layer(network, l);
  check_loss(network);
  check_training(training);
  check_lbfgs(network, training);
}

}  // namespace chainrule
