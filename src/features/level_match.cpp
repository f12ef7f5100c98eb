// Texts are compared once per distinct value, not once per row.
#include "features/level_match.h"

#include "data/number.h"

namespace chainrule::features {
namespace {

constexpr std::int32_t kNone = -1;

class LevelIndex {
 public:
  explicit LevelIndex(const std::vector<std::string>& levels) {
    for (std::size_t i = 0; i < levels.size(); ++i) {
      const auto index = static_cast<std::int32_t>(i);
      by_text_.emplace(levels[i], index);
      const data::ParsedNumber parsed = data::parse_number(levels[i], '.');
      if (parsed.kind != data::CellKind::number) continue;
      const auto [place, fresh] = by_number_.emplace(parsed.value, index);
      if (!fresh) place->second = kNone;  // "1" and "01" both exist: only the exact text decides
    }
  }
  std::int32_t find(const std::string& text) const {
    if (const auto found = by_text_.find(text); found != by_text_.end()) return found->second;
    const data::ParsedNumber parsed = data::parse_number(text, '.');
    if (parsed.kind != data::CellKind::number) return kNone;
    const auto found = by_number_.find(parsed.value);
    return found == by_number_.end() ? kNone : found->second;
  }

 private:
  std::unordered_map<std::string, std::int32_t> by_text_;
  std::unordered_map<double, std::int32_t> by_number_;
};

}  // namespace

LevelMatch::LevelMatch(const std::vector<std::string>& levels, const data::Column& column) : column_(column) {
  const LevelIndex index(levels);
  missing_ = index.find("");
  if (column.type == data::ColumnType::categorical) {
    for (const std::string& level : column.levels) by_code_.push_back(index.find(level));
    return;
  }
  for (std::size_t row = 0; row < column.numbers.size(); ++row) {
    if (!column.missing(row) && !by_value_.contains(column.numbers[row])) by_value_.emplace(column.numbers[row], index.find(column.text(row)));
  }
}

std::int32_t LevelMatch::index(std::size_t row) const noexcept {
  if (column_.missing(row)) return missing_;
  if (column_.type == data::ColumnType::categorical) return by_code_[static_cast<std::size_t>(column_.codes[row])];
  return by_value_.find(column_.numbers[row])->second;
}

}  // namespace chainrule::features
