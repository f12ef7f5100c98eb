// What experiments run on: seeded rows of known shape, and short ways to write a network and its training down.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "chainrule/lesson.h"

namespace chainrule::lesson {

/// Seeded random numbers in a row; `stream` keeps the uses of one seed apart.
class Draws {
 public:
  Draws(std::uint64_t seed, std::uint32_t stream) : seed_(seed), stream_(stream) {}
  double uniform();                          ///< [0, 1)
  double between(double low, double high) { return low + (high - low) * uniform(); }
  double normal();                           ///< mean 0, deviation 1
  std::uint32_t below(std::uint32_t bound);  ///< 0 .. bound - 1

 private:
  std::uint64_t seed_;
  std::uint32_t stream_, used_ = 0;
};

/// Rows in memory that own their numbers: labels for classes, else y [rows, targets].
struct Rows {
  std::size_t inputs = 0, targets = 0;
  std::vector<float> x, y;
  std::vector<std::int32_t> labels;

  std::size_t size() const { return inputs == 0 ? 0 : x.size() / inputs; }
  Samples samples() const { return part(0, size()); }
  /// A view of `count` rows from `first` on.
  Samples part(std::size_t first, std::size_t count) const;
};

// Two inputs, two classes. `noise` is the deviation added to both inputs.
Rows two_moons(std::size_t rows, double noise, std::uint64_t seed);
Rows two_spirals(std::size_t rows, double noise, std::uint64_t seed);
Rows two_rings(std::size_t rows, double noise, std::uint64_t seed);
/// Two inputs in [-1, 1), one target: a smooth hilly surface plus noise.
Rows hilly_surface(std::size_t rows, double noise, std::uint64_t seed);
/// Like small images of digits: `classes` random prototypes in [0, 1)^inputs, each row its class's prototype plus noise.
Rows digit_clusters(std::size_t rows, std::size_t classes, std::size_t inputs, double noise, std::uint64_t seed);
/// Sparse: each row has one 1 in each of two groups of columns/2 inputs, low columns being common and high ones rare; one target, the sum of
/// two random effects plus noise. The effects depend on the seed alone.
Rows one_hot_words(std::size_t rows, std::size_t columns, double noise, std::uint64_t seed);

/// Layers of these widths, inputs first; the last layer is linear.
NetworkSpec perceptron(const std::vector<std::size_t>& widths, Activation activation, Loss loss);
/// default_optimizer(name_and_form) with this rate.
TrainingSpec training_with(std::string_view optimizer, double learning_rate, std::uint64_t seed);

/// A subject of `train` and `validation` rows; views only.
LessonSubject subject_of(NetworkSpec network, TrainingSpec training, const Samples& train, const Samples& validation = {});
/// The user's subject when there is one, with the setting's seed; else `built_in`.
LessonSubject chosen(const LessonSetting& setting, const LessonSubject& built_in);

/// 0 .. rows - 1.
std::vector<std::uint32_t> all_rows(std::size_t rows);

}  // namespace chainrule::lesson
