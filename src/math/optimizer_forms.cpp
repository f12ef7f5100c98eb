// The named settings of each optimiser: its defaults, the lesson's form, and those of PyTorch and Keras.
#include <string>
#include <vector>

#include "chainrule/error.h"
#include "chainrule/network_spec.h"

namespace chainrule {
namespace {

struct Form {
  std::string_view optimizer, form;  // form "" = the optimiser's own default
  OptimizerSpec spec;
};

using Change = void (*)(OptimizerSpec&);

OptimizerSpec plain(Optimizer kind, double rate) {
  OptimizerSpec spec;
  spec.kind = kind;
  spec.learning_rate = rate;
  return spec;
}

OptimizerSpec changed(OptimizerSpec spec, Change change) {
  change(spec);
  return spec;
}

/// PyTorch and Keras decay every parameter, biases too.
OptimizerSpec library(Optimizer kind, double rate, double epsilon, Change change = [](OptimizerSpec&) {}) {
  OptimizerSpec spec = plain(kind, rate);
  spec.epsilon = epsilon;
  spec.decay_all = true;
  change(spec);
  return spec;
}

void add_momentum_forms(std::vector<Form>& forms) {
  const auto with = [](OptimizerSpec spec, MomentumForm form) {
    spec.momentum = 0.9;
    spec.form = form;
    return spec;
  };
  const Optimizer kind = Optimizer::momentum;
  forms.push_back({"momentum", "", with(plain(kind, 0.01), MomentumForm::ema)});
  forms.push_back({"momentum", "lesson", with(plain(kind, 0.01), MomentumForm::ema)});
  forms.push_back({"momentum", "ema", with(plain(kind, 0.01), MomentumForm::ema)});
  forms.push_back({"momentum", "heavy_ball", with(plain(kind, 0.01), MomentumForm::heavy_ball)});
  forms.push_back({"momentum", "nesterov", with(plain(kind, 0.01), MomentumForm::nesterov)});
  forms.push_back({"momentum", "torch", with(library(kind, 1e-3, 0), MomentumForm::heavy_ball)});
  forms.push_back({"momentum", "keras", with(library(kind, 0.01, 0), MomentumForm::heavy_ball)});
}

void add_adam_forms(std::vector<Form>& forms) {
  const OptimizerSpec adam = plain(Optimizer::adam, 1e-3);
  const Change keras = [](OptimizerSpec& s) { s.epsilon_hat = true; };
  forms.push_back({"adam", "", adam});
  forms.push_back({"adam", "lesson", changed(adam, [](OptimizerSpec& s) { s.epsilon_inside = true, s.bias_correction = false; })});
  forms.push_back({"adam", "amsgrad", changed(adam, [](OptimizerSpec& s) { s.amsgrad = true; })});
  forms.push_back({"adam", "torch", library(Optimizer::adam, 1e-3, 1e-8)});
  forms.push_back({"adam", "keras", library(Optimizer::adam, 1e-3, 1e-7, keras)});
  const OptimizerSpec adamw = changed(plain(Optimizer::adamw, 1e-3), [](OptimizerSpec& s) { s.decoupled = true, s.weight_decay = 0.01; });
  forms.push_back({"adamw", "", adamw});
  forms.push_back({"adamw", "torch", changed(adamw, [](OptimizerSpec& s) { s.decay_all = true; })});
  forms.push_back({"adamw", "keras", changed(adamw, [](OptimizerSpec& s) {
                     s.decay_all = s.epsilon_hat = true, s.epsilon = 1e-7, s.weight_decay = 0.004;
                   })});
  forms.push_back({"nadam", "", plain(Optimizer::nadam, 2e-3)});
  forms.push_back({"nadam", "torch", library(Optimizer::nadam, 2e-3, 1e-8)});
  forms.push_back({"nadam", "keras", library(Optimizer::nadam, 1e-3, 1e-7, [](OptimizerSpec& s) { s.momentum_decay = 1; })});
  forms.push_back({"radam", "", plain(Optimizer::radam, 1e-3)});
  forms.push_back({"radam", "torch", library(Optimizer::radam, 1e-3, 1e-8, keras)});
}

void add_adaptive_forms(std::vector<Form>& forms) {
  const Change mean_square = [](OptimizerSpec& s) { s.beta2 = 0.9; };
  const Change inside = [](OptimizerSpec& s) { s.beta2 = 0.9, s.epsilon_inside = true; };
  forms.push_back({"rmsprop", "", changed(plain(Optimizer::rmsprop, 1e-3), mean_square)});
  forms.push_back({"rmsprop", "lesson", changed(plain(Optimizer::rmsprop, 1e-3), inside)});
  forms.push_back({"rmsprop", "torch", library(Optimizer::rmsprop, 0.01, 1e-8, [](OptimizerSpec& s) {
                     s.beta2 = 0.99, s.form = MomentumForm::heavy_ball;
                   })});
  forms.push_back({"rmsprop", "keras", library(Optimizer::rmsprop, 1e-3, 1e-7, [](OptimizerSpec& s) {
                     s.beta2 = 0.9, s.epsilon_inside = true, s.form = MomentumForm::heavy_ball;
                   })});
  forms.push_back({"adagrad", "", changed(plain(Optimizer::adagrad, 0.01), [](OptimizerSpec& s) { s.epsilon = 1e-10; })});
  forms.push_back({"adagrad", "torch", library(Optimizer::adagrad, 0.01, 1e-10)});
  forms.push_back({"adagrad", "keras", library(Optimizer::adagrad, 1e-3, 1e-7, [](OptimizerSpec& s) {
                     s.epsilon_inside = true, s.initial_accumulator = 0.1;
                   })});
  forms.push_back({"adadelta", "", changed(plain(Optimizer::adadelta, 1), [](OptimizerSpec& s) { s.beta2 = 0.9, s.epsilon = 1e-6; })});
  forms.push_back({"adadelta", "torch", library(Optimizer::adadelta, 1, 1e-6, mean_square)});
  forms.push_back({"adadelta", "keras", library(Optimizer::adadelta, 1e-3, 1e-7, [](OptimizerSpec& s) { s.beta2 = 0.95; })});
  forms.push_back({"adamax", "", plain(Optimizer::adamax, 2e-3)});
  forms.push_back({"adamax", "torch", library(Optimizer::adamax, 2e-3, 1e-8, [](OptimizerSpec& s) { s.epsilon_inside = true; })});
  forms.push_back({"adamax", "keras", library(Optimizer::adamax, 1e-3, 1e-7)});
}

std::vector<Form> make_forms() {
  std::vector<Form> forms;
  forms.reserve(40);  // there are fewer
  forms.push_back({"sgd", "", plain(Optimizer::sgd, 0.01)});
  forms.push_back({"sgd", "torch", library(Optimizer::sgd, 1e-3, 0, [](OptimizerSpec& s) { s.form = MomentumForm::heavy_ball; })});
  forms.push_back({"sgd", "keras", library(Optimizer::sgd, 0.01, 0, [](OptimizerSpec& s) { s.form = MomentumForm::heavy_ball; })});
  add_momentum_forms(forms);
  add_adaptive_forms(forms);
  add_adam_forms(forms);
  const Change lion = [](OptimizerSpec& s) { s.beta2 = 0.99, s.decoupled = true; };
  forms.push_back({"lion", "", changed(plain(Optimizer::lion, 1e-4), lion)});
  forms.push_back({"lion", "keras", library(Optimizer::lion, 1e-3, 0, lion)});
  forms.push_back({"lbfgs", "", plain(Optimizer::lbfgs, 1)});
  return forms;
}

const std::vector<Form>& forms() {
  static const std::vector<Form> table = make_forms();
  return table;
}

[[noreturn]] void unknown_form(std::string_view optimizer, std::string_view form) {
  std::vector<std::string_view> known;
  std::string list;
  for (const Form& f : forms()) {
    if (f.optimizer != optimizer || f.form.empty()) continue;
    known.push_back(f.form);
    list += (list.empty() ? "" : ", ") + std::string(f.form);
  }
  const std::string nearest = nearest_name(form, known);
  std::string hint = known.empty() ? std::string(optimizer) + " has no forms" : "known: " + list;
  if (!nearest.empty()) hint = "did you mean \"" + std::string(optimizer) + ":" + nearest + "\"? (" + hint + ")";
  throw Error("E0203", "", "optimizer " + std::string(optimizer) + " has no form \"" + std::string(form) + "\"", hint);
}

}  // namespace

OptimizerSpec default_optimizer(std::string_view name_and_form) {
  const std::size_t colon = name_and_form.find(':');
  const std::string_view optimizer = name(parse_kind<Optimizer>(name_and_form.substr(0, colon)));
  const std::string_view form = colon == std::string_view::npos ? "" : name_and_form.substr(colon + 1);
  for (const Form& f : forms()) {
    if (f.optimizer == optimizer && f.form == form && (colon == std::string_view::npos) == form.empty()) return f.spec;
  }
  unknown_form(optimizer, form);
}

std::vector<std::string> optimizer_forms() {
  std::vector<std::string> names;
  for (const Form& f : forms()) {
    if (!f.form.empty()) names.push_back(std::string(f.optimizer) + ":" + std::string(f.form));
  }
  return names;
}

}  // namespace chainrule
