// Nearest point on the decision boundary by repeated linearisation: Hasofer & Lind 1974, Rackwitz & Fiessler 1978.
#include "explain/counterfactual_search.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/counter_rng.h"
#include "engine/reference/reference_network.h"
#include "math/elementary.h"

namespace chainrule::explain {
namespace {

using Point = std::vector<double>;

constexpr int kIterations = 40;
constexpr int kBisections = 40;
constexpr double kSlack = 1e-6;  ///< aims a little beyond the boundary, so that it is crossed
constexpr std::uint32_t kProbes = 300;  ///< random directions in which a nearer point is looked for
constexpr std::size_t kBeam = 6, kMostSwitches = 3, kMostGoals = 9;
constexpr std::size_t kScanned = 32, kScanPoints = 64;

double squared_distance(const Point& a, const Point& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

Point between(const Point& a, const Point& b, double t) {
  Point p(a.size());
  for (std::size_t i = 0; i < p.size(); ++i) p[i] = a[i] + t * (b[i] - a[i]);
  return p;
}

/// Value and gradient of a goal's margin; negative is reached.
class Margin {
 public:
  Margin(const NetworkSpec& spec, std::span<const float> parameters) : network_(spec, {}, 1) {
    network_.parameters().assign(parameters.begin(), parameters.end());
    batch_.x.reshape(1, spec.inputs);
    batch_.weights = {1};
    batch_.ids = {0};
  }

  double value(const Goal& goal, const Point& x) {
    run(x);
    return of_outputs(goal);
  }
  /// The smallest over all goals.
  double nearest(const std::vector<Goal>& goals, const Point& x) {
    run(x);
    double least = INFINITY;
    for (const Goal& goal : goals) least = std::min(least, of_outputs(goal));
    return least;
  }
  const Point& gradient(const Goal& goal, const Point& x) {
    run(x);
    network_.output_gradient().reshape(1, goal.weights.size());
    network_.output_gradient().values = goal.weights;
    network_.backward(true);
    return network_.input().dx.values;
  }

 private:
  void run(const Point& x) {
    batch_.x.values = x;
    network_.forward(batch_, reference::Mode::predict, {});
  }
  double of_outputs(const Goal& goal) const {
    double sum = goal.offset;
    for (std::size_t o = 0; o < goal.weights.size(); ++o) sum += goal.weights[o] * network_.layers().back().a(0, o);
    return sum;
  }

  reference::ReferenceNetwork<double> network_;
  reference::Batch<double> batch_;
};

class Search {
 public:
  explicit Search(const CounterfactualProblem& problem) : p_(problem), margin_(problem.network, problem.parameters) { choose_goals(); }

  CounterfactualPoints run() {
    try_switches();
    for (const Point& seed : p_.seeds) try_seed(seed);
    for (std::uint32_t i = 0; best_ && i < kProbes; ++i) probe(i);
    CounterfactualPoints points;
    if (!best_) return points;
    points.closest = {true, *best_, std::sqrt(squared_distance(*best_, p_.x))};
    const Point fewest = find_fewest();
    points.fewest = {true, fewest, std::sqrt(squared_distance(fewest, p_.x))};
    return points;
  }

 private:
  /// The rivals that are nearest already.
  void choose_goals() {
    std::vector<std::pair<double, std::size_t>> order;
    for (std::size_t i = 0; i < p_.goals.size(); ++i) order.push_back({margin_.value(p_.goals[i], p_.x), i});
    std::sort(order.begin(), order.end());
    for (std::size_t i = 0; i < std::min(kMostGoals, order.size()); ++i) goals_.push_back(p_.goals[order[i].second]);
  }

  void offer(const Point& x) {
    if (!best_ || squared_distance(x, p_.x) < squared_distance(*best_, p_.x)) best_ = x;
  }

  // ---- numbers ----

  /// The first point on the way from a to b (which reaches the goal) that does.
  Point first_reached(const Goal& goal, const Point& a, const Point& b) {
    double low = 0, high = 1;
    for (int i = 0; i < kBisections; ++i) {
      const double middle = 0.5 * (low + high);
      (margin_.value(goal, between(a, b, middle)) < 0 ? high : low) = middle;
    }
    return between(a, b, high);
  }

  /// The nearest point to `base` within the bounds at which the linearised margin g.(x - here) + m is 0, or the farthest one can go.
  Point linear_solution(const Point& base, const Point& here, const Point& g, double m, const std::vector<FreeNumber>& numbers) const {
    double wanted = -m;
    for (const FreeNumber& n : numbers) wanted += g[n.input] * (here[n.input] - base[n.input]);
    const auto moved = [&](const FreeNumber& n, double along) {
      return std::clamp(base[n.input] - along * g[n.input], n.low, n.high) - base[n.input];
    };
    const auto gain = [&](double along) {
      double sum = 0;
      for (const FreeNumber& n : numbers) sum += g[n.input] * moved(n, along);
      return sum;
    };
    double low = 0, high = 1e-6;
    while (gain(high) > wanted && high < 1e12) high *= 4;
    for (int i = 0; i < kBisections; ++i) (gain(0.5 * (low + high)) > wanted ? low : high) = 0.5 * (low + high);
    Point x = base;
    for (const FreeNumber& n : numbers) x[n.input] += moved(n, high);
    return x;
  }

  /// Where the ray from base through x reaches the goal; nothing when it does not do so soon behind x.
  std::optional<Point> on_ray(const Goal& goal, const Point& base, const Point& x) {
    for (const double farther : {1.0, 1.02, 1.1, 1.4}) {
      Point end = between(base, x, farther);
      for (const FreeNumber& n : p_.numbers) end[n.input] = std::clamp(end[n.input], n.low, n.high);
      if (margin_.value(goal, end) < 0) return first_reached(goal, base, end);
    }
    return std::nullopt;
  }

  Point linearised(const Goal& goal, const Point& base, const Point& x, const std::vector<FreeNumber>& numbers) {
    const double m = margin_.value(goal, x);
    const Point g = margin_.gradient(goal, x);
    return linear_solution(base, x, g, m + kSlack * (1 + std::abs(m)), numbers);
  }

  /// Some point of the boundary: plain steps of the linearisation from `start`.
  std::optional<Point> reach(const Goal& goal, const Point& base, const Point& start, const std::vector<FreeNumber>& numbers) {
    Point x = start;
    for (int i = 0; i < kIterations; ++i) {
      if (const std::optional<Point> found = on_ray(goal, base, x)) return found;
      const Point next = linearised(goal, base, x, numbers);
      if (squared_distance(next, x) < 1e-18) return std::nullopt;
      x = i < kIterations / 2 ? next : between(x, next, 0.5);
    }
    return std::nullopt;
  }

  /// From `start` to a boundary point that is locally nearest to `base`; they differ in `numbers` alone. Nothing when none is reached.
  std::optional<Point> solve(const Goal& goal, const Point& base, const Point& start, const std::vector<FreeNumber>& numbers) {
    if (margin_.value(goal, base) < 0) return base;
    std::optional<Point> best = reach(goal, base, start, numbers);
    for (int i = 0; best && i < kIterations; ++i) {
      const Point target = linearised(goal, base, *best, numbers);
      const double before = squared_distance(*best, base);
      bool nearer = false;
      for (double step = 1; step > 0.01 && !nearer; step *= 0.4) {
        const std::optional<Point> found = on_ray(goal, base, between(*best, target, step));
        nearer = found && squared_distance(*found, base) < before * (1 - 1e-7);
        if (nearer) best = found;
      }
      if (!nearer) break;
    }
    return best;
  }

  void solve_all(const Point& base, const Point& start) {
    for (const Goal& goal : goals_) {
      if (const std::optional<Point> found = solve(goal, base, start, p_.numbers)) offer(*found);
    }
  }

  // ---- categories ----

  bool chosen(const Point& x, std::size_t input) const { return x[input] > 0.5; }
  static void choose(Point& x, const FreeChoice& choice, std::size_t input) {
    for (const std::size_t other : choice.inputs) x[other] = 0;
    x[input] = 1;
  }
  bool same_choice(const Point& a, const Point& b, const FreeChoice& choice) const {
    return std::all_of(choice.inputs.begin(), choice.inputs.end(), [&](std::size_t k) { return a[k] == b[k]; });
  }

  /// All points that differ from x in one more category.
  std::vector<Point> switched(const Point& x) const {
    std::vector<Point> points;
    for (const FreeChoice& choice : p_.choices) {
      if (!same_choice(x, p_.x, choice)) continue;
      for (const std::size_t input : choice.inputs) {
        if (chosen(x, input)) continue;
        points.push_back(x);
        choose(points.back(), choice, input);
      }
    }
    return points;
  }

  /// No switch, then the most promising ones, one category deeper each round; numbers are solved for on top.
  void try_switches() {
    solve_all(p_.x, p_.x);
    std::vector<Point> beam = {p_.x};
    for (std::size_t depth = 0; depth < std::min(kMostSwitches, p_.choices.size()); ++depth) {
      std::vector<std::pair<double, Point>> next;
      for (const Point& x : beam) {
        for (Point& y : switched(x)) {
          if (best_ && squared_distance(y, p_.x) >= squared_distance(*best_, p_.x)) continue;
          const double m = margin_.nearest(goals_, y);
          next.push_back({m, std::move(y)});
        }
      }
      std::stable_sort(next.begin(), next.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
      if (next.size() > kBeam) next.resize(kBeam);
      beam.clear();
      for (auto& [m, x] : next) {
        solve_all(x, x);
        beam.push_back(std::move(x));
      }
    }
  }

  /// A row that reaches a goal: with its categories or with those of the row itself.
  void try_seed(const Point& seed) {
    Point base = p_.x, start = p_.x;
    for (const FreeChoice& choice : p_.choices) {
      for (const std::size_t input : choice.inputs) {
        if (chosen(seed, input)) choose(base, choice, input);
      }
    }
    for (const FreeNumber& n : p_.numbers) start[n.input] = std::clamp(seed[n.input], n.low, n.high);
    solve_all(p_.x, start);
    if (base == p_.x) return;
    for (const FreeChoice& choice : p_.choices) {
      for (const std::size_t input : choice.inputs) start[input] = base[input];
    }
    solve_all(base, start);
  }

  /// A nearer point on the sphere through the best one, in a random direction, begins another search.
  void probe(std::uint32_t number) {
    Point base = *best_, x = base;
    double squares = 0, radius = 0;
    for (const FreeNumber& n : p_.numbers) {
      radius += (x[n.input] - p_.x[n.input]) * (x[n.input] - p_.x[n.input]);
      base[n.input] = p_.x[n.input];
      const std::uint32_t word = draw({0, Purpose::subsample, 0, number, 0}, static_cast<std::uint32_t>(n.input));
      x[n.input] = math::normal_from_draw(static_cast<double>(word >> 8));
      squares += x[n.input] * x[n.input];
    }
    const double scale = squares > 0 ? 0.97 * std::sqrt(radius / squares) : 0;
    for (const FreeNumber& n : p_.numbers) x[n.input] = std::clamp(base[n.input] + scale * x[n.input], n.low, n.high);
    if (scale > 0 && margin_.nearest(goals_, x) < 0) solve_all(base, x);
  }

  // ---- few columns ----

  /// What differs between best and row, as numbers and choices, largest first.
  struct Changed { double size; std::optional<FreeNumber> number; std::size_t choice; };
  std::vector<Changed> changes(const Point& x) const {
    std::vector<Changed> list;
    for (const FreeNumber& n : p_.numbers) {
      if (x[n.input] != p_.x[n.input]) list.push_back({std::abs(x[n.input] - p_.x[n.input]), n, 0});
    }
    for (std::size_t c = 0; c < p_.choices.size(); ++c) {
      if (!same_choice(x, p_.x, p_.choices[c])) list.push_back({std::sqrt(2.0), std::nullopt, c});
    }
    std::stable_sort(list.begin(), list.end(), [](const Changed& a, const Changed& b) { return a.size > b.size; });
    return list;
  }

  Point find_fewest() {
    const Point closest = *best_;
    const std::vector<Changed> order = changes(closest);
    if (order.size() <= 1) return closest;
    if (const std::optional<Point> one = find_single()) return *one;
    for (std::size_t count = 2; count < order.size(); ++count) {
      if (const std::optional<Point> some = solve_with(order, count, closest)) return *some;
    }
    return closest;
  }

  /// One category, or one number scanned from its value to both bounds.
  std::optional<Point> find_single() {
    std::optional<Point> nearest;
    const auto take = [&](const Point& x) {
      if (!nearest || squared_distance(x, p_.x) < squared_distance(*nearest, p_.x)) nearest = x;
    };
    for (const Point& x : switched(p_.x)) {
      if (margin_.nearest(goals_, x) < 0) take(x);
    }
    std::vector<FreeNumber> numbers;
    for (const Changed& change : changes(*best_)) {
      if (change.number && numbers.size() < kScanned) numbers.push_back(*change.number);
    }
    for (const FreeNumber& n : numbers) {
      for (const double bound : {n.low, n.high}) {
        if (const std::optional<Point> x = scan(n, bound)) take(*x);
      }
    }
    return nearest;
  }

  std::optional<Point> scan(const FreeNumber& n, double bound) {
    Point end = p_.x;
    end[n.input] = bound;
    for (std::size_t i = 1; i <= kScanPoints; ++i) {
      const Point x = between(p_.x, end, static_cast<double>(i) / kScanPoints);
      for (const Goal& goal : goals_) {
        if (margin_.value(goal, x) < 0) return first_reached(goal, between(p_.x, end, static_cast<double>(i - 1) / kScanPoints), x);
      }
    }
    return std::nullopt;
  }

  std::optional<Point> solve_with(const std::vector<Changed>& order, std::size_t count, const Point& closest) {
    Point base = p_.x;
    std::vector<FreeNumber> numbers;
    for (std::size_t i = 0; i < count; ++i) {
      if (order[i].number) numbers.push_back(*order[i].number);
      else for (const std::size_t k : p_.choices[order[i].choice].inputs) base[k] = closest[k];
    }
    std::optional<Point> nearest;
    for (const Goal& goal : goals_) {
      const std::optional<Point> found = solve(goal, base, base, numbers);
      if (found && (!nearest || squared_distance(*found, p_.x) < squared_distance(*nearest, p_.x))) nearest = found;
    }
    return nearest;
  }

  const CounterfactualProblem& p_;
  Margin margin_;
  std::vector<Goal> goals_;
  std::optional<Point> best_;
};

}  // namespace

CounterfactualPoints search_counterfactual(const CounterfactualProblem& problem) { return Search(problem).run(); }

bool reaches_goal(const CounterfactualProblem& problem, const std::vector<double>& x) {
  return Margin(problem.network, problem.parameters).nearest(problem.goals, x) < 0;
}

}  // namespace chainrule::explain
