// The JSON objects of `learn --json`.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "chainrule/lesson.h"

namespace chainrule::cli {

/// The cards: {"statements":[{"id":"L1","group":...,"statement":...,"question":...,"answer":...,"wrong":[{"answer","why"}]}]}
std::string lesson_list_json(std::span<const LessonStatement> statements);
/// One run with everything it found.
std::string lesson_outcome_json(const LessonStatement& statement, std::uint64_t seed, const LessonOutcome& outcome);
/// {"held":true,"seeds":1,"statements":[{"id":"L1","held":true,"numbers":{...}}]}; numbers are those of the first seed that did not hold, or
/// else of the first. Times are left out: the same seeds give the same text.
std::string lesson_check_json(std::span<const LessonResult> results, std::size_t seeds);

}  // namespace chainrule::cli
