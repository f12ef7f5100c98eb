// A guard in front of the TOML parser: characters that its version 3.3 cannot meet outside texts and comments without undefined behaviour.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace chainrule::net {

/// Offset of the first byte that is not ASCII and stands outside of quoted texts and comments, where TOML has no use for it.
std::optional<std::size_t> stray_non_ascii(std::string_view text) noexcept;

}  // namespace chainrule::net
