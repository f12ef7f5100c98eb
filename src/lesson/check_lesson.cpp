// All statements with many seeds: a queue of runs, taken by as many threads as there are.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <mutex>

#include "base/start_threads.h"
#include "base/usable_cores.h"
#include "chainrule/lesson.h"

namespace chainrule {
namespace {

LessonResult run_one(const LessonStatement& statement, std::uint64_t seed) {
  LessonResult result;
  result.id = statement.id;
  result.seed = seed;
  const auto begin = std::chrono::steady_clock::now();
  try {
    LessonOutcome outcome = statement.run({seed, nullptr});
    result.held = outcome.held;
    result.verdict = std::move(outcome.verdict);
    result.numbers = std::move(outcome.numbers);
  } catch (const std::exception& fault) {
    result.verdict = std::string("the run broke off: ") + fault.what();
  }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return result;
}

}  // namespace

std::vector<LessonResult> check_lesson(std::uint64_t first_seed, std::size_t seeds, int threads,
                                       const std::function<void(const LessonResult&)>& on_result) {
  const std::span<const LessonStatement> statements = lesson_statements();
  std::vector<LessonResult> results(statements.size() * seeds);
  std::atomic<std::size_t> next{0};
  std::mutex telling;
  const auto work = [&] {
    for (std::size_t i = next++; i < results.size(); i = next++) {
      results[i] = run_one(statements[i / seeds], first_seed + i % seeds);
      if (!on_result) continue;
      const std::lock_guard lock(telling);
      on_result(results[i]);
    }
  };
  const int wanted = static_cast<int>(std::min(static_cast<std::size_t>(threads > 0 ? threads : usable_cores()), results.size()));
  std::vector<std::jthread> helpers = start_threads(wanted - 1, [&](int) { work(); });
  work();
  helpers.clear();
  return results;
}

}  // namespace chainrule
