// Seeded rows of known shape, and short ways to write a network and its training down.
#include "lesson/subject.h"

#include <cmath>
#include <numbers>
#include <numeric>

#include "base/counter_rng.h"
#include "math/elementary.h"

namespace chainrule::lesson {
namespace {

constexpr double kPi = std::numbers::pi;

void add_point(Rows& rows, double x, double y, double noise, Draws& draws) {
  rows.x.push_back(static_cast<float>(x + noise * draws.normal()));
  rows.x.push_back(static_cast<float>(y + noise * draws.normal()));
}

/// Two classes in turn; `place(class, share along the class's curve)` gives a point.
template <class Place>
Rows two_curves(std::size_t count, double noise, std::uint64_t seed, std::uint32_t stream, Place place) {
  Draws draws(seed, stream);
  Rows rows;
  rows.inputs = 2;
  for (std::size_t r = 0; r < count; ++r) {
    const int label = static_cast<int>(r % 2);
    const auto [x, y] = place(label, draws.uniform());
    add_point(rows, x, y, noise, draws);
    rows.labels.push_back(label);
  }
  return rows;
}

struct Point { double x, y; };

}  // namespace

double Draws::uniform() {
  return (draw({seed_, Purpose::subsample, stream_, 0, 0}, used_++) >> 8) * 0x1p-24;
}

double Draws::normal() {
  const std::uint32_t word = draw({seed_, Purpose::subsample, stream_, 0, 0}, used_++);
  return static_cast<double>(math::normal_from_draw(static_cast<float>(word >> 8)));
}

std::uint32_t Draws::below(std::uint32_t bound) {
  return draw_below({seed_, Purpose::subsample, stream_, 0, 0}, used_++, bound);
}

Samples Rows::part(std::size_t first, std::size_t count) const {
  Samples view;
  view.x = x.data() + first * inputs;
  if (!labels.empty()) view.labels = labels.data() + first;
  else view.y = y.data() + first * targets;
  view.rows = count;
  view.inputs = inputs;
  view.targets = targets;
  return view;
}

Rows two_moons(std::size_t rows, double noise, std::uint64_t seed) {
  return two_curves(rows, noise, seed, 101, [](int label, double share) {
    const double angle = kPi * share, c = std::cos(angle), s = std::sin(angle);
    return label == 0 ? Point{c - 0.5, s - 0.25} : Point{0.5 - c, 0.25 - s};
  });
}

Rows two_spirals(std::size_t rows, double noise, std::uint64_t seed) {
  return two_curves(rows, noise, seed, 102, [](int label, double share) {
    const double radius = 0.1 + share, angle = 3 * kPi * share + kPi * label;
    return Point{radius * std::cos(angle), radius * std::sin(angle)};
  });
}

Rows two_rings(std::size_t rows, double noise, std::uint64_t seed) {
  return two_curves(rows, noise, seed, 103, [](int label, double share) {
    const double radius = label == 0 ? 0.4 : 1.0, angle = 2 * kPi * share;
    return Point{radius * std::cos(angle), radius * std::sin(angle)};
  });
}

Rows hilly_surface(std::size_t count, double noise, std::uint64_t seed) {
  Draws draws(seed, 104);
  Rows rows;
  rows.inputs = 2;
  rows.targets = 1;
  for (std::size_t r = 0; r < count; ++r) {
    const double u = draws.between(-1, 1), v = draws.between(-1, 1);
    rows.x.push_back(static_cast<float>(u));
    rows.x.push_back(static_cast<float>(v));
    rows.y.push_back(static_cast<float>(std::sin(3 * u) * std::cos(2 * v) + 0.5 * u * v + noise * draws.normal()));
  }
  return rows;
}

Rows digit_clusters(std::size_t count, std::size_t classes, std::size_t inputs, double noise, std::uint64_t seed) {
  Draws shapes(seed, 105), draws(seed, 106);
  std::vector<double> prototypes(classes * inputs);
  for (double& value : prototypes) value = shapes.uniform();
  Rows rows;
  rows.inputs = inputs;
  for (std::size_t r = 0; r < count; ++r) {
    const std::size_t label = r % classes;
    for (std::size_t k = 0; k < inputs; ++k) rows.x.push_back(static_cast<float>(prototypes[label * inputs + k] + noise * draws.normal()));
    rows.labels.push_back(static_cast<std::int32_t>(label));
  }
  return rows;
}

Rows one_hot_words(std::size_t count, std::size_t columns, double noise, std::uint64_t seed) {
  Draws meanings(seed, 107), draws(seed, 108);
  const std::size_t half = columns / 2;
  std::vector<double> effects(2 * half);
  for (double& effect : effects) effect = meanings.normal();
  Rows rows;
  rows.inputs = 2 * half;
  rows.targets = 1;
  rows.x.assign(count * rows.inputs, 0.0f);
  for (std::size_t r = 0; r < count; ++r) {
    double sum = noise * draws.normal();
    for (std::size_t group = 0; group < 2; ++group) {
      const double u = draws.uniform();  // u^3: the first columns take most rows
      const std::size_t column = group * half + static_cast<std::size_t>(u * u * u * static_cast<double>(half));
      rows.x[r * rows.inputs + column] = 1;
      sum += effects[column];
    }
    rows.y.push_back(static_cast<float>(sum));
  }
  return rows;
}

NetworkSpec perceptron(const std::vector<std::size_t>& widths, Activation activation, Loss loss) {
  NetworkSpec network;
  network.inputs = widths.front();
  for (std::size_t l = 1; l < widths.size(); ++l) {
    LayerSpec layer;
    layer.units = widths[l];
    layer.activation = activation;
    network.layers.push_back(layer);
  }
  network.layers.back().activation = Activation::identity;
  network.loss.kind = loss;
  return network;
}

TrainingSpec training_with(std::string_view optimizer, double learning_rate, std::uint64_t seed) {
  TrainingSpec training;
  training.optimizer = default_optimizer(optimizer);
  training.optimizer.learning_rate = learning_rate;
  training.seed = seed;
  return training;
}

LessonSubject subject_of(NetworkSpec network, TrainingSpec training, const Samples& train, const Samples& validation) {
  return {std::move(network), std::move(training), train, validation, false};
}

LessonSubject chosen(const LessonSetting& setting, const LessonSubject& built_in) {
  LessonSubject subject = setting.own != nullptr ? *setting.own : built_in;
  subject.training.seed = setting.seed;
  return subject;
}

std::vector<std::uint32_t> all_rows(std::size_t rows) {
  std::vector<std::uint32_t> numbers(rows);
  std::iota(numbers.begin(), numbers.end(), 0u);
  return numbers;
}

}  // namespace chainrule::lesson
