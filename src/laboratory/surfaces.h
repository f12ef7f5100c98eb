// Test surfaces: functions of two weights, walked by the engine's own optimisers.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "chainrule/laboratory.h"

namespace chainrule::laboratory {

struct Point { double x = 0, y = 0; };

/// Height above the minimum and its slope.
struct Ground { double height = 0; Point slope; };

/// A surface of race_surfaces() together with its function.
struct Surface {
  SurfaceInfo info;
  Ground (*at)(double x, double y);
};
const std::vector<Surface>& surfaces();
/// Throws Error E0202 with the nearest name.
const Surface& find_surface(std::string_view name);

/// Heights count as at least this: below, single precision decides.
constexpr double kLowestHeight = 1e-12;
/// A run that leaves for good counts as this high.
constexpr double kLostHeight = 1e12;

struct SurfaceWalk {
  std::vector<double> heights;  ///< log10 of the height, clamped to the two limits, at steps 0, 1, ..., steps
  std::vector<Point> path;      ///< the same steps
  bool diverged = false;
};

/// `steps` updates from the start that belongs to `seed`. The two weights are those of a layer with one input of 1 and two outputs, so
/// that dL/d(output) is the surface's slope: forward, backward and update are the training engine's.
SurfaceWalk walk_surface(const Surface& surface, const TrainingSpec& training, std::uint64_t seed, std::uint64_t steps);

}  // namespace chainrule::laboratory
