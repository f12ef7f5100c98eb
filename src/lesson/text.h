// Numbers as text for formulas, verdicts and table cells.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace chainrule::lesson {

/// `digits` significant digits, "%g": "0.03125", "1.2e-07", "nan".
std::string number(double value, int digits = 4);
/// "75 %", "99.6 %"
std::string percent(double share);
/// "L = {1}, eta = {0}" with each {i} replaced by the i-th text.
std::string filled(std::string_view pattern, std::initializer_list<std::string> texts);

}  // namespace chainrule::lesson
