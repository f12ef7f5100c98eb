// One-column rules and how well they predict rows they have not seen.
#include "api/column_leak.h"

#include <algorithm>
#include <cmath>

#include "data/batch_order.h"

namespace chainrule::api {
namespace {

constexpr std::size_t kMostLeakRows = 4000, kFewestLeakRows = 40;

/// A column's value in one row, and the row's answer: a class number or a value.
struct Pair {
  double key, answer;
};

/// The answers of the rows that share a key.
struct Group {
  double key = 0, mean = 0, mode = 0;
};

double most_frequent(std::vector<double> answers) {
  std::sort(answers.begin(), answers.end());
  double best = 0;
  std::size_t most = 0;
  for (std::size_t i = 0, run = 0; i < answers.size(); ++i) {
    run = i > 0 && answers[i] == answers[i - 1] ? run + 1 : 1;
    if (run > most) most = run, best = answers[i];
  }
  return best;
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double v : values) sum += v;
  return sum / static_cast<double>(values.size());
}

std::vector<double> answers_of(const std::vector<Pair>& pairs) {
  std::vector<double> answers;
  for (const Pair& pair : pairs) answers.push_back(pair.answer);
  return answers;
}

std::vector<Group> groups_of(std::vector<Pair> pairs) {
  std::sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) { return a.key < b.key; });
  std::vector<Group> groups;
  for (std::size_t i = 0; i < pairs.size();) {
    std::vector<double> answers;
    const double key = pairs[i].key;
    for (; i < pairs.size() && pairs[i].key == key; ++i) answers.push_back(pairs[i].answer);
    groups.push_back({key, mean_of(answers), most_frequent(answers)});
  }
  return groups;
}

class Rule {
 public:
  Rule(const std::vector<Pair>& learned, bool classification, bool ordered)
      : groups_(groups_of(learned)), classification_(classification), ordered_(ordered) {
    const std::vector<double> answers = answers_of(learned);
    fallback_ = classification ? most_frequent(answers) : mean_of(answers);
  }

  double operator()(double key) const {
    const auto at = std::lower_bound(groups_.begin(), groups_.end(), key, [](const Group& g, double k) { return g.key < k; });
    if (at != groups_.end() && at->key == key) return classification_ ? at->mode : at->mean;
    if (!ordered_) return fallback_;
    if (at == groups_.begin()) return classification_ ? at->mode : at->mean;
    const Group& left = *(at - 1);
    if (at == groups_.end()) return classification_ ? left.mode : left.mean;
    const double share = (key - left.key) / (at->key - left.key);
    if (classification_) return share < 0.5 ? left.mode : at->mode;
    return left.mean + share * (at->mean - left.mean);
  }

 private:
  std::vector<Group> groups_;
  bool classification_, ordered_;
  double fallback_ = 0;
};

double skill_of(const Rule& rule, const std::vector<Pair>& judged, bool classification) {
  const std::vector<double> answers = answers_of(judged);
  const double guess = classification ? most_frequent(answers) : mean_of(answers);
  double wrong = 0, wrong_guess = 0;
  for (const Pair& pair : judged) {
    const double error = rule(pair.key) - pair.answer, guess_error = guess - pair.answer;
    wrong += classification ? error != 0 : error * error;
    wrong_guess += classification ? guess_error != 0 : guess_error * guess_error;
  }
  return wrong_guess > 0 ? std::max(0.0, 1 - wrong / wrong_guess) : 0;
}

/// Missing cells get a key of their own, below all others.
double key_of(const data::Column& column, std::size_t row) {
  if (column.type == data::ColumnType::categorical) return column.codes[row];
  return std::isnan(column.numbers[row]) ? -HUGE_VAL : column.numbers[row];
}

/// Answers of the rows looked at: class numbers by the order of their keys, or values. Rows without one are left out.
class Looker {
 public:
  Looker(std::span<const std::uint32_t> rows, const data::Column& target, bool classification)
      : classification_(classification) {
    std::vector<std::uint32_t> order(rows.size());
    data::batch_order(0, 0, order);
    for (const std::uint32_t position : order) {
      if (rows_.size() == kMostLeakRows) break;
      if (!target.missing(rows[position])) rows_.push_back(rows[position]);
    }
    for (const std::uint32_t row : rows_) answers_.push_back(key_of(target, row));
  }
  bool enough() const { return rows_.size() >= kFewestLeakRows; }

  template <class Key>
  double skill(bool ordered, Key key) const {
    std::vector<Pair> learned, judged;
    for (std::size_t i = 0; i < rows_.size(); ++i) (i % 2 == 0 ? learned : judged).push_back({key(rows_[i]), answers_[i]});
    return skill_of(Rule(learned, classification_, ordered), judged, classification_);
  }

 private:
  bool classification_;
  std::vector<std::uint32_t> rows_;
  std::vector<double> answers_;
};

}  // namespace

std::vector<ColumnSkill> column_skills(const data::Table& table, std::span<const std::uint32_t> rows, const std::string& target,
                                       bool classification, std::span<const std::string> ignored) {
  const data::Column& answer = table.columns[table.find_column(target)];
  const Looker looker(rows, answer, classification);
  std::vector<ColumnSkill> skills;
  if (!looker.enough()) return skills;
  for (const data::Column& column : table.columns) {
    if (&column == &answer || std::find(ignored.begin(), ignored.end(), column.name) != ignored.end()) continue;
    const bool ordered = column.type != data::ColumnType::categorical;
    skills.push_back({column.name, looker.skill(ordered, [&](std::uint32_t row) { return key_of(column, row); })});
  }
  for (std::size_t c = 0; c < table.dense.columns; ++c) {
    const auto key = [&](std::uint32_t row) {
      const double value = static_cast<double>(table.dense.at(row, c));
      return std::isnan(value) ? -HUGE_VAL : value;
    };
    skills.push_back({table.dense.name(c), looker.skill(true, key)});
  }
  std::stable_sort(skills.begin(), skills.end(), [](const ColumnSkill& a, const ColumnSkill& b) { return a.skill > b.skill; });
  return skills;
}

}  // namespace chainrule::api
