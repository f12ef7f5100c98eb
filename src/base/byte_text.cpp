// The mark in front is needed: without it a file named "a\xe9" with a backslash could not be told from one with that byte.
#include "base/byte_text.h"

#include <charconv>
#include <optional>

#include "base/shown_text.h"

namespace chainrule {
namespace {

constexpr std::string_view kMark = "bytes:";

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const ShownCharacter character = first_character(text);
    if (!character.valid) return false;
    text.remove_prefix(character.bytes);
  }
  return true;
}

std::string marked(std::string_view bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text(kMark);
  while (!bytes.empty()) {
    const ShownCharacter character = first_character(bytes);
    const auto byte = static_cast<unsigned char>(bytes[0]);
    if (!character.valid) (text += "\\x") += {kHex[byte >> 4], kHex[byte & 15]};
    else if (bytes[0] == '\\') text += "\\\\";
    else text += bytes.substr(0, character.bytes);
    bytes.remove_prefix(character.bytes);
  }
  return text;
}

/// What is behind the mark, without escapes; nothing where there is no mark or a backslash begins none.
std::optional<std::string> unmarked(std::string_view text) {
  if (!text.starts_with(kMark)) return std::nullopt;
  std::string bytes;
  for (std::size_t i = kMark.size(); i < text.size(); ++i) {
    if (text[i] != '\\') {
      bytes += text[i];
    } else if (text.substr(i, 2) == "\\\\") {
      bytes += text[++i];
    } else {
      unsigned char byte = 0;
      const char* const digits = text.data() + i + 2;
      if (text.substr(i, 2) != "\\x" || i + 4 > text.size() || std::from_chars(digits, digits + 2, byte, 16).ptr != digits + 2) return std::nullopt;
      bytes += static_cast<char>(byte);
      i += 3;
    }
  }
  return bytes;
}

}  // namespace

std::string text_of_bytes(std::string_view bytes) {
  const bool stands_for_another = bytes_of_text(bytes) != bytes;  // then it must not stand for itself
  return is_utf8(bytes) && !stands_for_another ? std::string(bytes) : marked(bytes);
}

std::string bytes_of_text(std::string_view text) {
  const std::optional<std::string> bytes = unmarked(text);
  return bytes && text_of_bytes(*bytes) == text ? *bytes : std::string(text);
}

}  // namespace chainrule
