// One question of the lesson: four answers in random order, and why the chosen one is right or wrong.
#include <algorithm>
#include <array>
#include <cctype>
#include <istream>
#include <ostream>
#include <random>
#include <string>

#include "layout.h"
#include "lesson_page.h"

namespace chainrule::cli {
namespace {

/// 0 is the right answer, 1 to 3 the wrong ones.
std::array<std::size_t, 4> answer_order(std::uint64_t seed, int id) {
  std::array<std::size_t, 4> order = {0, 1, 2, 3};
  std::mt19937_64 random(seed * 64 + static_cast<std::uint64_t>(id));
  for (std::size_t i = 3; i > 0; --i) std::swap(order[i], order[random() % (i + 1)]);
  return order;
}

std::string_view answer_text(const LessonStatement& statement, std::size_t which) {
  return which == 0 ? statement.answer : statement.wrong[which - 1].answer;
}

void print_indented(Console& console, std::string lead, std::string_view text) {
  for (const std::string& line : wrapped(text, static_cast<std::size_t>(console.width) - 5)) {
    console.out << lead << line << '\n';
    lead = "     ";
  }
}

std::string sentence(std::string_view text) {
  std::string result(text);
  if (!result.empty()) result[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(result[0])));
  return result;
}

/// 1 to 4; 0 when there is nothing more to read or the reader is tired.
std::size_t read_choice(std::istream& in, Console& console) {
  std::string line;
  for (;;) {
    console.out << "Your answer (1-4, q to stop): " << std::flush;
    if (!std::getline(in, line)) return 0;
    const std::size_t begin = line.find_first_not_of(" \t\r");
    const char first = begin == std::string::npos ? ' ' : line[begin];
    if (first == 'q' || first == 'Q') return 0;
    if (first >= '1' && first <= '4') return static_cast<std::size_t>(first - '0');
  }
}

}  // namespace

int ask(const LessonStatement& statement, std::uint64_t seed, std::istream& in, Console& console) {
  const Style& style = console.out_style;
  const std::string id = "L" + std::to_string(statement.id);
  const std::array<std::size_t, 4> order = answer_order(seed, statement.id);
  console.out << '\n' << style.cyan(id) << style.dim("  " + std::string(name_of(statement.group))) << '\n';
  for (const std::string& line : wrapped(statement.question, static_cast<std::size_t>(console.width))) console.out << style.bold(line) << '\n';
  for (std::size_t i = 0; i < 4; ++i) print_indented(console, "  " + std::to_string(i + 1) + ") ", answer_text(statement, order[i]));
  const std::size_t choice = read_choice(in, console);
  if (choice == 0) {
    console.out << '\n';
    return -1;
  }
  const std::size_t chosen = order[choice - 1];
  const std::size_t right = static_cast<std::size_t>(std::find(order.begin(), order.end(), std::size_t{0}) - order.begin()) + 1;
  if (chosen == 0) {
    console.out << style.green("Right.") << " See it happen: chainrule learn " << id << '\n';
    return 1;
  }
  console.out << style.red("No.") << '\n';
  print_indented(console, "     ", sentence(statement.wrong[chosen - 1].why));
  print_indented(console, "     ", "Right is " + std::to_string(right) + "): " + std::string(statement.answer));
  console.out << "     See it happen: chainrule learn " << id << '\n';
  return 0;
}

}  // namespace chainrule::cli
