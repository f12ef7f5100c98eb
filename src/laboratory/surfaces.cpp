// The surfaces, and walks on them.
#include "laboratory/surfaces.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/counter_rng.h"
#include "chainrule/error.h"
#include "engine/plan.h"
#include "math/elementary.h"
#include "math/optimizers.h"

namespace chainrule::laboratory {
namespace {

// A long narrow valley: curvatures 1 along, 50 across. Plain gradient descent does best at rate 2/(50 + 1).
Ground valley(double x, double y) { return {0.5 * (x * x + 50 * y * y), {x, 50 * y}}; }

// A saddle at the origin between minima at (0, 1) and (0, -1).
Ground saddle(double x, double y) {
  const double v = y * y - 1;
  return {0.5 * x * x + 0.25 * v * v, {x, y * v}};
}

// Rosenbrock 1960, "An automatic method for finding the greatest or least value of a function".
Ground rosenbrock(double x, double y) {
  const double across = y - x * x;
  return {(1 - x) * (1 - x) + 100 * across * across, {-2 * (1 - x) - 400 * x * across, 200 * across}};
}

// Beale 1958, "On an iterative method for finding a local minimum of a function of more than one variable".
Ground beale(double x, double y) {
  constexpr std::array kOffsets = {1.5, 2.25, 2.625};
  Ground ground;
  double power = 1;
  for (std::size_t i = 0; i < kOffsets.size(); ++i) {
    const double before = power;  // y^i
    power *= y;
    const double term = kOffsets[i] - x + x * power;
    ground.height += term * term;
    ground.slope.x += 2 * term * (power - 1);
    ground.slope.y += 2 * term * x * static_cast<double>(i + 1) * before;
  }
  return ground;
}

// Flat far out, a bowl in the middle: r^2/(1 + r^2), Geman & McClure's (1985) robust error.
Ground plateau(double x, double y) {
  const double square = x * x + y * y, scale = 2 / ((1 + square) * (1 + square));
  return {square / (1 + square), {scale * x, scale * y}};
}

bool lost(const Ground& ground) { return !std::isfinite(ground.height) || ground.height > kLostHeight; }

double log_height(const Ground& ground) { return std::log10(lost(ground) ? kLostHeight : std::max(ground.height, kLowestHeight)); }

Point start_of(const SurfaceInfo& info, std::uint64_t seed) {
  const auto offset = [&](std::uint32_t axis) {
    const std::uint32_t word = draw({seed, Purpose::initial_weights, 0, 0, axis}, 0);
    return info.start_spread * (static_cast<double>(word >> 8) * 0x1p-23 - 1);
  };
  return {info.start_x + offset(0), info.start_y + offset(1)};
}

/// The noise of one step: the same for every optimiser with this seed.
Point noise_of(const SurfaceInfo& info, std::uint64_t seed, std::uint64_t step) {
  if (info.noise == 0) return {};
  const auto deviate = [&](std::uint32_t axis) {
    const std::uint32_t word = draw({seed, Purpose::input_noise, 0, static_cast<std::uint32_t>(step), axis}, 0);
    return info.noise * static_cast<double>(math::normal_from_draw(static_cast<float>(word >> 8)));
  };
  return {deviate(0), deviate(1)};
}

/// A layer with the two coordinates as its weights, under the engine's optimiser.
class Walker {
 public:
  explicit Walker(const TrainingSpec& training) : training_(training) {
    network_.inputs = 1;
    network_.layers.resize(1);
    network_.layers[0].units = 2;
    network_.layers[0].activation = Activation::identity;
    network_.layers[0].bias = false;
    PlanOptions options;
    options.threads = 1;
    options.max_batch = 1;
    plan_ = engine::make_plan(network_, training_, options);
    samples_.x = &one_;
    samples_.y = zeros_.data();
    samples_.rows = 1;
    samples_.inputs = 1;
    samples_.targets = 2;
  }

  void start(Point point) {
    constexpr engine::Part kStates[] = {engine::Part::state0, engine::Part::state1, engine::Part::state2, engine::Part::state3};
    plan_->load(engine::Part::parameters, std::array{static_cast<float>(point.x), static_cast<float>(point.y)});
    for (std::size_t s = 0; s < math::state_count(training_.optimizer); ++s) {
      const float value = static_cast<float>(math::state_start(training_.optimizer, s));
      plan_->load(kStates[s], std::array{value, value});
    }
  }

