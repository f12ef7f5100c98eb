// The lesson on the terminal: the list of statements, one statement's run, and the quiz about it.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <span>
#include <string>

#include "chainrule/lesson.h"
#include "console.h"

namespace chainrule::cli {

void print_lesson(std::span<const LessonStatement> statements, Console& console);
/// Statement, formula, plots, tables, numbers and verdict of one run.
void print_outcome(const LessonStatement& statement, const LessonOutcome& outcome, Console& console);
/// What `learn check` says at its end: one line per statement, the failures with their verdicts.
void print_check(std::span<const LessonResult> results, std::size_t seeds, double seconds, Console& console);

/// Asks the statement's question with its four answers in an order drawn from `seed`, reads a number from `in` and explains.
/// Returns 1 for right, 0 for wrong, -1 when the reader wants no more (end of input or q).
int ask(const LessonStatement& statement, std::uint64_t seed, std::istream& in, Console& console);

}  // namespace chainrule::cli
