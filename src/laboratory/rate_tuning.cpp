// The search for a learning rate.
#include "laboratory/rate_tuning.h"

#include <algorithm>
#include <cmath>

namespace chainrule::laboratory {
namespace {

class Search {
 public:
  Search(const TuningBudget& budget, const ScoreRates& score) : budget_(budget), score_(score) {}

  TunedRate run() {
    const std::size_t trials = std::max<std::size_t>(3, budget_.trials);
    const std::size_t pairs = trials * 2 / 10, grid = trials - 2 * pairs;
    const double low = std::log10(budget_.lowest), span = std::log10(budget_.highest) - low;
    double step = span / static_cast<double>(grid - 1);
    std::vector<double> logs;
    for (std::size_t i = 0; i < grid; ++i) logs.push_back(low + step * static_cast<double>(i));
    try_all(logs);
    for (std::size_t i = 0; i < pairs; ++i) {
      step /= 2;
      const double middle = best_log();
      try_all({std::max(low, middle - step), std::min(low + span, middle + step)});
    }
    return result();
  }

 private:
  struct Point { double log, score; };

  void try_all(const std::vector<double>& logs) {
    std::vector<double> rates;
    for (const double log : logs) rates.push_back(std::pow(10, log));
    const std::vector<double> scores = score_(rates);
    for (std::size_t i = 0; i < logs.size(); ++i) points_.push_back({logs[i], scores[i]});
    std::stable_sort(points_.begin(), points_.end(), [](const Point& a, const Point& b) { return a.log < b.log; });
  }

  double best_log() const {
    return std::min_element(points_.begin(), points_.end(), [](const Point& a, const Point& b) { return a.score < b.score; })->log;
  }

  TunedRate result() const {
    TunedRate tuned;
    tuned.rate = std::pow(10, best_log());
    tuned.at_edge = best_log() == points_.front().log || best_log() == points_.back().log;
    for (const Point& point : points_) tuned.trials.push_back({std::pow(10, point.log), point.score});
    return tuned;
  }

  const TuningBudget& budget_;
  const ScoreRates& score_;
  std::vector<Point> points_;
};

}  // namespace

TunedRate tune_rate(const TuningBudget& budget, const ScoreRates& score) { return Search(budget, score).run(); }

}  // namespace chainrule::laboratory
