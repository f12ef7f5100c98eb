// The problem list of bench/problems.json: what speed and the fast engine's equality with the reference are measured on.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/network.h"

namespace chainrule::net {

/// Training a network of these widths (inputs first) on made-up rows in memory; ReLU between the layers.
struct Problem {
  std::string name;                       ///< "S1"
  std::vector<std::size_t> widths;
  std::vector<std::size_t> check_widths;  ///< smaller where the reference would take minutes, else the same
  Loss loss;
  std::size_t batch;
  std::string optimizer;                  ///< a name for default_optimizer()
};

/// Predicting `batch` rows at a time with the network of a training problem.
struct PredictionProblem {
  std::string name, of;
  std::size_t batch;
};

const std::vector<Problem>& training_problems();
const std::vector<PredictionProblem>& prediction_problems();
/// nullptr when there is none of that name.
const Problem* find_problem(std::string_view name);

NetworkSpec network_of(const Problem& problem);
TrainingSpec training_of(const Problem& problem);
/// "64-64-64-64-1"
std::string layers_text(const NetworkSpec& network);

/// Flops a row needs in one training step: 6 per weight (forward, weight gradient, input gradient), 4 in the first layer,
/// whose input gradient nobody needs.
double training_flops(const NetworkSpec& network);
/// 2 per weight.
double prediction_flops(const NetworkSpec& network);

/// Made-up rows, uniform in [-1, 1), and the batches that go through them in turn. Not copyable: samples points inside.
struct ProblemRows {
  ProblemRows(const NetworkSpec& network, std::size_t batch, std::size_t batches);
  ProblemRows(const ProblemRows&) = delete;
  ProblemRows& operator=(const ProblemRows&) = delete;

  std::vector<float> x, y;
  std::vector<std::int32_t> labels;
  std::vector<std::vector<std::uint32_t>> batches;
  Samples samples;
};

}  // namespace chainrule::net
