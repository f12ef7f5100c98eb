// UTF-8 is decoded here by hand: the C library's way depends on the locale.
#include "base/shown_text.h"

#include <cstdint>

namespace chainrule {
namespace {

constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-";

bool is_hidden(std::uint32_t c) noexcept {
  if (c < 0x20 || (c >= 0x7F && c <= 0x9F)) return true;                       // C0, DEL, C1
  if (c == 0x61C || c == 0x200E || c == 0x200F) return true;                   // marks of direction
  return (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);         // separators, embeddings, overrides, isolates
}

/// Bytes that the first one announces, and the smallest code point that needs so many; 0: no first byte.
struct Lead {
  std::size_t bytes = 0;
  std::uint32_t bits = 0, least = 0;
};
Lead lead_of(unsigned char byte) noexcept {
  if (byte < 0x80) return {1, byte, 0};
  if (byte >= 0xC2 && byte < 0xE0) return {2, byte & 0x1Fu, 0x80};
  if (byte >= 0xE0 && byte < 0xF0) return {3, byte & 0x0Fu, 0x800};
  if (byte >= 0xF0 && byte < 0xF5) return {4, byte & 0x07u, 0x10000};
  return {};
}

void add_hex(std::string& text, std::string_view bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    (text += "\\x") += {kHex[byte >> 4], kHex[byte & 15]};
  }
}

}  // namespace

ShownCharacter first_character(std::string_view text) noexcept {
  const Lead lead = lead_of(static_cast<unsigned char>(text[0]));
  if (lead.bytes == 0 || lead.bytes > text.size()) return {};
  std::uint32_t code = lead.bits;
  for (std::size_t i = 1; i < lead.bytes; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0) != 0x80) return {};
    code = code << 6 | (byte & 0x3Fu);
  }
  if (code < lead.least || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return {};
  return {lead.bytes, !is_hidden(code), true};
}

std::string printable(std::string_view text, std::string_view kept) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    const ShownCharacter character = first_character(text);
    const std::string_view bytes = text.substr(0, character.bytes);
    if (character.safe || kept.find(text[0]) != std::string_view::npos) shown += bytes;
    else add_hex(shown, bytes);
    text.remove_prefix(character.bytes);
  }
  return shown;
}

std::string shell_word(std::string_view text) {
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string_view::npos) return std::string(text);
  const bool hidden = printable(text) != text;
  std::string word = hidden ? "$'" : "'";
  while (!text.empty()) {
    const ShownCharacter character = first_character(text);
    const std::string_view bytes = text.substr(0, character.bytes);
    if (!character.safe) add_hex(word, bytes);
    else if (text[0] == '\'') word += hidden ? "\\'" : "'\\''";
    else if (text[0] == '\\' && hidden) word += "\\\\";
    else word += bytes;
    text.remove_prefix(character.bytes);
  }
  return word + "'";
}

std::string shell_path(std::string_view path) {
  const bool like_a_flag = path.size() > 1 && path[0] == '-';
  return shell_word(like_a_flag ? "./" + std::string(path) : std::string(path));
}

std::string resume_command(std::string_view folder) { return "chainrule train --resume " + shell_path(folder); }

}  // namespace chainrule