  Point forward(std::uint64_t step) {
    control_.step = step;
    const OptimizerSpec& optimizer = training_.optimizer;
    control_.update = math::update_constants(optimizer, step, optimizer.learning_rate, optimizer.weight_decay);
    const std::span<const float> weights = plan_->forward(samples_, row_, engine::Mode::train, control_);
    return {static_cast<double>(weights[0]), static_cast<double>(weights[1])};
  }

  void backward_and_update(Point slope) {
    plan_->backward(std::array{static_cast<float>(slope.x), static_cast<float>(slope.y)}, {});
    plan_->update(control_);
  }

 private:
  NetworkSpec network_;
  TrainingSpec training_;
  std::unique_ptr<engine::Plan> plan_;
  Samples samples_;
  float one_ = 1;
  std::array<float, 2> zeros_{};
  std::array<std::uint32_t, 1> row_{0};
  engine::StepControl control_;
};

}  // namespace

const std::vector<Surface>& surfaces() {
  static const std::vector<Surface> table = {{{"valley",
                                               "(x^2 + 50 y^2)/2",
                                               "a narrow valley, 50 times steeper across than along",
                                               -5,
                                               2,
                                               -1.5,
                                               1.5,
                                               {{0, 0}},
                                               -4,
                                               1,
                                               0.4,
                                               100,
                                               0},
                                              valley},
                                             {{"saddle",
                                               "x^2/2 + (y^2 - 1)^2/4",
                                               "a start near the ridge that leads to a saddle point",
                                               -2,
                                               2,
                                               -1.6,
                                               1.6,
                                               {{0, 1}, {0, -1}},
                                               -1.5,
                                               0,
                                               0.02,
                                               40,
                                               0},
                                              saddle},
                                             {{"rosenbrock",
                                               "(1 - x)^2 + 100 (y - x^2)^2",
                                               "a bent valley with a nearly flat floor",
                                               -2,
                                               2,
                                               -1,
                                               3,
                                               {{1, 1}},
                                               -1.2,
                                               1,
                                               0.2,
                                               500,
                                               0},
                                              rosenbrock},
                                             {{"beale",
                                               "(1.5 - x + xy)^2 + (2.25 - x + xy^2)^2 + (2.625 - x + xy^3)^2",
                                               "a flat basin between steep corners",
                                               -2,
                                               4.5,
                                               -2,
                                               2.5,
                                               {{3, 0.5}},
                                               1,
                                               1.2,
                                               0.2,
                                               300,
                                               0},
                                              beale},
                                             {{"noisy-plateau",
                                               "r^2/(1 + r^2), noisy slopes",
                                               "almost flat at the start, and the slope drowns in noise",
                                               -5,
                                               2,
                                               -3,
                                               3,
                                               {{0, 0}},
                                               -3.5,
                                               1.5,
                                               0.4,
                                               500,
                                               0.05},
                                              plateau}};
  return table;
}

const Surface& find_surface(std::string_view name) {
  std::vector<std::string_view> names;
  for (const Surface& surface : surfaces()) {
    if (surface.info.name == name) return surface;
    names.push_back(surface.info.name);
  }
  const std::string nearest = nearest_name(name, names);
  std::string all;
  for (const std::string_view known : names) all += (all.empty() ? "" : ", ") + std::string(known);
  throw Error("E0202", "--surface", "there is no surface \"" + std::string(name) + "\"",
              nearest.empty() ? "there are " + all + " and all" : "did you mean " + nearest + "?");
}

SurfaceWalk walk_surface(const Surface& surface, const TrainingSpec& training, std::uint64_t seed, std::uint64_t steps) {
  Walker walker(training);
  walker.start(start_of(surface.info, seed));
  SurfaceWalk walk;
  for (std::uint64_t step = 1;; ++step) {
    const Point point = walker.forward(step);
    const Ground ground = surface.at(point.x, point.y);
    walk.path.push_back(point);
    walk.heights.push_back(log_height(ground));
    if ((walk.diverged = lost(ground)) || step > steps) break;
    const Point noise = noise_of(surface.info, seed, step);
    walker.backward_and_update({ground.slope.x + noise.x, ground.slope.y + noise.y});
  }
  walk.heights.resize(steps + 1, std::log10(kLostHeight));
  return walk;
}

}  // namespace chainrule::laboratory
