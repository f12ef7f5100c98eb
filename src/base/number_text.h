// Numbers as text with the digits that mean something.
#pragma once

#include <cstddef>

namespace chainrule {

inline constexpr std::size_t kLongestNumber = 32;

/// Writes a finite value, at most kLongestNumber characters; returns the end. The last digit is worth at most `resolution`; trailing zeros are
/// left out. resolution 0: as a float has them, the shortest text that reads back to the same float. Never more than reads back to the
/// same double.
char* write_number_to(char* to, double value, double resolution) noexcept;

}  // namespace chainrule
