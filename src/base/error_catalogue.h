// The list of every error code with its explanation; src/base/error_catalogue.cpp holds the table to extend.
#pragma once

#include <span>
#include <string_view>

namespace chainrule {

/// One code: a short title and one to three sentences for `chainrule help CODE`.
struct ErrorEntry {
  std::string_view code, title, explanation;
};

/// All entries, sorted by code.
std::span<const ErrorEntry> error_catalogue() noexcept;

}  // namespace chainrule
