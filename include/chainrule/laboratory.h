// Experiments that compare: optimisers in a race, kinds and rates of dropout; many seeds, and how sure the verdict is.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "chainrule/train.h"

namespace chainrule {

/// A mean over seeds with its 95 % confidence interval.
struct Estimate {
  double mean = 0, low = 0, high = 0;
};

/// Who listens to many runs. on_progress is called from one thread at a time, but not always the same; it must not throw.
struct LaboratoryWatch {
  std::function<void(const std::string& stage, std::size_t done, std::size_t total)> on_progress;
  const std::atomic<bool>* stop = nullptr;  ///< becomes true: end the reading, or finish the runs in hand, then throw Error E0590
};

// ---- race

struct RaceSettings {
  std::vector<std::string> optimizers = {"sgd", "momentum", "momentum:nesterov", "rmsprop",
                                         "adam"};  ///< names as default_optimizer() takes them
  std::size_t seeds = 10;                          ///< of the race itself, at least 2
  std::size_t tuning_seeds = 0;                    ///< others, on which the learning rates are chosen; 0: 10 on surfaces, 3 on data
  std::size_t trials = 0;                          ///< learning rates tried for each optimiser; 0: 33 on surfaces, 15 on data
  double lowest_rate = 1e-5, highest_rate = 10;
  std::uint64_t steps = 0;  ///< on surfaces; 0: as many as the surface asks for
  std::uint64_t seed = 0;   ///< the first seed
  int threads = 0;          ///< runs at the same time; results do not depend on it
};

struct RateTrial {
  double rate = 0, score = 0;
};  ///< score: mean over the tuning seeds; infinite when a run diverged

/// One optimiser's part of a race.
struct RaceLane {
  std::string optimizer;
  double rate = 0;                ///< the tuned learning rate
  bool at_edge = false;           ///< the best rate tried is the lowest or highest allowed
  std::vector<RateTrial> trials;  ///< by rate
  std::vector<double> scores;     ///< one for each seed of the race; lower is better
  Estimate score;
  std::size_t diverged = 0;            ///< runs of the race that did
  std::vector<double> curve_x;         ///< steps (surfaces) or epochs (data)
  std::vector<Estimate> curve;         ///< surfaces: log10 of the loss above the minimum; data: validation loss
  std::vector<double> training_curve;  ///< data: mean training loss of each epoch
  std::vector<double> path_x, path_y;  ///< surfaces: where the first seed's run went, step by step
  double median_steps = 0;             ///< surfaces: steps to a loss of 1e-3 above the minimum, infinite when less than half get there
  std::size_t arrived = 0;             ///< surfaces: runs that got there
  double seconds = 0;                  ///< data: median time of a run; depends on the machine
  double best_share = 0;               ///< how often it has the best mean when the seeds are drawn again
};

/// Two lanes compared seed by seed; difference = score of a minus score of b.
struct RaceComparison {
  std::string a, b;
  Estimate difference;
  std::size_t a_wins = 0, b_wins = 0;  ///< the rest are ties
  double p = 1, adjusted_p = 1;        ///< adjusted by Holm's method over all pairs
};

struct Race {
  std::string name;  ///< of the surface, or the data's path
  bool on_data = false;
  std::string score_name;                   ///< what `score` is
  std::string test;                         ///< the statistical test behind p
  std::vector<RaceLane> lanes;              ///< best mean score first
  std::vector<RaceComparison> comparisons;  ///< every pair, smallest p first
  std::string winner;                       ///< better than every other with adjusted p < 0.05; "" when there is none
  std::vector<std::string> leaders;         ///< the best lane, and all it cannot be told from
  std::string verdict;                      ///< in words
  std::vector<std::string> notes;           ///< budget, edges, what the number of seeds cannot show
  std::vector<std::string> decisions;       ///< data: what the program chose by itself
};

/// A function of two weights with its own start region and number of steps.
struct SurfaceInfo {
  std::string name, formula, what;
  double x_low, x_high, y_low, y_high;  ///< the part worth drawing
  std::vector<std::pair<double, double>> minima;
  double start_x, start_y, start_spread;  ///< a start is drawn evenly from start +- spread
  std::uint64_t steps;
  double noise;  ///< deviation of the noise added to each slope
};
const std::vector<SurfaceInfo>& race_surfaces();
/// Height above the minimum. Throws Error E0202 with the nearest name.
double surface_height(const std::string& surface, double x, double y);

/// Same starts and the same noise for every optimiser. Throws E0202, E0203 (optimiser), E0102 (settings).
Race race_on_surface(const std::string& surface, const RaceSettings& settings, const LaboratoryWatch& watch = {});
/// Same splits, starts and batches for every optimiser; the score is the lowest validation loss over the epochs. training.epochs counts;
/// early stopping does not apply. Throws what train() throws on bad data and settings; E0106 for lbfgs.
Race race_on_data(const std::string& data, const TrainSettings& training, const RaceSettings& settings, const LaboratoryWatch& watch = {});

// ---- dropout

struct DropoutSettings {
  std::vector<DropoutKind> kinds;  ///< empty: every kind the network can have (alpha only behind selu)
  std::vector<double> rates = {0.1, 0.2, 0.35, 0.5};
  std::size_t seeds = 10;    ///< each with its own split, start, batches and masks; at least 2
  std::size_t samples = 30;  ///< predictions with dropout left on, for the intervals of a regression
  int threads = 0;           ///< runs at the same time; results other than times do not depend on it
};

/// One kind and rate over all seeds; rate 0 is no dropout.
struct DropoutRow {
  DropoutSpec dropout;
  Estimate train_loss, validation_loss, gap;  ///< without masks; gap = validation - train
  Estimate score;                             ///< accuracy, or rmse
  Estimate calibration;                       ///< expected calibration error, or share of truths inside the 90 % interval
  Estimate log_loss;                          ///< classification
  Estimate epochs;                            ///< until the epoch that is kept
  double epoch_seconds = 0;                   ///< median; depends on the machine
  std::size_t diverged = 0;
  Estimate difference;           ///< validation loss minus that of no dropout, seed by seed
  double p = 1, adjusted_p = 1;  ///< of no difference; adjusted by Holm's method over all rows
  double best_share = 0;         ///< how often it has the lowest mean when the seeds are drawn again
};

/// Masks drawn by the engine, counted.
struct MaskCheck {
  DropoutSpec dropout;
  std::size_t layer = 0;
  std::uint64_t draws = 0, kept = 0;
  double nominal = 0, measured = 0, low = 0, high = 1;  ///< share kept, with 99.9 % bounds; gaussian: mean of the factor
  double deviation = 0, nominal_deviation = 0;          ///< gaussian: of the factor
  bool holds = false;                                   ///< nominal lies within the bounds
  std::vector<std::string> sample;  ///< a few rows of a mask: '#' kept, '.' dropped; gaussian: '0'..'9' for factors 0..2
};

struct DropoutComparison {
  std::string data;
  bool classification = false;
  std::string test;              ///< the statistical test behind p
  std::vector<DropoutRow> rows;  ///< no dropout first, then by kind and rate
  std::vector<MaskCheck> masks;
  DropoutSpec recommended;     ///< rate 0: none
  bool sure = false;           ///< the recommended row is better than no dropout with adjusted p < 0.05
  std::string recommendation;  ///< in words
  std::vector<std::string> notes, decisions;
};

/// Throws what train() throws on bad data and settings; E0206 when a kind is not possible (alpha without selu).
DropoutComparison compare_dropout(const std::string& data, const TrainSettings& training, const DropoutSettings& settings,
                                  const LaboratoryWatch& watch = {});

}  // namespace chainrule
