// The fields of every spec by key: one table each for writing, reading and checking.
#pragma once

#include <concepts>
#include <type_traits>

#include "chainrule/network_spec.h"

namespace chainrule::net {

/// Each visit_fields calls visitor(key, field) for every field in the order of the text form. Spec is const or not.
template <class Spec, class Visitor>
  requires std::same_as<std::remove_const_t<Spec>, ScheduleSpec>
void visit_fields(Spec& s, Visitor&& visitor) {
  visitor("kind", s.kind);
  visitor("factor", s.factor);
  visitor("period", s.period);
  visitor("period_growth", s.period_growth);
  visitor("power", s.power);
  visitor("floor", s.floor);
  visitor("peak_at", s.peak_at);
  visitor("start_factor", s.start_factor);
  visitor("patience", s.patience);
  visitor("milestones", s.milestones);
  visitor("warmup", s.warmup);
}

template <class Spec, class Visitor>
  requires std::same_as<std::remove_const_t<Spec>, DropoutSpec>
void visit_fields(Spec& s, Visitor&& visitor) {
  visitor("kind", s.kind);
  visitor("rate", s.rate);
}

template <class Spec, class Visitor>
  requires std::same_as<std::remove_const_t<Spec>, LayerSpec>
void visit_fields(Spec& s, Visitor&& visitor) {
  visitor("units", s.units);
  visitor("activation", s.activation);
  visitor("activation_parameter", s.activation_parameter);
  visitor("initializer", s.initializer);
  visitor("initializer_parameter", s.initializer_parameter);
  visitor("bias", s.bias);
  visitor("norm", s.norm);
  visitor("residual", s.residual);
  visitor("dropout", s.dropout);
}

template <class Spec, class Visitor>
  requires std::same_as<std::remove_const_t<Spec>, LossSpec>
void visit_fields(Spec& s, Visitor&& visitor) {
  visitor("kind", s.kind);
  visitor("parameter", s.parameter);
  visitor("label_smoothing", s.label_smoothing);
  visitor("l1", s.l1);
  visitor("l2", s.l2);
  visitor("max_norm", s.max_norm);
}

template <class Spec, class Visitor>
  requires std::same_as<std::remove_const_t<Spec>, NetworkSpec>
void visit_fields(Spec& s, Visitor&& visitor) {
  visitor("inputs", s.inputs);
  visitor("input_scale", s.input_scale);
  visitor("input_noise", s.input_noise);
  visitor("input_dropout", s.input_dropout);
  visitor("loss", s.loss);
  visitor("layers", s.layers);
}

template <class Spec, class Visitor>
  requires std::same_as<std::remove_const_t<Spec>, OptimizerSpec>
void visit_fields(Spec& s, Visitor&& visitor) {
  visitor("kind", s.kind);
  visitor("learning_rate", s.learning_rate);
  visitor("momentum", s.momentum);
  visitor("form", s.form);
  visitor("beta1", s.beta1);
  visitor("beta2", s.beta2);
  visitor("epsilon", s.epsilon);
  visitor("epsilon_inside", s.epsilon_inside);
  visitor("epsilon_hat", s.epsilon_hat);
  visitor("bias_correction", s.bias_correction);
  visitor("centered", s.centered);
  visitor("amsgrad", s.amsgrad);
  visitor("weight_decay", s.weight_decay);
  visitor("decoupled", s.decoupled);
  visitor("initial_accumulator", s.initial_accumulator);
  visitor("momentum_decay", s.momentum_decay);
  visitor("decay_all", s.decay_all);
}

template <class Spec, class Visitor>
  requires std::same_as<std::remove_const_t<Spec>, TrainingSpec>
void visit_fields(Spec& s, Visitor&& visitor) {
  visitor("clip_norm", s.clip_norm);
  visitor("clip_value", s.clip_value);
  visitor("ema", s.ema);
  visitor("shards", s.shards);
  visitor("precision", s.precision);
  visitor("seed", s.seed);
  visitor("optimizer", s.optimizer);
  visitor("learning_rate_schedule", s.learning_rate_schedule);
  visitor("dropout_schedule", s.dropout_schedule);
  visitor("weight_decay_schedule", s.weight_decay_schedule);
}

}  // namespace chainrule::net
