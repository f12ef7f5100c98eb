// libtorch from C++: the same steps as bench/peers/pytorch.py, without Python; Adam as torch::optim has it and as PyTorch's fused kernel.
#include <torch/torch.h>
#include <torch/version.h>

#include "peer.h"

namespace {

using torch::Tensor;

torch::nn::Sequential network_of(const peer::Problem& problem) {
  torch::nn::Sequential network;
  for (int l = 0; l < problem.layers(); ++l) {
    torch::nn::Linear layer(problem.widths[l], problem.widths[l + 1]);
    std::vector<float> w = problem.weights(l);
    torch::NoGradGuard guard;
    layer->weight.copy_(torch::from_blob(w.data(), {problem.widths[l], problem.widths[l + 1]}).t());
    layer->bias.zero_();
    network->push_back(layer);
    if (l + 1 < problem.layers()) network->push_back(torch::nn::ReLU());
  }
  return network;
}

std::vector<Tensor> batches_of(const peer::Problem& problem) {
  const Tensor all = torch::from_blob(const_cast<float*>(problem.x.data()), {peer::kBatches * problem.batch, problem.widths.front()}).clone();
  return all.split(problem.batch);
}

std::vector<Tensor> targets_of(const peer::Problem& problem) {
  const int rows = peer::kBatches * problem.batch;
  if (problem.classes) {
    return torch::from_blob(const_cast<std::int64_t*>(problem.labels.data()), {rows}, torch::kInt64).clone().split(problem.batch);
  }
  return torch::from_blob(const_cast<float*>(problem.y.data()), {rows, problem.widths.back()}).clone().split(problem.batch);
}

/// Adam in one kernel for all parameters, as torch.optim.Adam(fused=True) calls it.
struct FusedAdam {
  explicit FusedAdam(std::vector<Tensor> p) : parameters(std::move(p)) {
    for (const Tensor& w : parameters) {
      m.push_back(torch::zeros_like(w));
      v.push_back(torch::zeros_like(w));
      steps.push_back(torch::zeros({}));
    }
  }
  void step() {
    torch::NoGradGuard guard;
    std::vector<Tensor> gradients;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      gradients.push_back(parameters[i].grad());
      steps[i].add_(1);
    }
    at::_fused_adam_(parameters, gradients, m, v, {}, steps, 1e-4, 0.9, 0.999, 0, 1e-8, false, false);
  }
  std::vector<Tensor> parameters, m, v, steps;
};

template <class Update>
peer::Variant training(const std::string& name, const peer::Problem& problem, torch::nn::Sequential network, Update update) {
  const int calls = std::clamp(problem.calls_in(0.01), 1, 64);
  const auto call = [=, x = batches_of(problem), y = targets_of(problem), classes = problem.classes]() mutable {
    for (int i = 0; i < calls; ++i) {
      for (Tensor& p : network->parameters()) p.mutable_grad().reset();
      const Tensor out = network->forward(x[i % peer::kBatches]);
      const Tensor& target = y[i % peer::kBatches];
      (classes ? torch::nn::functional::cross_entropy(out, target) : torch::mse_loss(out, target)).backward();
      update();
    }
  };
  return {name, call, calls * problem.batch};
}

peer::Variant prediction(const peer::Problem& problem) {
  const int calls = problem.calls_in(0.002);
  return {"inference mode", [=, network = network_of(problem), x = batches_of(problem)]() mutable {
            c10::InferenceMode guard;
            for (int i = 0; i < calls; ++i) network->forward(x[i % peer::kBatches]);
          }, calls * problem.batch};
}

std::vector<peer::Variant> prepare(const peer::Problem& problem, int threads) {
  torch::set_num_threads(threads);
  if (problem.predicts) return {prediction(problem)};
  torch::nn::Sequential network = network_of(problem), second = network_of(problem);
  if (!problem.adam) {
    auto optimizer = std::make_shared<torch::optim::SGD>(network->parameters(), 1e-4);
    return {training("sgd", problem, network, [=] { optimizer->step(); })};
  }
  auto loop = std::make_shared<torch::optim::Adam>(network->parameters(), 1e-4);
  auto fused = std::make_shared<FusedAdam>(second->parameters());
  return {training("loop", problem, network, [=] { loop->step(); }), training("fused", problem, second, [=] { fused->step(); })};
}

}  // namespace

int main() {
  torch::set_num_interop_threads(1);
  peer::serve("libtorch C++", TORCH_VERSION, prepare);
}
