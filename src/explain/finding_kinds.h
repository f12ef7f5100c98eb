// What each finding of `chainrule check` is called, what it means and what to do about it.
#pragma once

#include <span>
#include <string_view>

#include "chainrule/explain.h"

namespace chainrule::explain {

struct FindingKind {
  std::string_view id, title, meaning, advice;
};
/// In the order in which they are reported.
std::span<const FindingKind> finding_kinds() noexcept;

enum class Verdict { passed, warning, failed };

/// The item of kind `id` with its texts. REQUIRES an id of finding_kinds(), and a value on the side of the limit that the verdict says:
/// passed at most the limit (`at_least`: at least), else beyond it.
CheckItem finding(std::string_view id, Verdict verdict, double value, double limit, std::string detail, bool at_least = false);
/// Whether value, limit and severity of a finding say the same.
bool agrees(const CheckItem& item) noexcept;

/// Four significant digits, for details.
std::string number_words(double value);

}  // namespace chainrule::explain
