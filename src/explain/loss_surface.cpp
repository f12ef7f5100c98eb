// Forward and backward over any number of rows, a chunk at a time.
#include "explain/loss_surface.h"

#include <algorithm>

#include "train/trainer.h"

namespace chainrule::explain {
namespace {

constexpr std::size_t kChunkRows = 256;


}  // namespace

LossSurface::LossSurface(const NetworkSpec& spec, const TrainingSpec& training, std::span<const float> parameters, const Samples& samples,
                         std::span<const std::uint32_t> rows)
    : network_(spec, training, std::min(kChunkRows, rows.size())), samples_(samples), rows_(rows), gradients_(parameters.size()) {
  network_.parameters().assign(parameters.begin(), parameters.end());
}

void LossSurface::train_as(const engine::StepControl& control) {
  mode_ = reference::Mode::train;
  control_ = control;
}

double LossSurface::loss() { return walk(false, {}, false); }
double LossSurface::backward(const Visit& visit, bool to_inputs) { return walk(true, visit, to_inputs); }

double LossSurface::weight_of(std::span<const std::uint32_t> rows) const {
  if (samples_.weights == nullptr) return static_cast<double>(rows.size());
  double sum = 0;
  for (const std::uint32_t row : rows) sum += static_cast<double>(samples_.weights[row]);
  return sum;
}

double LossSurface::walk(bool backward, const Visit& visit, bool to_inputs) {
  const bool moving = mode_ == reference::Mode::train && training::has_batch_norm(network_.spec());
  const std::size_t step = moving ? rows_.size() : kChunkRows;
  const double total = weight_of(rows_);
  double loss = 0;
  if (backward) std::fill(gradients_.begin(), gradients_.end(), 0.0);
  if (moving) kept_parameters_ = network_.parameters();
  for (std::size_t first = 0; first < rows_.size(); first += step) {
    const std::span<const std::uint32_t> chunk = rows_.subspan(first, std::min(step, rows_.size() - first));
    const double share = total > 0 ? static_cast<double>(chunk.size()) / total : 0;
    reference::gather(samples_, chunk, batch_);
    if (adjust) adjust(batch_, first);
    network_.forward(batch_, mode_, control_);
    loss += share * network_.loss(batch_);
    if (!backward) continue;
    network_.backward(to_inputs);
    for (std::size_t i = 0; i < gradients_.size(); ++i) gradients_[i] += share * network_.gradients()[i];
    if (visit) visit(batch_, first, share);
  }
  if (moving) network_.parameters() = kept_parameters_;  // forward moved the running statistics
  return loss;
}

}  // namespace chainrule::explain
