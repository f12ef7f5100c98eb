// The lesson on back-propagation as experiments: each of its 47 statements is run on the live engine and judged by its numbers.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/network.h"

namespace chainrule {

struct TrainSettings;

/// A wrong answer to a statement's question, and why it is wrong.
struct WrongAnswer { std::string_view answer, why; };

/// A measured number of an experiment; the same names in `learn --json`.
struct LessonNumber { std::string name; double value = 0; };

/// A table to show: every row has as many cells as there are columns.
struct LessonTable {
  std::string title;
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
};

/// Curves to draw over one another; x and y of a curve are equally long.
struct LessonPlot {
  struct Curve { std::string name; std::vector<double> x, y; };
  std::string title, x_label, y_label;
  std::vector<Curve> curves;
  bool logarithmic_y = false;
};

/// What one run found.
struct LessonOutcome {
  bool held = false;                  ///< the assertion on the numbers
  std::string verdict;                ///< one sentence: what was measured against what was expected, with the numbers
  std::vector<std::string> formula;   ///< the formula, then the same with this run's numbers put in
  std::vector<LessonNumber> numbers;
  std::vector<LessonTable> tables;
  std::vector<LessonPlot> plots;
};

/// The network and rows an experiment runs on: built in, or the user's own. Views must outlive the run.
struct LessonSubject {
  NetworkSpec network;
  TrainingSpec training;
  Samples train, validation;          ///< validation.rows may be 0
  bool users_own = false;
};

struct LessonSetting {
  std::uint64_t seed = 0;             ///< everything random in a run follows from it
  const LessonSubject* own = nullptr; ///< the user's network and rows; null: the experiment's own. Experiments that need a certain surface or network ignore it
};

/// The parts of the lesson, in its order.
enum class LessonGroup { error_and_blame, gradient, chain_rule, optimizers, learning_rate, regularisation, dropout };

/// A card: a statement, a question about it, and the run that decides whether it holds.
struct LessonStatement {
  int id = 0;                         ///< 1..47
  LessonGroup group = LessonGroup::error_and_blame;
  std::string_view statement, question, answer;
  std::array<WrongAnswer, 3> wrong;
  bool takes_own = false;             ///< run() makes use of LessonSetting::own
  LessonOutcome (*run)(const LessonSetting&) = nullptr;
};

/// What one run of one statement came to.
struct LessonResult {
  int id = 0;
  std::uint64_t seed = 0;
  bool held = false;
  std::string verdict;
  std::vector<LessonNumber> numbers;
  double seconds = 0;
};

/// All of them, by id.
std::span<const LessonStatement> lesson_statements();
std::string_view name_of(LessonGroup group) noexcept;
/// "L24", "l24" or "24". Throws Error E0130 with the nearest id for anything else.
const LessonStatement& lesson_statement(std::string_view id);

/// Runs all statements with the seeds first_seed, first_seed + 1, ...: one run per thread at a time, results the same for any number of
/// threads (0: as many as cores). Sorted by id, then seed. A run that throws did not hold. on_result is called from one thread at a time.
std::vector<LessonResult> check_lesson(std::uint64_t first_seed, std::size_t seeds, int threads = 0,
                                       const std::function<void(const LessonResult&)>& on_result = {});

/// A subject together with the memory its views point into.
struct OwnLessonSubject {
  LessonSubject subject;
  std::vector<std::string> decisions;  ///< one line per choice the program made
  std::shared_ptr<const void> memory;
};
/// The network that train(data, settings) would train, on that data, at most 4,096 training rows of it; without data the network of
/// settings.spec_file on made-up rows. Throws as train() does.
OwnLessonSubject own_lesson_subject(const std::string& data, const TrainSettings& settings);

}  // namespace chainrule
