// Rows and networks of the test surfaces.
#include "lesson/surfaces.h"

#include <algorithm>
#include <cmath>

#include "net/initial_parameters.h"

namespace chainrule::lesson {
namespace {

constexpr std::size_t kOwnRows = 256;  ///< enough to see, few enough for a moment

void add_row(Surface& surface, std::initializer_list<double> x, double y) {
  for (const double value : x) surface.rows.x.push_back(static_cast<float>(value));
  surface.rows.y.push_back(static_cast<float>(y));
}

Surface empty_surface(NetworkSpec network) {
  Surface surface;
  surface.network = std::move(network);
  surface.rows.inputs = surface.network.inputs;
  surface.rows.targets = 1;
  return surface;
}

Surface own_network(const LessonSubject& own, std::uint64_t seed) {
  Surface surface;
  surface.own = &own;
  surface.network = own.network;
  surface.network.loss.l1 = surface.network.loss.l2 = surface.network.loss.max_norm = 0;
  surface.start = net::initial_parameters(surface.network, seed);
  return surface;
}

}  // namespace

Samples Surface::samples() const {
  if (own != nullptr) {
    Samples view = own->train;
    view.rows = std::min(view.rows, kOwnRows);
    return view;
  }
  return rows.samples();
}

NetworkSpec single_unit(std::size_t inputs, Activation activation, Loss loss) {
  NetworkSpec network = perceptron({inputs, 1}, activation, loss);
  network.layers[0].activation = activation;
  network.layers[0].bias = false;
  return network;
}

// With two rows the mean squared error has the Hessian x0 x0^T + x1 x1^T: each row is the root of a curvature times its axis.
Surface valley(const Valley& shape) {
  Surface surface = empty_surface(single_unit(2, Activation::identity, Loss::squared_error));
  const double c = std::cos(shape.angle), s = std::sin(shape.angle);
  const auto add = [&](double curvature, double x0, double x1) {
    const double root = std::sqrt(curvature);
    add_row(surface, {root * x0, root * x1}, root * (x0 * shape.minimum[0] + x1 * shape.minimum[1]));
  };
  add(shape.flat, c, s);
  add(shape.steep, -s, c);
  surface.start = {static_cast<float>(shape.start[0]), static_cast<float>(shape.start[1])};
  return surface;
}

double along(const Valley& shape, std::span<const float> w) {
  return std::cos(shape.angle) * (static_cast<double>(w[0]) - shape.minimum[0]) +
         std::sin(shape.angle) * (static_cast<double>(w[1]) - shape.minimum[1]);
}

double across(const Valley& shape, std::span<const float> w) {
  return -std::sin(shape.angle) * (static_cast<double>(w[0]) - shape.minimum[0]) +
         std::cos(shape.angle) * (static_cast<double>(w[1]) - shape.minimum[1]);
}

Surface noisy_regression(std::span<const double> input_deviations, double noise, std::size_t rows, Draws draws) {
  Surface surface = empty_surface(single_unit(input_deviations.size(), Activation::identity, Loss::squared_error));
  for (std::size_t r = 0; r < rows; ++r) {
    double target = noise * draws.normal();
    for (const double deviation : input_deviations) {
      const double value = deviation * draws.normal();
      surface.rows.x.push_back(static_cast<float>(value));
      target += value;
    }
    surface.rows.y.push_back(static_cast<float>(target));
  }
  surface.start.assign(input_deviations.size(), 0.0f);
  return surface;
}

// Row 1 wants tanh(3w) = 0: a well at 0 of width 1/3. Rows 2 and 3 want tanh(0.3w) = 0.9: a slope to the right, up to w = 4.9.
Surface two_wells(double start) {
  Surface surface = empty_surface(single_unit(1, Activation::tanh, Loss::squared_error));
  add_row(surface, {3}, 0);
  add_row(surface, {0.3}, 0.9);
  add_row(surface, {0.3}, 0.9);
  surface.start = {static_cast<float>(start)};
  return surface;
}

// |p w - t| has the slope p * sign(p w - t); the target lies far on the side that p pulls to.
Surface steady_pulls(std::span<const float> pulls) {
  Surface surface = empty_surface(single_unit(1, Activation::identity, Loss::absolute_error));
  for (const float pull : pulls) add_row(surface, {static_cast<double>(std::abs(pull))}, pull > 0 ? 1e9 : -1e9);
  surface.start = {0};
  return surface;
}

Surface small_network(const LessonSetting& setting, int statement) {
  if (setting.own != nullptr) return own_network(*setting.own, setting.seed);
  Surface surface = empty_surface(perceptron({3, 6, 4, 1}, Activation::tanh, Loss::squared_error));
  Draws draws(setting.seed, static_cast<std::uint32_t>(1000 * statement));
  for (int r = 0; r < 64; ++r) {
    const double a = draws.between(-1, 1), b = draws.between(-1, 1), c = draws.between(-1, 1);
    add_row(surface, {a, b, c}, 2 * a * b + 0.5 * c + 0.1 * draws.normal());
  }
  surface.start = net::initial_parameters(surface.network, setting.seed);
  return surface;
}

}  // namespace chainrule::lesson
