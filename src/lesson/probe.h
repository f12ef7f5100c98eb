// A network stopped in the middle of its training, with a batch: gradients from the shipped engine, and the fp64 reference to measure with.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lesson/run.h"
#include "lesson/subject.h"

namespace chainrule::lesson {

struct ProbeOptions {
  std::size_t rows = 16;        ///< of the batch
  std::size_t steps = 20;       ///< of training before the stop
  bool masks = true;            ///< false: dropout and input noise are taken out of the network
  std::vector<std::size_t> widths = {2, 40, 24, 2};  ///< of the built-in network, outputs for cross-entropy
  Activation second = Activation::gelu;              ///< of its second hidden layer; all others are tanh
};

/// Masks are those of the step that would come next, the same in every measurement.
class Probe {
 public:
  explicit Probe(const LessonSetting& setting, const ProbeOptions& options = {});
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;

  const LessonSubject& subject() const { return subject_; }
  const NetworkSpec& network() const { return subject_.network; }
  const net::ParameterLayout& layout() const { return exact_.layout(); }
  bool own() const { return subject_.users_own; }

  /// The shipped engine, standing where it was stopped.
  Run& run() { return run_; }
  /// The same parameters in fp64, after forward, loss and backward on the batch: its traces can be looked at.
  reference::ReferenceNetwork<double>& exact() { return exact_; }
  const reference::Batch<double>& batch() const { return batch_; }
  const std::vector<std::uint32_t>& rows() const { return rows_; }
  const engine::StepControl& control() const { return control_; }
  const std::vector<float>& parameters() const { return parameters_; }

  /// dL/d(parameter) on the batch: the shipped engine's fp32, and the reference's fp64.
  const std::vector<float>& fused() const { return fused_; }
  const std::vector<double>& gradient() const { return gradient_; }
  /// |fused - gradient| / |gradient|
  double fused_error() const;
  double loss() const { return loss_; }
  /// How much the loss of the batch changes when this parameter is moved by `step`; everything stays as it was.
  double change(std::size_t parameter, double step);

  /// Indices of the weights (not biases) of all layers.
  std::vector<std::size_t> weights() const;
  /// The indices in `among`, by |fused gradient|, largest first.
  std::vector<std::size_t> ranked(std::vector<std::size_t> among) const;
  std::string name(std::size_t parameter) const { return parameter_name(layout(), parameter); }

 private:
  Rows built_in_;
  LessonSubject subject_;
  Run run_;
  engine::StepControl control_;
  std::vector<std::uint32_t> rows_;
  std::vector<float> parameters_, fused_;
  reference::ReferenceNetwork<double> exact_;
  reference::Batch<double> batch_;
  std::vector<double> gradient_;
  double loss_ = 0;
};

/// Sum of |a - b|^2 over sum of |b|^2, its root; 0 when both are zero.
double relative_difference(std::span<const float> a, std::span<const double> b);
double relative_difference(std::span<const double> a, std::span<const double> b);

/// A copy without dropout, DropConnect and input noise.
NetworkSpec without_masks(NetworkSpec network);

}  // namespace chainrule::lesson
