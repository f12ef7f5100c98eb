// The table of statements: cmake/lesson.cmake lists one namespace lNN for every file experiments/lNN_<subject>.cpp.
#include "lesson/statements.h"

#include <array>
#include <charconv>

#include "chainrule/error.h"

namespace chainrule {
namespace lesson {
#define CHAINRULE_STATEMENT(name) namespace name { extern const LessonStatement kStatement; }
#include "lesson/statements.inc"
#undef CHAINRULE_STATEMENT
}  // namespace lesson

namespace {

constexpr std::string_view kGroups[] = {"error and blame", "the gradient", "the chain rule", "optimisers", "the learning rate",
                                        "regularisation", "dropout"};

/// The number in "L24", "l24" or "24"; 0 for anything else.
int number_in(std::string_view id) {
  if (!id.empty() && (id[0] == 'L' || id[0] == 'l')) id.remove_prefix(1);
  int number = 0;
  const auto [end, fault] = std::from_chars(id.data(), id.data() + id.size(), number);
  return fault == std::errc() && end == id.data() + id.size() ? number : 0;
}

Error unknown(std::string_view id) {
  std::vector<std::string> names;
  for (const LessonStatement& s : lesson_statements()) names.push_back("L" + std::to_string(s.id));
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  const std::string nearest = nearest_name(id, candidates);
  return Error("E0130", "", "the lesson has no statement \"" + std::string(id) + "\"",
               nearest.empty() ? "they are numbered L1 to L47; `chainrule learn` lists them" : "did you mean " + nearest + "?");
}

}  // namespace

std::span<const LessonStatement> lesson_statements() {
  static const std::vector<LessonStatement> table = {
#define CHAINRULE_STATEMENT(name) lesson::name::kStatement,
#include "lesson/statements.inc"
#undef CHAINRULE_STATEMENT
  };
  return table;
}

std::string_view name_of(LessonGroup group) noexcept { return kGroups[static_cast<std::size_t>(group)]; }

const LessonStatement& lesson_statement(std::string_view id) {
  const int number = number_in(id);
  for (const LessonStatement& statement : lesson_statements()) {
    if (statement.id == number) return statement;
  }
  throw unknown(id);
}

}  // namespace chainrule
