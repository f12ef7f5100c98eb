// What a network is: plain values, printable, parsable, checked once before anything runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/kinds.h"

namespace chainrule {

/// A hyper-parameter over the steps of a run. value(t) is `base` times a factor; formulas: docs/schedules.md.
struct ScheduleSpec {
  ScheduleKind kind = ScheduleKind::constant;
  double factor = 0.1;              ///< step, multi_step, exponential (per epoch), plateau: multiply by this
  double period = 10;               ///< step, cosine_restarts: length in epochs; inverse_time: decay time in epochs
  double period_growth = 1;         ///< cosine_restarts: each cycle is this many times longer
  double power = 1;                 ///< polynomial: exponent
  double floor = 0;                 ///< lowest factor reached (polynomial, cosine, cosine_restarts, one_cycle, flat_cos, plateau)
  double peak_at = 0.3;             ///< one_cycle: share of the run at which the rate peaks; flat_cos: share that is flat
  double start_factor = 0.04;       ///< one_cycle: factor at the first step
  double patience = 5;              ///< plateau: epochs without improvement
  std::vector<double> milestones;   ///< multi_step: epochs
  double warmup = 0;                ///< steps of linear warm-up in front (a value below 1 is a share of all steps)
  friend bool operator==(const ScheduleSpec&, const ScheduleSpec&) = default;
};

/// rate is the probability to drop, in [0, 1). 0 is exactly no dropout.
struct DropoutSpec {
  DropoutKind kind = DropoutKind::inverted;
  double rate = 0;
  friend bool operator==(const DropoutSpec&, const DropoutSpec&) = default;
};

/// One block: z = W a + b, then norm, activation, dropout, and + a when residual (inputs == units).
struct LayerSpec {
  std::size_t units = 0;
  Activation activation = Activation::relu;
  double activation_parameter = 0;   ///< slope of leaky_relu/prelu (start), alpha of elu/celu; 0 = the activation's default
  Initializer initializer = Initializer::automatic;
  double initializer_parameter = 0;  ///< constant: the value; normal: deviation; uniform: half width; 0 = default (0.01)
  bool bias = true;
  Norm norm = Norm::none;
  bool residual = false;
  DropoutSpec dropout;
  friend bool operator==(const LayerSpec&, const LayerSpec&) = default;
};

/// The loss and the penalties added to it: l1 * sum|w| + l2/2 * sum w^2 over weights (not biases or norm parameters).
struct LossSpec {
  Loss kind = Loss::squared_error;
  double parameter = 0;        ///< huber: delta (default 1); quantile: the quantile (default 0.5)
  double label_smoothing = 0;  ///< cross_entropy, binary_cross_entropy: in [0, 1)
  double l1 = 0, l2 = 0;
  double max_norm = 0;         ///< after each update every unit's incoming weights have a Euclidean norm of at most this; 0 = off
  friend bool operator==(const LossSpec&, const LossSpec&) = default;
};

/// A whole multilayer perceptron. The last layer is the output layer: its units are the outputs (logits for classification).
struct NetworkSpec {
  std::size_t inputs = 0;
  bool input_scale = false;   ///< one learned factor per input, starting at 1
  double input_noise = 0;     ///< standard deviation of Gaussian noise added to inputs while training
  DropoutSpec input_dropout;  ///< inverted or standard or gaussian, on the inputs
  std::vector<LayerSpec> layers;
  LossSpec loss;
  friend bool operator==(const NetworkSpec&, const NetworkSpec&) = default;

  std::size_t outputs() const { return layers.empty() ? 0 : layers.back().units; }
  /// Width of layer l's input: the previous layer's units, or `inputs`.
  std::size_t fan_in(std::size_t l) const { return l == 0 ? inputs : layers[l - 1].units; }
};

/// How gradients become updates. Defaults are filled by default_optimizer(); formulas: docs/optimizers.md.
struct OptimizerSpec {
  Optimizer kind = Optimizer::adamw;
  double learning_rate = 1e-3;
  double momentum = 0;          ///< momentum, sgd and rmsprop
  MomentumForm form = MomentumForm::ema;
  double beta1 = 0.9;
  double beta2 = 0.999;         ///< also rmsprop's and adadelta's averaging factor
  double epsilon = 1e-8;
  bool epsilon_inside = false;  ///< g / sqrt(v + eps) instead of g / (sqrt(v) + eps)
  bool epsilon_hat = false;     ///< adam, nadam, radam: epsilon is added to the uncorrected sqrt(v) (Kingma & Ba, end of section 2; Keras)
  bool bias_correction = true;
  bool centered = false;        ///< rmsprop: subtract the squared mean gradient
  bool amsgrad = false;
  double weight_decay = 0;
  bool decoupled = false;       ///< weight decay on the weight itself (AdamW) instead of through the gradient
  double initial_accumulator = 0;  ///< adagrad: starting value of the squared-gradient sum
  double momentum_decay = 0.004;   ///< nadam (PyTorch's schedule of momentum); 0 = plain
  bool decay_all = false;       ///< weight decay on biases and norm parameters too, as PyTorch does
  friend bool operator==(const OptimizerSpec&, const OptimizerSpec&) = default;
};

/// The documented defaults of an optimiser by name, with an optional form after a colon:
/// "adam", "adam:lesson", "adam:torch", "momentum:nesterov", "sgd:keras", ... Throws Error E0202 or E0203 with a suggestion.
OptimizerSpec default_optimizer(std::string_view name_and_form);

/// Every NAME:FORM default_optimizer() accepts, for help, tests and suggestions.
std::vector<std::string> optimizer_forms();

/// Everything that decides the arithmetic of a training run, apart from the data and the number of epochs.
struct TrainingSpec {
  OptimizerSpec optimizer;
  ScheduleSpec learning_rate_schedule, dropout_schedule, weight_decay_schedule;
  double clip_norm = 0;    ///< global gradient norm limit; 0 = off
  double clip_value = 0;   ///< each gradient element limited to [-v, v]; 0 = off
  double ema = 0;          ///< decay of the running mean of weights used for prediction; 0 = off
  std::uint32_t shards = 1;  ///< power of two; docs/arithmetic.md, "Shards"
  Precision precision = Precision::fp32;  ///< of the operands of products, in training and in prediction with what was trained
  std::uint64_t seed = 0;
  friend bool operator==(const TrainingSpec&, const TrainingSpec&) = default;
};

/// Checks every value and combination; throws Error E0201..E0219 naming the layer and field.
void check_spec(const NetworkSpec& network, const TrainingSpec& training);

/// Network and training spec as one TOML text (what --spec reads and `inspect` prints), and back.
/// parse throws Error E0220..E0229 with line and column; unknown keys are errors with a suggestion.
std::string spec_to_toml(const NetworkSpec& network, const TrainingSpec& training);
struct ParsedSpec {
  NetworkSpec network;
  TrainingSpec training;
  bool loss_given = true;  ///< false: the text names no loss, network.loss.kind is the default
};
ParsedSpec spec_from_toml(std::string_view text, std::string_view file_name = "spec");

/// A text like "256,256" as hidden layers of these widths.
std::vector<std::size_t> parse_widths(std::string_view text);

}  // namespace chainrule
