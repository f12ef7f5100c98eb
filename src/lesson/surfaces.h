// Loss surfaces that the engine itself descends: networks of a few weights whose rows make valleys, bowls and false minima.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "chainrule/lesson.h"
#include "lesson/subject.h"

namespace chainrule::lesson {

/// A network, its rows and where its parameters start (named layout order).
struct Surface {
  NetworkSpec network;
  Rows rows;
  std::vector<float> start;
  const LessonSubject* own = nullptr;  ///< when set, the user's training rows take the place of `rows`

  Samples samples() const;
};

/// One unit without a bias.
NetworkSpec single_unit(std::size_t inputs, Activation activation, Loss loss);

/// L(w) = (flat a^2 + steep b^2)/2 exactly, a and b the distance from `minimum` along the two axes, which are turned by `angle`:
/// a linear unit with two weights under squared error, two rows. The curvatures (eigenvalues of the Hessian) are flat and steep.
struct Valley {
  double flat = 1, steep = 50, angle = 0;
  double minimum[2] = {0, 0}, start[2] = {1, 1};
};
Surface valley(const Valley& shape);
/// The parts of w - minimum along the flat axis, the floor, and along the steep one.
double along(const Valley& shape, std::span<const float> w);
double across(const Valley& shape, std::span<const float> w);

/// `rows` rows of a linear unit: inputs normal with these deviations, targets from weights of 1 plus noise. Starts at 0.
Surface noisy_regression(std::span<const double> input_deviations, double noise, std::size_t rows, Draws draws);

/// One weight, three rows: a narrow well near w = 0 (one row wants 0) and a lower, wide one near 5 (two rows want more).
Surface two_wells(double start);
/// The ridge between the wells lies at about this weight; a weight beyond it has got out of the poor one.
constexpr double kRidge = 1.0;

/// One weight w, start 0, absolute error: row r has gradient -pulls[r], whatever w is (while |w| < 1e6).
Surface steady_pulls(std::span<const float> pulls);

/// A small tanh network with two hidden layers on 64 rows of a curved regression; or the user's own network, without penalties, on at
/// most 256 of its rows.
Surface small_network(const LessonSetting& setting, int statement);

}  // namespace chainrule::lesson
