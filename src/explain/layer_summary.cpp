// Sums over the traces of the reference engine.
#include "explain/layer_summary.h"

#include <algorithm>
#include <cmath>

namespace chainrule::explain {
namespace {

double largest(const std::vector<double>& values, double result) {
  for (const double value : values) result = std::max(result, std::abs(value));
  return result;
}

double squares(const std::vector<double>& values, double factor) {
  double sum = 0;
  for (const double value : values) sum += factor * value * factor * value;
  return sum;
}

}  // namespace

LayerSummaries::LayerSummaries(const NetworkSpec& spec) : active_(spec.layers.size()) {
  for (std::size_t l = 0; l < spec.layers.size(); ++l) {
    layers_.push_back({"layers." + std::to_string(l), std::string(name(spec.layers[l].activation)), spec.layers[l].units});
    spoke_.emplace_back(spec.layers[l].units);
  }
}

void LayerSummaries::add(const Network& network, double share) {
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const auto& t = network.layers()[l];
    LayerSummary& s = layers_[l];
    s.largest_z = largest(t.z.values, s.largest_z);
    s.largest_a = largest(t.a.values, s.largest_a);
    s.da_norm += squares(t.da.values, share);
    s.dz_norm += squares(t.dz.values, share);
    for (std::size_t i = 0; i < t.a.values.size(); ++i) {
      if (t.a.values[i] == 0) continue;
      ++active_[l];
      spoke_[l][i % s.units] = true;
    }
  }
  rows_ += network.layers().back().a.rows;
}

std::vector<LayerSummary> LayerSummaries::finish() && {
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    LayerSummary& s = layers_[l];
    s.da_norm = std::sqrt(s.da_norm);
    s.dz_norm = std::sqrt(s.dz_norm);
    s.active = static_cast<double>(active_[l]) / static_cast<double>(std::max<std::size_t>(1, rows_ * s.units));
    s.silent = static_cast<std::size_t>(std::count(spoke_[l].begin(), spoke_[l].end(), false));
  }
  return std::move(layers_);
}

}  // namespace chainrule::explain
