// Makes the random networks the equality tests run on, and checks that together they use every kind there is.
#include "engine/cpu/random_network.h"

#include <gtest/gtest.h>

#include <set>

#include "net/parameter_layout.h"

namespace chainrule::engine::testing {
namespace {

template <class E>
E in_turn(std::uint32_t number) {
  return static_cast<E>(number % names<E>().size());
}

DropoutSpec random_dropout(Dice& dice, bool inputs) {
  DropoutSpec dropout;
  if (dice.chance(0.6)) return dropout;
  dropout.kind = inputs
                     ? dice.one_of<DropoutKind>({DropoutKind::inverted, DropoutKind::standard, DropoutKind::gaussian})
                     : dice.one_of(all<DropoutKind>());
  dropout.rate = dice.real(0.05, 0.6);
  return dropout;
}

LayerSpec random_layer(Dice& dice, std::uint32_t number, std::size_t inputs) {
  LayerSpec layer;
  layer.units = dice.one_of<std::size_t>({1, 3, 5, 8, 16, 17, 24, 33, 40, 64, 65, 100});
  layer.activation = in_turn<Activation>(number);
  if (dice.chance(0.3)) layer.activation = Activation::relu;
  if (dice.chance(0.3)) layer.activation_parameter = dice.real(0.1, 1.5);
  layer.bias = dice.chance(0.8);
  layer.norm = dice.chance(0.5) ? Norm::none : dice.one_of(all<Norm>());
  if (dice.chance(0.3)) layer.units = inputs;
  layer.residual = layer.units == inputs && dice.chance(0.7);
  layer.dropout = random_dropout(dice, false);
  if (layer.dropout.kind == DropoutKind::alpha && layer.dropout.rate > 0) layer.activation = Activation::selu;
  return layer;
}

OptimizerSpec random_optimizer(Dice& dice, std::uint32_t number) {
  OptimizerSpec optimizer;
  optimizer.kind = in_turn<Optimizer>(number);
  if (optimizer.kind == Optimizer::lbfgs) optimizer.kind = Optimizer::adam;
  optimizer.learning_rate = 0.01;
  optimizer.form = dice.one_of(all<MomentumForm>());
  const bool moves =
      optimizer.kind == Optimizer::momentum || optimizer.kind == Optimizer::sgd || optimizer.kind == Optimizer::rmsprop;
  if (moves && dice.chance(0.6)) optimizer.momentum = 0.8;
  if (optimizer.kind == Optimizer::momentum) optimizer.momentum = 0.8;
  optimizer.epsilon_inside = dice.chance(0.3);
  optimizer.bias_correction = dice.chance(0.7);
  optimizer.centered = optimizer.kind == Optimizer::rmsprop && dice.chance(0.5);
  optimizer.amsgrad = (optimizer.kind == Optimizer::adam || optimizer.kind == Optimizer::adamw) && dice.chance(0.4);
  if (dice.chance(0.5)) optimizer.weight_decay = 0.02;
  optimizer.decoupled = dice.chance(0.5);
  optimizer.decay_all = dice.chance(0.3);
  if (optimizer.kind == Optimizer::adagrad) optimizer.initial_accumulator = 0.1;
  if (dice.chance(0.1)) optimizer.epsilon = 0;  // 0/0 in the padding must not be noticed
  return optimizer;
}

}  // namespace

RandomNetwork random_network(std::uint32_t number) {
  Dice dice(number + 1000);
  RandomNetwork made;
  NetworkSpec& network = made.network;
  network.inputs = dice.one_of<std::size_t>({1, 2, 7, 13, 16, 30, 64, 70, 130});
  network.input_scale = dice.chance(0.3);
  if (dice.chance(0.3)) network.input_noise = 0.2;
  network.input_dropout = random_dropout(dice, true);
  const std::size_t depth = 1 + dice.below(4);
  for (std::size_t l = 0; l < depth; ++l)
    network.layers.push_back(random_layer(dice, number + static_cast<std::uint32_t>(5 * l), network.fan_in(l)));
  LossSpec& loss = network.loss;
  loss.kind = in_turn<Loss>(number / 2);
  LayerSpec& last = network.layers.back();
  if (dice.chance(0.7)) last.activation = Activation::identity;
  last.norm = Norm::none;
  last.dropout.rate = 0;
  if (loss.kind == Loss::gaussian_nll && last.units % 2 == 1) ++last.units;
  if (loss.kind == Loss::cross_entropy && last.units == 1) last.units = 4;
  if (last.units != network.fan_in(depth - 1)) last.residual = false;
  const bool entropy = loss.kind == Loss::cross_entropy || loss.kind == Loss::binary_cross_entropy;
  if (entropy && dice.chance(0.4)) loss.label_smoothing = 0.1;
  if (dice.chance(0.3)) loss.l1 = 0.01;
  if (dice.chance(0.3)) loss.l2 = 0.03;
  if (dice.chance(0.3)) loss.max_norm = 0.7;
  TrainingSpec& training = made.training;
  training.optimizer = random_optimizer(dice, number);
  if (dice.chance(0.3)) training.clip_norm = 0.05;
  if (dice.chance(0.3)) training.clip_value = 0.01;
  if (dice.chance(0.4)) training.ema = 0.9;
  training.shards = dice.one_of<std::uint32_t>({1, 1, 1, 2, 4, 8, 64});
  training.seed = (std::uint64_t{number} << 32) | 77u;
  made.max_batch = dice.one_of<std::size_t>({1, 2, 5, 8, 17, 33, 64, 150});
  if (dice.chance(0.3)) made.dropout_factor = dice.one_of<double>({0, 0.5, 1.2});
  return made;
}

RandomData random_data(const RandomNetwork& network, std::size_t rows, std::uint32_t number) {
  Dice dice(number);
  RandomData data;
  const bool by_class = network.network.loss.kind == Loss::cross_entropy && dice.chance(0.7);
  const bool binary =
      network.network.loss.kind == Loss::binary_cross_entropy || network.network.loss.kind == Loss::hinge;
  for (std::size_t i = 0; i < rows * network.network.inputs; ++i)
    data.x.push_back(static_cast<float>(dice.real(-2, 2)));
  for (std::size_t i = 0; i < rows * network.targets(); ++i) {
    data.y.push_back(binary ? static_cast<float>(dice.below(2)) : static_cast<float>(dice.real(0, 1)));
  }
  for (std::size_t r = 0; r < rows; ++r) {
    data.labels.push_back(static_cast<std::int32_t>(dice.below(network.network.outputs())));
    data.weights.push_back(dice.chance(0.2) ? 0.0f : static_cast<float>(dice.real(0.1, 3)));
    data.ids.push_back(static_cast<std::uint32_t>(dice.below(1000000)));
  }
  data.samples = {data.x.data(),
                  by_class ? nullptr : data.y.data(),
                  by_class ? data.labels.data() : nullptr,
                  dice.chance(0.4) ? data.weights.data() : nullptr,
                  dice.chance(0.5) ? data.ids.data() : nullptr,
                  rows,
                  network.network.inputs,
                  network.targets()};
  return data;
}

std::vector<float> random_parameters(const NetworkSpec& network, std::uint32_t number) {
  Dice dice(number);
  std::vector<float> values;
  for (const net::Tensor& tensor : net::ParameterLayout(network).tensors) {
    const bool near_one = tensor.role == net::Role::norm_scale || tensor.role == net::Role::running_variance ||
                          tensor.role == net::Role::input_scale;
    const double size = tensor.role == net::Role::weight ? 1.0 / static_cast<double>(1 + tensor.columns / 8) : 0.3;
    for (std::size_t i = 0; i < tensor.info.size; ++i)
      values.push_back(static_cast<float>((near_one ? 1 : 0) + dice.real(-size, size)));
  }
  return values;
}

TEST(RandomNetworks, UseEveryKindThereIs) {
  std::set<Activation> activations;
  std::set<Loss> losses;
  std::set<DropoutKind> dropouts;
  std::set<Optimizer> optimizers;
  for (std::uint32_t number = 0; number < 200; ++number) {
    const RandomNetwork random = random_network(number);
    check_spec(random.network, random.training);
    losses.insert(random.network.loss.kind);
    optimizers.insert(random.training.optimizer.kind);
    for (const LayerSpec& layer : random.network.layers) {
      activations.insert(layer.activation);
      if (layer.dropout.rate > 0) dropouts.insert(layer.dropout.kind);
    }
  }
  EXPECT_EQ(activations.size(), all<Activation>().size());
  EXPECT_EQ(losses.size(), all<Loss>().size());
  EXPECT_EQ(dropouts.size(), all<DropoutKind>().size());
  EXPECT_EQ(optimizers.size() + 1, all<Optimizer>().size());  // all but lbfgs
}

}  // namespace chainrule::engine::testing
