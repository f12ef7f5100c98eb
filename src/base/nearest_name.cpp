// The nearest of several names by edit distance, for "did you mean" hints.
#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/kinds.h"

namespace chainrule {
namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Insertions, deletions, substitutions and swaps of neighbours cost 1; case is ignored.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), now(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1])) {
        now[j] = std::min(now[j], before[j - 2] + 1);
      }
    }
    std::swap(before, last);
    std::swap(last, now);
  }
  return last[b.size()];
}

}  // namespace

std::string nearest_name(std::string_view text, std::span<const std::string_view> candidates) {
  constexpr std::size_t kLongest = 64;  // longer texts are no slips of the finger, and would cost time
  if (text.empty() || text.size() > kLongest) return "";
  std::size_t best = std::max<std::size_t>(2, text.size() / 3) + 1;
  std::string_view nearest;
  for (std::string_view candidate : candidates) {
    if (candidate.empty() || candidate.size() > kLongest) continue;
    const std::size_t distance = edit_distance(text, candidate);
    const bool shorter = distance == best && candidate.size() < nearest.size();  // of two as near, the one with a letter too many
    if ((distance < best || shorter) && distance < std::max(text.size(), candidate.size())) {
      best = distance;
      nearest = candidate;
    }
  }
  return std::string(nearest);
}

}  // namespace chainrule
