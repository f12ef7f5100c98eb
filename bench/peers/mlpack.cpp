// mlpack: FFN in fp32 trained by ensmallen, many steps a call, the optimiser's state kept between calls.
#define MLPACK_PRINT_WARN_STREAM_TO_STDERR
#include <mlpack/core.hpp>
#include <mlpack/methods/ann/ann.hpp>

#include <memory>

#include "peer.h"

namespace {

using Matrix = arma::fmat;

template <class Loss>
using Network = mlpack::FFN<Loss, mlpack::GaussianInitialization, Matrix>;

template <class Loss>
std::shared_ptr<Network<Loss>> network_of(const peer::Problem& problem) {
  auto network = std::make_shared<Network<Loss>>(Loss(), mlpack::GaussianInitialization(0, 0.05));
  for (int l = 0; l < problem.layers(); ++l) {
    network->template Add<mlpack::Linear<Matrix>>(static_cast<std::size_t>(problem.widths[l + 1]));
    if (l + 1 < problem.layers()) network->template Add<mlpack::ReLU<Matrix>>();
  }
  if (problem.classes) network->template Add<mlpack::LogSoftMax<Matrix>>();
  return network;
}

/// Columns are rows of data here.
Matrix inputs_of(const peer::Problem& problem) {
  return Matrix(problem.x.data(), static_cast<arma::uword>(problem.widths.front()), static_cast<arma::uword>(peer::kBatches * problem.batch));
}

Matrix targets_of(const peer::Problem& problem) {
  if (!problem.classes) return Matrix(problem.y.data(), static_cast<arma::uword>(problem.widths.back()), problem.y.size() / problem.widths.back());
  Matrix labels(1, problem.labels.size());
  for (std::size_t i = 0; i < problem.labels.size(); ++i) labels(0, i) = static_cast<float>(problem.labels[i]);
  return labels;
}

template <class Loss, class Optimizer>
peer::Variant training(const peer::Problem& problem, std::shared_ptr<Optimizer> optimizer) {
  auto network = network_of<Loss>(problem);
  const int calls = (std::clamp(problem.calls_in(0.02), 1, 4096) + peer::kBatches - 1) / peer::kBatches * peer::kBatches;
  optimizer->BatchSize() = static_cast<std::size_t>(problem.batch);
  optimizer->MaxIterations() = static_cast<std::size_t>(calls * problem.batch);
  optimizer->Tolerance() = -1;
  optimizer->Shuffle() = false;
  optimizer->ResetPolicy() = false;
  const auto call = [=, x = inputs_of(problem), y = targets_of(problem)] { network->Train(x, y, *optimizer); };
  return {"train", call, calls * problem.batch};
}

template <class Loss>
peer::Variant prediction(const peer::Problem& problem) {
  auto network = network_of<Loss>(problem);
  const int calls = problem.calls_in(0.002);
  std::vector<Matrix> batches;
  const Matrix all = inputs_of(problem);
  for (arma::uword i = 0; i < peer::kBatches; ++i) batches.push_back(all.cols(i * unsigned(problem.batch), (i + 1) * unsigned(problem.batch) - 1));
  const auto call = [=, out = Matrix()]() mutable {
    for (int i = 0; i < calls; ++i) network->Predict(batches[static_cast<std::size_t>(i % peer::kBatches)], out, static_cast<std::size_t>(problem.batch));
  };
  return {"predict", call, calls * problem.batch};
}

template <class Loss>
std::vector<peer::Variant> variants(const peer::Problem& problem) {
  if (problem.predicts) return {prediction<Loss>(problem)};
  if (problem.adam) return {training<Loss>(problem, std::make_shared<ens::Adam>(1e-4))};
  return {training<Loss>(problem, std::make_shared<ens::StandardSGD>(1e-4))};
}

std::vector<peer::Variant> prepare(const peer::Problem& problem, int) {  // threads: by OMP_NUM_THREADS and affinity
  return problem.classes ? variants<mlpack::NegativeLogLikelihoodType<Matrix>>(problem)
                         : variants<mlpack::MeanSquaredErrorType<Matrix>>(problem);
}

}  // namespace

int main() {
  const std::string version = mlpack::util::GetVersion();
  peer::serve("mlpack", version.substr(version.find(' ') + 1), prepare);
}
