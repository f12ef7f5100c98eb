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

void demand(bool holds, const char* code, const std::string& where, const std::string& message, const std::string& hint = "") {
  if (!holds) throw Error(code, where, message, hint);
}

std::string layer_name(std::size_t l) { return "layers[" + std::to_string(l) + "]"; }

/// Refuses infinities and NaN in any double field of a spec, by key.
class FiniteCheck {
 public:
  explicit FiniteCheck(std::string where) : where_(std::move(where)) {}

  template <class Field>
  void operator()(const char* key, const Field& field) const {
    const std::string place = where_.empty() ? key : where_ + "." + key;
    if constexpr (std::is_same_v<Field, double>) {
      demand(std::isfinite(field), "E0219", place, "is " + text_of(field) + ", which is not a finite number");
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
  demand(spec.inputs >= 1, "E0201", "inputs", "is 0: a network needs at least one input");
  demand(!spec.layers.empty(), "E0201", "layers", "there is none: a network needs at least its output layer");
  demand(spec.layers.size() <= kMostLayers, "E0201", "layers", "more than 2^24 layers");
  demand(spec.inputs <= kMostUnits, "E0201", "inputs", "more than 2^31 inputs");
  std::size_t total = 0;
  for (std::size_t l = 0; l < spec.layers.size(); ++l) {
    const std::size_t units = spec.layers[l].units;
    demand(units >= 1, "E0201", layer_name(l) + ".units", "is 0: a layer needs at least one unit");
    demand(units <= kMostUnits, "E0201", layer_name(l) + ".units", "more than 2^31 units");
    total += units * (spec.fan_in(l) + 7);  // at most 2^62 + ...: cannot overflow before the test
    demand(total <= kMostParameters, "E0201", layer_name(l) + ".units", "the network has more than 2^32 parameters so far",
           "use narrower layers");
  }
}

void check_dropout(const DropoutSpec& dropout, const std::string& where) {
  demand(dropout.rate != 1, "E0204", where + ".rate", "rate 1 would drop everything",
         "the rate is the probability to drop, in [0, 1); 0.5 is a common choice");
  demand(dropout.rate >= 0 && dropout.rate < 1, "E0204", where + ".rate",
         text_of(dropout.rate) + " is outside [0, 1): it is the probability to drop a unit");
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
  demand(spec.input_noise >= 0, "E0207", "input_noise", "is negative: it is a standard deviation");
}

void check_parameters(const LayerSpec& layer, const std::string& where) {
  const bool slope = layer.activation == Activation::leaky_relu || layer.activation == Activation::prelu;
  demand(slope || layer.activation_parameter >= 0, "E0207", where + ".activation_parameter",
         "is negative; only the slope of leaky_relu and prelu may be");
  const bool signed_value = layer.initializer == Initializer::constant;
  demand(signed_value || layer.initializer_parameter >= 0, "E0207", where + ".initializer_parameter",
         "is negative: it is a deviation or a width");
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
    demand(loss.parameter >= 0 && loss.parameter < 1, "E0208", "loss.parameter",
           text_of(loss.parameter) + " is outside (0, 1): it is the quantile to predict (0 means the default, 0.5)");
  }
  demand(loss.parameter >= 0, "E0208", "loss.parameter", "is negative");
  demand(loss.label_smoothing >= 0 && loss.label_smoothing < 1, "E0208", "loss.label_smoothing",
         text_of(loss.label_smoothing) + " is outside [0, 1)");
  const bool smoothable = loss.kind == Loss::cross_entropy || loss.kind == Loss::binary_cross_entropy;
  demand(smoothable || loss.label_smoothing == 0, "E0208", "loss.label_smoothing",
         "smooths class labels, but the loss is " + std::string(name(loss.kind)),
         "use cross_entropy or binary_cross_entropy, or set label_smoothing to 0");
}

void check_loss(const NetworkSpec& spec) {
  const LossSpec& loss = spec.loss;
  check_loss_parameter(loss);
  demand(loss.l1 >= 0, "E0209", "loss.l1", "is negative: a penalty must not reward large weights");
  demand(loss.l2 >= 0, "E0209", "loss.l2", "is negative: a penalty must not reward large weights");
  demand(loss.max_norm >= 0, "E0209", "loss.max_norm", "is negative: it is a length (0 switches it off)");
  const std::string where = layer_name(spec.layers.size() - 1) + ".units";
  demand(loss.kind != Loss::gaussian_nll || spec.outputs() % 2 == 0, "E0211", where,
         "gaussian_nll needs an even number of outputs, a mean and a log variance per target; there are " +
             std::to_string(spec.outputs()));
  demand(loss.kind != Loss::cross_entropy || spec.outputs() >= 2, "E0211", where,
         "cross_entropy needs one output per class, at least 2", "for one output use binary_cross_entropy");
}

void check_optimizer(const OptimizerSpec& o) {
  const auto share = [](double value) { return value >= 0 && value < 1; };
  demand(o.learning_rate >= 0, "E0213", "optimizer.learning_rate",
         text_of(o.learning_rate) + " is negative: that would climb the loss");
  demand(share(o.momentum), "E0213", "optimizer.momentum", text_of(o.momentum) + " is outside [0, 1)");
  demand(share(o.beta1), "E0213", "optimizer.beta1", text_of(o.beta1) + " is outside [0, 1)");
  demand(share(o.beta2), "E0213", "optimizer.beta2", text_of(o.beta2) + " is outside [0, 1)");
  demand(o.epsilon >= 0, "E0213", "optimizer.epsilon", "is negative");
  demand(o.weight_decay >= 0, "E0213", "optimizer.weight_decay", "is negative");
  demand(o.initial_accumulator >= 0, "E0213", "optimizer.initial_accumulator", "is negative");
  demand(o.momentum_decay >= 0, "E0213", "optimizer.momentum_decay", "is negative");
}

void check_schedule(const ScheduleSpec& s, const std::string& where) {
  demand(s.factor >= 0, "E0214", where + ".factor", "is negative");
  demand(s.period > 0, "E0214", where + ".period", text_of(s.period) + " is not a positive number of epochs");
  demand(s.period_growth >= 1, "E0214", where + ".period_growth", text_of(s.period_growth) + " is below 1");
  demand(s.power >= 0, "E0214", where + ".power", "is negative");
  demand(s.floor >= 0 && s.floor <= 1, "E0214", where + ".floor", text_of(s.floor) + " is outside [0, 1]");
  demand(s.peak_at >= 0 && s.peak_at <= 1, "E0214", where + ".peak_at", text_of(s.peak_at) + " is outside [0, 1]");
  demand(s.start_factor >= 0, "E0214", where + ".start_factor", "is negative");
  demand(s.patience >= 0, "E0214", where + ".patience", "is negative");
  demand(s.warmup >= 0, "E0214", where + ".warmup", "is negative: it is a number of steps, or a share of all steps");
  for (std::size_t i = 0; i < s.milestones.size(); ++i) {
    demand(s.milestones[i] >= 0, "E0214", where + ".milestones", "an epoch is negative");
    demand(i == 0 || s.milestones[i] > s.milestones[i - 1], "E0214", where + ".milestones", "epochs must ascend");
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
  demand(network.loss.max_norm == 0, "E0218", where, "lbfgs cannot keep max_norm");
  demand(training.clip_norm == 0 && training.clip_value == 0, "E0218", where, "lbfgs does not clip gradients");
}

void check_training(const TrainingSpec& training) {
  check_optimizer(training.optimizer);
  check_schedule(training.learning_rate_schedule, "learning_rate_schedule");
  check_schedule(training.dropout_schedule, "dropout_schedule");
  check_schedule(training.weight_decay_schedule, "weight_decay_schedule");
  demand(training.clip_norm >= 0, "E0215", "clip_norm", "is negative: it is a length (0 switches it off)");
  demand(training.clip_value >= 0, "E0215", "clip_value", "is negative: it is a size (0 switches it off)");
  demand(training.ema >= 0 && training.ema < 1, "E0216", "ema", text_of(training.ema) + " is outside [0, 1)");
  demand(std::has_single_bit(training.shards) && training.shards <= kMostShards, "E0217", "shards",
         std::to_string(training.shards) + " is not a power of two between 1 and 65536");
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
