// The name tables behind chainrule/kinds.h.
#include "chainrule/kinds.h"

#include <string>

#include "chainrule/error.h"

namespace chainrule {
namespace {

using Name = std::string_view;

constexpr Name kActivations[] = {"identity", "relu", "leaky_relu", "prelu", "elu", "selu", "celu", "gelu", "gelu_tanh", "silu", "mish",
                                 "tanh", "sigmoid", "hard_tanh", "hard_sigmoid", "softplus", "softsign"};
constexpr Name kLosses[] = {"squared_error", "absolute_error", "huber", "quantile", "poisson", "gaussian_nll",
                            "binary_cross_entropy", "cross_entropy", "hinge"};
constexpr Name kInitializers[] = {"automatic", "zeros", "constant", "normal", "uniform", "glorot_uniform", "glorot_normal", "he_uniform",
                                  "he_normal", "lecun_uniform", "lecun_normal", "orthogonal", "data_dependent"};
constexpr Name kDropoutKinds[] = {"inverted", "standard", "gaussian", "alpha", "dropconnect"};
constexpr Name kNorms[] = {"none", "layer", "batch"};
constexpr Name kOptimizers[] = {"sgd", "momentum", "rmsprop", "adam", "adamw", "nadam", "radam", "adagrad", "adadelta", "adamax",
                                "lion", "lbfgs"};
constexpr Name kMomentumForms[] = {"ema", "heavy_ball", "nesterov"};
constexpr Name kScheduleKinds[] = {"constant", "step", "multi_step", "exponential", "polynomial", "inverse_time", "cosine",
                                   "cosine_restarts", "one_cycle", "coslog4", "flat_cos", "plateau"};
constexpr Name kTasks[] = {"automatic", "classification", "regression"};
constexpr Name kEngineKinds[] = {"automatic", "cpu", "reference"};
constexpr Name kPrecisions[] = {"fp32", "bf16"};
constexpr Name kSplitKinds[] = {"automatic", "random", "stratified", "time", "group"};

}  // namespace

// One explicit specialisation set per concept; the last enumerator is checked against the table's length.
#define CHAINRULE_NAMES(E, table, last, what)                                                    \
  static_assert(std::size(table) == static_cast<std::size_t>(last) + 1);                         \
  template <>                                                                                    \
  std::span<const std::string_view> names<E>() noexcept {                                        \
    return table;                                                                                \
  }                                                                                              \
  template <>                                                                                    \
  std::string_view concept_name<E>() noexcept {                                                  \
    return what;                                                                                 \
  }

CHAINRULE_NAMES(Activation, kActivations, Activation::softsign, "activation")
CHAINRULE_NAMES(Loss, kLosses, Loss::hinge, "loss")
CHAINRULE_NAMES(Initializer, kInitializers, Initializer::data_dependent, "initializer")
CHAINRULE_NAMES(DropoutKind, kDropoutKinds, DropoutKind::dropconnect, "dropout kind")
CHAINRULE_NAMES(Norm, kNorms, Norm::batch, "norm")
CHAINRULE_NAMES(Optimizer, kOptimizers, Optimizer::lbfgs, "optimizer")
CHAINRULE_NAMES(MomentumForm, kMomentumForms, MomentumForm::nesterov, "momentum form")
CHAINRULE_NAMES(ScheduleKind, kScheduleKinds, ScheduleKind::plateau, "schedule")
CHAINRULE_NAMES(Task, kTasks, Task::regression, "task")
CHAINRULE_NAMES(EngineKind, kEngineKinds, EngineKind::reference, "engine")
CHAINRULE_NAMES(Precision, kPrecisions, Precision::bf16, "precision")
CHAINRULE_NAMES(SplitKind, kSplitKinds, SplitKind::group, "split")
#undef CHAINRULE_NAMES

namespace {

std::string list_of(std::span<const std::string_view> names) {
  std::string text;
  for (const auto name : names) text += (text.empty() ? "" : ", ") + std::string(name);
  return text;
}

}  // namespace

template <class E>
E parse_kind(std::string_view text, std::string_view where) {
  const auto table = names<E>();
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (table[i] == text || (text == "auto" && table[i] == "automatic")) return static_cast<E>(i);
  }
  const std::string nearest = nearest_name(text, table);
  const std::string known = "known: " + list_of(table);
  throw Error("E0202", std::string(where), "unknown " + std::string(concept_name<E>()) + " \"" + std::string(text) + "\"",
              nearest.empty() ? known : "did you mean \"" + nearest + "\"? (" + known + ")");
}

template Activation parse_kind<Activation>(std::string_view, std::string_view);
template Loss parse_kind<Loss>(std::string_view, std::string_view);
template Initializer parse_kind<Initializer>(std::string_view, std::string_view);
template DropoutKind parse_kind<DropoutKind>(std::string_view, std::string_view);
template Norm parse_kind<Norm>(std::string_view, std::string_view);
template Optimizer parse_kind<Optimizer>(std::string_view, std::string_view);
template MomentumForm parse_kind<MomentumForm>(std::string_view, std::string_view);
template ScheduleKind parse_kind<ScheduleKind>(std::string_view, std::string_view);
template Task parse_kind<Task>(std::string_view, std::string_view);
template EngineKind parse_kind<EngineKind>(std::string_view, std::string_view);
template Precision parse_kind<Precision>(std::string_view, std::string_view);
template SplitKind parse_kind<SplitKind>(std::string_view, std::string_view);

}  // namespace chainrule
