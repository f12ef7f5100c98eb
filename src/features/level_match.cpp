// Levels by text, then by number.
#include "features/level_match.h"

#include "data/number.h"

namespace chainrule::features {
namespace {

constexpr std::int32_t kNone = -1;

}  // namespace

LevelIndex::LevelIndex(const std::vector<std::string>& levels) {
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const auto index = static_cast<std::int32_t>(i);
    by_text_.emplace(levels[i], index);
    const data::ParsedNumber parsed = data::parse_number(levels[i], '.');
    if (parsed.kind != data::CellKind::number) continue;
    const auto [place, fresh] = by_number_.emplace(parsed.value, index);
    if (!fresh) place->second = kNone;  // "1" and "01" both exist: only the exact text decides
  }
}

std::int32_t LevelIndex::find(const std::string& text) const {
  if (const auto found = by_text_.find(text); found != by_text_.end()) return found->second;
  if (by_number_.empty()) return kNone;
  const data::ParsedNumber parsed = data::parse_number(text, '.');
  if (parsed.kind != data::CellKind::number) return kNone;
  const auto found = by_number_.find(parsed.value);
  return found == by_number_.end() ? kNone : found->second;
}

LevelMatch::LevelMatch(const LevelIndex& index, const data::Column& column) : codes_(column.codes.data()), by_code_{index.find("")} {
  if (!column.has_texts()) number_cells(index, column);
  for (const std::string& level : column.levels) by_code_.push_back(index.find(level));
}

void LevelMatch::number_cells(const LevelIndex& index, const data::Column& column) {
  std::unordered_map<double, std::int32_t> known;
  own_codes_.reserve(column.numbers.size());
  for (std::size_t row = 0; row < column.numbers.size(); ++row) {
    if (column.missing(row)) {
      own_codes_.push_back(-1);
      continue;
    }
    const auto [place, fresh] = known.emplace(column.numbers[row], static_cast<std::int32_t>(known.size()));
    if (fresh) by_code_.push_back(index.find(column.text(row)));
    own_codes_.push_back(place->second);
  }
  codes_ = own_codes_.data();
}

}  // namespace chainrule::features
