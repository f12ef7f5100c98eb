// check_spec refuses every impossible value, names its place, and accepts what can run.
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "chainrule/error.h"
#include "chainrule/network_spec.h"
#include "testing/error_of.h"

namespace chainrule {
namespace {

NetworkSpec small_network() {
  NetworkSpec spec;
  spec.inputs = 4;
  spec.layers.resize(2);
  spec.layers[0].units = 4;
  spec.layers[1].units = 3;
  spec.layers[1].activation = Activation::identity;
  spec.loss.kind = Loss::cross_entropy;
  return spec;
}

struct Fault {
  const char* code;
  const char* place;
  std::function<void(NetworkSpec&, TrainingSpec&)> make;
};

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

const std::vector<Fault>& faults() {
  static const std::vector<Fault> list = {
      {"E0201", "inputs", [](auto& n, auto&) { n.inputs = 0; }},
      {"E0201", "layers", [](auto& n, auto&) { n.layers.clear(); }},
      {"E0201", "layers[0].units", [](auto& n, auto&) { n.layers[0].units = 0; }},
      {"E0201", "layers[1].units", [](auto& n, auto&) { n.layers[1].units = std::size_t(1) << 63; }},
      {"E0201", "layers[1].units", [](auto& n, auto&) { n.layers[0].units = n.layers[1].units = std::size_t(1) << 20; }},
      {"E0204", "layers[0].dropout.rate", [](auto& n, auto&) { n.layers[0].dropout.rate = 1; }},
      {"E0204", "layers[0].dropout.rate", [](auto& n, auto&) { n.layers[0].dropout.rate = -0.1; }},
      {"E0204", "input_dropout.rate", [](auto& n, auto&) { n.input_dropout.rate = 1.5; }},
      {"E0205", "layers[1].residual", [](auto& n, auto&) { n.layers[1].residual = true; }},
      {"E0206", "layers[0].dropout", [](auto& n, auto&) { n.layers[0].dropout = {DropoutKind::alpha, 0.1}; }},
      {"E0206", "layers[1].dropout", [](auto& n, auto&) { n.layers[1].dropout.rate = 0.5; }},
      {"E0206", "input_dropout.kind", [](auto& n, auto&) { n.input_dropout = {DropoutKind::dropconnect, 0.1}; }},
      {"E0207", "input_noise", [](auto& n, auto&) { n.input_noise = -1; }},
      {"E0207", "layers[0].activation_parameter",
       [](auto& n, auto&) { n.layers[0].activation = Activation::elu, n.layers[0].activation_parameter = -1; }},
      {"E0207", "layers[0].initializer_parameter",
       [](auto& n, auto&) { n.layers[0].initializer = Initializer::normal, n.layers[0].initializer_parameter = -1; }},
      {"E0208", "loss.label_smoothing", [](auto& n, auto&) { n.loss.label_smoothing = 1; }},
      {"E0208", "loss.label_smoothing", [](auto& n, auto&) { n.loss.kind = Loss::huber, n.loss.label_smoothing = 0.1; }},
      {"E0208", "loss.parameter", [](auto& n, auto&) { n.loss.kind = Loss::quantile, n.loss.parameter = 1; }},
      {"E0208", "loss.parameter", [](auto& n, auto&) { n.loss.kind = Loss::huber, n.loss.parameter = -1; }},
      {"E0209", "loss.l1", [](auto& n, auto&) { n.loss.l1 = -1; }},
      {"E0209", "loss.l2", [](auto& n, auto&) { n.loss.l2 = -1; }},
      {"E0209", "loss.max_norm", [](auto& n, auto&) { n.loss.max_norm = -1; }},
      {"E0211", "layers[1].units", [](auto& n, auto&) { n.loss.kind = Loss::gaussian_nll; }},
      {"E0211", "layers[1].units", [](auto& n, auto&) { n.layers[1].units = 1; }},
      {"E0212", "layers[1].norm", [](auto& n, auto&) { n.layers[1].norm = Norm::batch; }},
      {"E0213", "optimizer.learning_rate", [](auto&, auto& t) { t.optimizer.learning_rate = -1e-3; }},
      {"E0213", "optimizer.momentum", [](auto&, auto& t) { t.optimizer.momentum = 1; }},
      {"E0213", "optimizer.beta1", [](auto&, auto& t) { t.optimizer.beta1 = 1; }},
      {"E0213", "optimizer.beta2", [](auto&, auto& t) { t.optimizer.beta2 = -0.5; }},
      {"E0213", "optimizer.epsilon", [](auto&, auto& t) { t.optimizer.epsilon = -1; }},
      {"E0213", "optimizer.weight_decay", [](auto&, auto& t) { t.optimizer.weight_decay = -1; }},
      {"E0214", "learning_rate_schedule.period", [](auto&, auto& t) { t.learning_rate_schedule.period = 0; }},
      {"E0214", "dropout_schedule.floor", [](auto&, auto& t) { t.dropout_schedule.floor = 2; }},
      {"E0214", "weight_decay_schedule.milestones", [](auto&, auto& t) { t.weight_decay_schedule.milestones = {5, 5}; }},
      {"E0215", "clip_norm", [](auto&, auto& t) { t.clip_norm = -1; }},
      {"E0215", "clip_value", [](auto&, auto& t) { t.clip_value = -1; }},
      {"E0216", "ema", [](auto&, auto& t) { t.ema = 1; }},
      {"E0217", "shards", [](auto&, auto& t) { t.shards = 3; }},
      {"E0217", "shards", [](auto&, auto& t) { t.shards = 0; }},
      {"E0218", "optimizer.kind", [](auto& n, auto& t) { t.optimizer.kind = Optimizer::lbfgs, n.layers[0].dropout.rate = 0.5; }},
      {"E0218", "optimizer.kind", [](auto& n, auto& t) { t.optimizer.kind = Optimizer::lbfgs, n.loss.l1 = 0.5; }},
      {"E0218", "optimizer.kind", [](auto&, auto& t) { t.optimizer.kind = Optimizer::lbfgs, t.precision = Precision::bf16; }},
      {"E0219", "layers[0].dropout.rate", [](auto& n, auto&) { n.layers[0].dropout.rate = kNaN; }},
      {"E0219", "loss.l2", [](auto& n, auto&) { n.loss.l2 = kInfinity; }},
      {"E0219", "optimizer.learning_rate", [](auto&, auto& t) { t.optimizer.learning_rate = kNaN; }},
  };
  return list;
}

TEST(SpecCheck, EveryFaultIsRefusedWithItsCodeAndPlace) {
  for (std::size_t i = 0; i < faults().size(); ++i) {
    const Fault& fault = faults()[i];
    NetworkSpec network = small_network();
    TrainingSpec training;
    fault.make(network, training);
    const Error error = error_of([&] { check_spec(network, training); });
    EXPECT_EQ(error.code(), fault.code) << "fault " << i << " at " << fault.place << ": " << error.what();
    EXPECT_EQ(error.where().substr(0, std::string(fault.place).size()), fault.place) << error.what();
    EXPECT_FALSE(explain_error(error.code()).empty()) << error.code();
    EXPECT_FALSE(error.hint().empty()) << error.what();
  }
}

TEST(SpecCheck, RateOneSaysItWouldDropEverything) {
  NetworkSpec network = small_network();
  network.layers[0].dropout.rate = 1;
  const Error error = error_of([&] { check_spec(network, {}); });
  EXPECT_NE(error.code(), "none");
  EXPECT_NE(error.message().find("would drop everything"), std::string::npos);
}

TEST(SpecCheck, AcceptsAFullNetwork) {
  NetworkSpec network = small_network();
  network.layers[0].residual = true;
  network.layers[0].norm = Norm::batch;
  network.layers[0].activation = Activation::selu;
  network.layers[0].dropout = {DropoutKind::alpha, 0.1};
  network.layers[1].dropout = {DropoutKind::dropconnect, 0.1};
  network.input_dropout = {DropoutKind::gaussian, 0.2};
  network.loss.label_smoothing = 0.1;
  TrainingSpec training;
  training.shards = 8;
  EXPECT_NO_THROW(check_spec(network, training));
}

TEST(SpecCheck, AcceptsEveryActivationLossNormAndOptimizer) {
  for (const Activation activation : all<Activation>()) {
    for (const Loss loss : all<Loss>()) {
      for (const Norm norm : all<Norm>()) {
        NetworkSpec network = small_network();
        network.layers[1].units = 2;
        network.layers[0].activation = activation;
        network.layers[0].norm = norm;
        network.loss.kind = loss;
        for (const Optimizer optimizer : all<Optimizer>()) {
          TrainingSpec training;
          training.optimizer.kind = optimizer;
          EXPECT_NO_THROW(check_spec(network, training));
        }
      }
    }
  }
}

TEST(ParseWidths, ReadsAListAndRefusesZeroAndWords) {
  EXPECT_EQ(parse_widths("256,128"), (std::vector<std::size_t>{256, 128}));
  EXPECT_EQ(parse_widths(" 7 , 1 "), (std::vector<std::size_t>{7, 1}));
  EXPECT_TRUE(parse_widths("").empty());
  for (const char* bad : {"0", "256,", "a", "-3", "1.5", "99999999999999999999999"}) {
    EXPECT_THROW(parse_widths(bad), Error) << bad;
  }
}

}  // namespace
}  // namespace chainrule
