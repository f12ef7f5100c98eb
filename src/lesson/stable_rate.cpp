// Rates that a user's own network can take.
#include "lesson/stable_rate.h"

#include <algorithm>

#include "explain/curvature.h"
#include "lesson/subject.h"
#include "net/initial_parameters.h"

namespace chainrule::lesson {
namespace {

constexpr std::size_t kRows = 256, kIterations = 24;
constexpr double kShareOfLimit = 0.25;

}  // namespace

double stable_rate(const LessonSetting& setting, const LessonSubject& subject, double wanted) {
  if (setting.own == nullptr) return wanted;
  reference::Batch<double> batch;
  reference::gather(subject.train, all_rows(std::min(kRows, subject.train.rows)), batch);
  const std::vector<float> start = net::initial_parameters(subject.network, subject.training.seed);
  NetworkSpec quiet = subject.network;  // masks and noise are no curvature
  quiet.input_dropout.rate = quiet.input_noise = 0;
  for (LayerSpec& layer : quiet.layers) layer.dropout.rate = 0;
  explain::Curvature curvature(quiet, subject.training, start, std::move(batch));
  const double largest = explain::extreme_curvature(curvature, {}, kIterations).largest;
  return largest > 0 ? std::min(wanted, kShareOfLimit * 2 / largest) : wanted;
}

}  // namespace chainrule::lesson
