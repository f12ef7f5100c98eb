// `chainrule learn`: the lesson's statements as a list, one as a live experiment, as a quiz, or all of them as a check.
#include <algorithm>
#include <chrono>
#include <iostream>
#include <optional>
#include <random>

#include "chainrule/error.h"
#include "chainrule/lesson.h"
#include "commands.h"
#include "layout.h"
#include "lesson_json.h"
#include "lesson_page.h"
#include "metrics_text.h"
#include "patience_line.h"

namespace chainrule::cli {
namespace {

int exit_code(bool held) { return held ? 0 : static_cast<int>(ErrorKind::check_failed); }

void refuse(const Arguments& arguments, std::initializer_list<std::string_view> flags, const std::string& reason) {
  for (const std::string_view flag : flags) {
    const Given* given = arguments.find(flag);
    if (given != nullptr && given->origin == Origin::flag) throw Error("E0105", given->where, reason, "leave --" + std::string(flag) + " out");
  }
}

/// The user's network and rows, when --data or --spec is given.
std::optional<OwnLessonSubject> own_subject(const Arguments& arguments, Console& console) {
  const std::string data = arguments.text("data");
  if (data.empty() && !arguments.find("spec")) {
    refuse(arguments, {"target"}, "a target column belongs to a table");
    return {};
  }
  if (!data.empty()) check_stdin(data, console);
  return patiently(arguments, console, [&] { return own_lesson_subject(data, train_settings_of(arguments)); });
}

int learn_one(const LessonStatement& statement, const Arguments& arguments, Console& console) {
  refuse(arguments, {"seeds"}, "one statement is run with one seed");
  const std::optional<OwnLessonSubject> own = own_subject(arguments, console);
  const std::uint64_t seed = train_settings_of(arguments).training.seed;
  const bool json = arguments.on("json");
  if (own && !statement.takes_own) {
    console.err << console.err_style.yellow("note: ") << "L" << statement.id
                << " needs a network or surface of its own; your network and data are not used\n";
  } else if (own && !json) {
    print_notes(console, own->decisions);
    console.out << '\n';
  }
  const LessonOutcome outcome = patiently(arguments, console, [&] { return statement.run({seed, own ? &own->subject : nullptr}); });
  if (json) console.out << lesson_outcome_json(statement, seed, outcome) << '\n';
  else print_outcome(statement, outcome, console);
  return exit_code(outcome.held);
}

int check_all(const Arguments& arguments, Console& console) {
  refuse(arguments, {"quiz", "data", "spec"}, "`learn check` runs every statement on its own data");
  const TrainSettings settings = train_settings_of(arguments);
  const std::size_t seeds = arguments.count("seeds", 1, 1), all = lesson_statements().size() * seeds;
  std::size_t done = 0;
  const auto tell = [&](const LessonResult& result) {
    ++done;
    if (console.err_terminal) console.err << "\r" << done << " of " << all << ": L" << result.id << "   " << std::flush;
  };
  const auto begin = std::chrono::steady_clock::now();
  const std::vector<LessonResult> results = check_lesson(settings.training.seed, seeds, settings.threads, tell);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (console.err_terminal) console.err << "\r" << std::string(30, ' ') << "\r" << std::flush;
  if (arguments.on("json")) console.out << lesson_check_json(results, seeds) << '\n';
  else print_check(results, seeds, seconds, console);
  return exit_code(std::all_of(results.begin(), results.end(), [](const LessonResult& r) { return r.held; }));
}

/// One question, or all of them in random order until the reader stops.
int quiz(const Arguments& arguments, Console& console) {
  refuse(arguments, {"json", "data", "spec", "seeds"}, "a quiz is a conversation about the statements");
  const Given* given = arguments.find("seed");
  const std::uint64_t seed = given ? train_settings_of(arguments).training.seed : std::random_device{}();
  std::vector<const LessonStatement*> cards;
  if (!arguments.positionals.empty()) cards.push_back(&lesson_statement(arguments.positionals[0]));
  else for (const LessonStatement& statement : lesson_statements()) cards.push_back(&statement);
  std::mt19937_64 random(seed);
  for (std::size_t i = cards.size(); i-- > 1;) std::swap(cards[i], cards[random() % (i + 1)]);
  int right = 0, asked = 0;
  for (const LessonStatement* card : cards) {
    const int answer = ask(*card, seed, std::cin, console);
    if (answer < 0) break;
    ++asked;
    right += answer;
  }
  if (cards.size() > 1) console.out << '\n' << right << " of " << asked << " right\n";
  return 0;
}

}  // namespace

int run_learn(const Arguments& arguments, Console& console) {
  if (!arguments.positionals.empty() && arguments.positionals[0] == "check") return check_all(arguments, console);
  if (arguments.on("quiz")) return quiz(arguments, console);
  if (!arguments.positionals.empty()) return learn_one(lesson_statement(arguments.positionals[0]), arguments, console);
  refuse(arguments, {"data", "spec", "seeds"}, "which statement?");
  if (arguments.on("json")) console.out << lesson_list_json(lesson_statements()) << '\n';
  else print_lesson(lesson_statements(), console);
  return 0;
}

}  // namespace chainrule::cli
