// The nearest input that changes a network's answer: numbers move within bounds, categories switch levels, all else stays.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "chainrule/network_spec.h"

namespace chainrule::explain {

/// An input that may move within [low, high], which holds its present value.
struct FreeNumber { std::size_t input = 0; double low = 0, high = 0; };
/// The one-hot inputs of a category: one of them becomes 1, the others 0.
struct FreeChoice { std::vector<std::size_t> inputs; };
/// Reached when weights . outputs + offset < 0.
struct Goal { std::vector<double> weights; double offset = 0; };

struct CounterfactualProblem {
  const NetworkSpec& network;
  std::span<const float> parameters;       ///< in layout order
  std::vector<double> x;                   ///< the row, in feature space
  std::vector<FreeNumber> numbers;
  std::vector<FreeChoice> choices;
  std::vector<Goal> goals;                 ///< any of them will do
  std::vector<std::vector<double>> seeds;  ///< rows that reach a goal, nearest first: they show the way where gradients vanish
};

struct ChangedPoint { bool found = false; std::vector<double> x; double distance = 0; };
struct CounterfactualPoints {
  ChangedPoint closest;  ///< smallest Euclidean distance that was found
  ChangedPoint fewest;   ///< fewest numbers and choices changed; among equals the closest
};

/// Local search (Hasofer-Lind steps, projected on the bounds, from the row and from the seeds, over a beam of switches): what it finds
/// reaches a goal, but a nearer point may exist. Distance: Euclidean; a switch of level moves two inputs by 1.
CounterfactualPoints search_counterfactual(const CounterfactualProblem& problem);

/// Is a goal reached at x? In fp64, as the search sees it.
bool reaches_goal(const CounterfactualProblem& problem, const std::vector<double>& x);

}  // namespace chainrule::explain
