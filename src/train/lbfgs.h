// L-BFGS for small full-batch problems: one call is one iteration, on the plan's own gradients, in double.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/plan.h"
#include "net/parameter_layout.h"
#include "train/progress.h"

namespace chainrule::training {

/// Liu & Nocedal 1989, two-loop recursion with 10 pairs; the line search bisects towards the weak Wolfe conditions
/// (Lewis & Overton 2013). The objective is the loss plus l2 and weight decay penalties; its value and gradient are
/// always taken at fp32 weights.
class Lbfgs {
 public:
  Lbfgs(const NetworkSpec& network, const TrainingSpec& training);

  /// One iteration over `rows`, all of them one batch. loss is that before the step. Batch norm's running statistics become those of the rows. A line search that finds nothing
  /// better leaves the weights alone and forgets the pairs.
  StepResult step(engine::Plan& plan, const Samples& samples, std::span<const std::uint32_t> rows,
                  const engine::StepControl& control);

  CurvaturePairs& pairs() noexcept { return pairs_; }
  const CurvaturePairs& pairs() const noexcept { return pairs_; }

 private:
  struct Point {
    std::vector<float> weights;    ///< all parameters
    std::vector<double> gradient;  ///< 0 where nothing is trained
    double loss = 0, objective = 0;
  };
  struct Place {
    engine::Plan& plan;
    const Samples& samples;
    std::span<const std::uint32_t> rows;
    const engine::StepControl& control;
  };
  void evaluate(const Place& place, Point& point);
  std::vector<double> direction(const std::vector<double>& gradient) const;
  bool search(const Place& place, const Point& from, const std::vector<double>& along, double first, Point& found);
  static void become_statistics(const Place& place);
  void remember(const Point& from, const Point& to);
  double decay(const net::Tensor& tensor, double weight_decay) const;

  NetworkSpec network_;
  TrainingSpec training_;
  net::ParameterLayout layout_;
  bool has_batch_norm_ = false;
  CurvaturePairs pairs_;
  std::vector<float> gradients_;
};

}  // namespace chainrule::training
