// One pass over the bytes, 64 at a time while they are ASCII.
#include "data/encoding.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "chainrule/error.h"
#include "files/interruption.h"

namespace chainrule::data {
namespace {

std::string place(std::string_view bytes, std::size_t position, const std::string& source, std::uint64_t line) {
  std::size_t start = 0;
  for (std::size_t i = 0; i < position; ++i) {
    const bool ends = bytes[i] == '\n' || (bytes[i] == '\r' && (i + 1 >= bytes.size() || bytes[i + 1] != '\n'));
    if (ends) {
      ++line;
      start = i + 1;
    }
  }
  return source + " line " + std::to_string(line) + ", byte " + std::to_string(position - start + 1);
}

// Length of the valid sequence that starts at `position`, or 0 (Unicode 15, table 3-7: no overlong forms, no surrogates).
std::size_t sequence_length(std::string_view bytes, std::size_t position) noexcept {
  const auto byte = [&](std::size_t i) -> unsigned {
    return position + i < bytes.size() ? static_cast<unsigned char>(bytes[position + i]) : 0u;
  };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xc0u) == 0x80u; };
  const unsigned first = byte(0), second = byte(1);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return tail(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const bool good = first == 0xe0 ? second >= 0xa0 && second <= 0xbf : first == 0xed ? second >= 0x80 && second <= 0x9f : tail(1);
    return good && tail(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const bool good = first == 0xf0 ? second >= 0x90 && second <= 0xbf : first == 0xf4 ? second >= 0x80 && second <= 0x8f : tail(1);
    return good && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

// ASCII text as UTF-16 or UTF-32 without a mark: NUL bytes at one parity, and many of them.
bool looks_wide(std::string_view bytes) noexcept {
  const std::size_t size = std::min<std::size_t>(bytes.size(), 4096);
  std::size_t nul[2] = {0, 0};
  for (std::size_t i = 0; i < size; ++i) nul[i % 2] += bytes[i] == '\0' ? 1 : 0;
  return size >= 4 && std::min(nul[0], nul[1]) == 0 && 10 * std::max(nul[0], nul[1]) >= 3 * size;
}

void check_wide(std::string_view bytes, const std::string& source) {
  using namespace std::string_view_literals;
  std::string name;
  if (bytes.starts_with("\xff\xfe\0\0"sv) || bytes.starts_with("\0\0\xfe\xff"sv)) name = "UTF-32";
  else if (bytes.starts_with("\xff\xfe") || bytes.starts_with("\xfe\xff")) name = "UTF-16";
  else if (looks_wide(bytes)) name = bytes[0] == '\0' ? "UTF-16BE" : "UTF-16LE";
  if (name.empty()) return;
  throw Error("E0305", source, "the text is " + name + ", not UTF-8", "give --encoding " + name);
}

[[noreturn]] void throw_bad_byte(std::string_view bytes, std::size_t position, const std::string& source, std::uint64_t first_line) {
  const std::string where = place(bytes, position, source, first_line);
  if (bytes[position] == '\0') {
    throw Error("E0304", where, "NUL byte in a text table", "the file is binary or damaged there; export it again");
  }
  throw Error("E0306", where, "invalid UTF-8", "if the file is in Latin-1, give --encoding latin-1; if it comes from Windows, --encoding windows-1252");
}

// Sixty-four bytes that are ASCII without NUL: signed bytes, all of them above 0.
bool plain_block(const char* bytes) noexcept {
  signed char block[64];
  std::memcpy(block, bytes, sizeof block);
  unsigned char bad = 0;
  for (signed char byte : block) bad |= static_cast<unsigned char>(byte <= 0);
  return bad == 0;
}

}  // namespace

std::string_view skip_mark(std::string_view bytes, const std::string& source, std::vector<std::string>& notes) {
  check_wide(bytes, source);
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  if (!bytes.starts_with(kMark)) return bytes;
  notes.emplace_back("encoding: UTF-8 with a byte order mark, skipped");
  while (bytes.starts_with(kMark)) bytes.remove_prefix(kMark.size());  // some programs write two
  return bytes;
}

void check_utf8(std::string_view text, const std::string& source, std::uint64_t first_line, const std::atomic<bool>* stop) {
  constexpr std::size_t kBetweenLooks = std::size_t{16} << 20;
  std::size_t at = 0, next_look = 0;
  while (at < text.size()) {
    if (at >= next_look) {
      end_if_asked(stop, source);
      next_look = at + kBetweenLooks;
    }
    if (at + 64 <= text.size() && plain_block(text.data() + at)) {
      at += 64;
      continue;
    }
    for (const std::size_t stop = std::min(at + 64, text.size()); at < stop;) {
      const std::size_t length = sequence_length(text, at);
      if (length == 0 || text[at] == '\0') throw_bad_byte(text, at, source, first_line);
      at += length;
    }
  }
}

std::string_view whole_lines(std::string_view text) noexcept {
  const std::size_t last = text.find_last_of("\r\n");
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

}  // namespace chainrule::data
