// Looking a cell up among the missing markers.
#include "data/missing_markers.h"

#include "data/number.h"

namespace chainrule::data {

void MissingCounts::add(const MissingCounts& other) {
  empty += other.empty;
  for (std::size_t i = 0; i < markers.size(); ++i) markers[i] += other.markers[i];
}

const std::vector<std::string>& usual_missing_markers() {
  static const std::vector<std::string> usual = {"NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NAN", "null", "NULL", "Null", "None", "?", "-", "."};
  return usual;
}

std::vector<std::string> missing_markers(const std::vector<std::string>& known, const std::vector<std::string>& given) {
  constexpr std::string_view kOnly = "only:";
  std::vector<std::string> markers = known;
  for (const std::string& word : given) {
    const bool only = word.starts_with(kOnly);
    if (only) markers.clear();
    const std::string marker = only ? word.substr(kOnly.size()) : word;
    if (!marker.empty() && std::find(markers.begin(), markers.end(), marker) == markers.end()) markers.push_back(marker);
  }
  return markers;
}

MissingMarkers::MissingMarkers(std::vector<std::string> texts) : texts_(std::move(texts)) {
  for (const std::string& text : texts_) {
    for (char decimal : {'.', ','}) number_among_them_ = number_among_them_ || parse_number(text, decimal).kind != CellKind::text;
    if (!text.empty()) lengths_[static_cast<unsigned char>(text[0])] |= 1u << std::min<std::size_t>(text.size(), 31);
  }
}

int MissingMarkers::find(std::string_view text) const noexcept {
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    if (texts_[i] == text) return static_cast<int>(i);
  }
  return -1;
}

bool MissingMarkers::meet_slowly(std::string_view text, MissingCounts& counts) const noexcept {
  if (text.empty()) {
    ++counts.empty;
    return true;
  }
  const int found = find(text);
  if (found < 0) return false;
  ++counts.markers[static_cast<std::size_t>(found)];
  return true;
}

std::string MissingMarkers::note(const MissingCounts& counts) const {
  std::string list;
  const auto append = [&](const std::string& name, std::size_t count) {
    if (count == 0) return;
    list += (list.empty() ? "" : ", ") + name + " (" + std::to_string(count) + (count == 1 ? " cell)" : " cells)");
  };
  append("empty", counts.empty);
  for (std::size_t i = 0; i < texts_.size(); ++i) append("\"" + texts_[i] + "\"", counts.markers[i]);
  return list.empty() ? "" : "missing markers: " + list;
}

}  // namespace chainrule::data
