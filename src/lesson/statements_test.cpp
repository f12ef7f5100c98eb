// The table of statements: complete, well written, and every experiment holds, seed after seed.
#include "lesson/statements.h"

#include <gtest/gtest.h>

#include <set>

#include "testing/error_of.h"

namespace chainrule::lesson {
namespace {

constexpr std::uint64_t kSeeds[] = {0, 7, 123456789};

double number_of(const LessonOutcome& outcome, std::string_view name) {
  for (const LessonNumber& n : outcome.numbers) {
    if (n.name == name) return n.value;
  }
  ADD_FAILURE() << "no number " << name;
  return 0;
}

TEST(Statements, AllFortySevenAreThereInOrder) {
  std::set<int> missing;
  for (int id = 1; id <= kStatements; ++id) missing.insert(id);
  int before = 0;
  for (const LessonStatement& s : lesson_statements()) {
    EXPECT_GT(s.id, before);
    before = s.id;
    missing.erase(s.id);
  }
  EXPECT_TRUE(missing.empty()) << "first missing: L" << *missing.begin();
}

TEST(Statements, EveryCardIsWhole) {
  for (const LessonStatement& s : lesson_statements()) {
    std::set<std::string_view> answers = {s.answer};
    EXPECT_GT(s.statement.size(), 20u) << s.id;
    EXPECT_EQ(s.question.back() == '?' || s.question.back() == '.', true) << s.id;
    EXPECT_FALSE(s.answer.empty()) << s.id;
    for (const WrongAnswer& wrong : s.wrong) {
      EXPECT_GT(wrong.why.size(), 20u) << s.id;
      answers.insert(wrong.answer);
    }
    EXPECT_EQ(answers.size(), 4u) << s.id;
    ASSERT_NE(s.run, nullptr) << s.id;
  }
}

TEST(Statements, AreFoundByNumberInAnyCaseAndUnknownOnesAreNamed) {
  for (const char* id : {"L2", "l2", "2"}) EXPECT_EQ(lesson_statement(id).id, 2);
  for (const char* id : {"L0", "L48", "24x", "", "L", "-2", "L99999999999"}) {
    EXPECT_EQ(error_of([&] { lesson_statement(id); }).code(), "E0130") << id;
  }
}

TEST(Statements, EveryOneHolds) {
  for (const LessonStatement& s : lesson_statements()) {
    for (const std::uint64_t seed : kSeeds) {
      const LessonOutcome outcome = s.run({seed, nullptr});
      EXPECT_TRUE(outcome.held) << "L" << s.id << " seed " << seed << ": " << outcome.verdict;
      EXPECT_FALSE(outcome.verdict.empty()) << s.id;
      EXPECT_FALSE(outcome.formula.empty()) << s.id;
      EXPECT_FALSE(outcome.numbers.empty()) << s.id;
      EXPECT_FALSE(outcome.tables.empty() && outcome.plots.empty()) << s.id;
      for (const LessonTable& table : outcome.tables) {
        for (const auto& row : table.rows) EXPECT_EQ(row.size(), table.columns.size()) << s.id << " " << table.title;
      }
      for (const LessonPlot& plot : outcome.plots) {
        for (const LessonPlot::Curve& curve : plot.curves) EXPECT_EQ(curve.x.size(), curve.y.size()) << s.id << " " << plot.title;
      }
    }
  }
}

TEST(Statements, PredictedAndMeasuredChangeAgreeToFirstOrderForAThousandWeights) {
  for (const std::uint64_t seed : kSeeds) {
    const LessonOutcome outcome = lesson_statement("L2").run({seed, nullptr});
    EXPECT_EQ(number_of(outcome, "weights"), 1000);
    EXPECT_LT(number_of(outcome, "worst_ratio_error"), 0.02);
    EXPECT_NEAR(number_of(outcome, "missed_per_halving"), 4, 0.1);  // what a first-order prediction misses is of second order
  }
}

TEST(CheckLesson, ResultsDoNotDependOnThreads) {
  const std::vector<LessonResult> one = check_lesson(3, 1, 1), three = check_lesson(3, 1, 3);
  ASSERT_EQ(one.size(), three.size());
  for (std::size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(one[i].id, three[i].id);
    EXPECT_EQ(one[i].verdict, three[i].verdict);
    ASSERT_EQ(one[i].numbers.size(), three[i].numbers.size());
    for (std::size_t n = 0; n < one[i].numbers.size(); ++n) EXPECT_EQ(one[i].numbers[n].value, three[i].numbers[n].value) << one[i].id;
  }
}

}  // namespace
}  // namespace chainrule::lesson
