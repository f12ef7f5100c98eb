// One pass over the bytes, eight at a time while they are ASCII.
#include "data/encoding.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "chainrule/error.h"

namespace chainrule::data {
namespace {

constexpr std::uint64_t kHighBits = 0x8080808080808080ull;
constexpr std::uint64_t kOnes = 0x0101010101010101ull;

std::string place(std::string_view bytes, std::size_t position, const std::string& source) {
  std::uint64_t line = 1;
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
  else if (bytes.starts_with("\xff\xfe") || bytes.starts_with("\xfe\xff") || looks_wide(bytes)) name = "UTF-16";
  if (name.empty()) return;
  throw Error("E0305", source, "the text is " + name + ", not UTF-8",
              "convert it first: iconv -f " + name + " -t UTF-8 FILE > NEW");
}

[[noreturn]] void throw_bad_byte(std::string_view bytes, std::size_t position, const std::string& source) {
  const std::string where = place(bytes, position, source);
  if (bytes[position] == '\0') {
    throw Error("E0304", where, "NUL byte in a text table", "the file is binary or damaged there; export it again");
  }
  throw Error("E0306", where, "invalid UTF-8", "if the file is in Latin-1, convert it: iconv -f ISO-8859-1 -t UTF-8 FILE > NEW");
}

}  // namespace

std::string_view check_encoding(std::string_view bytes, const std::string& source, std::vector<std::string>& notes) {
  check_wide(bytes, source);
  if (bytes.starts_with("\xef\xbb\xbf")) {
    notes.push_back("encoding: UTF-8 with a byte order mark, skipped");
    bytes.remove_prefix(3);
  }
  std::size_t at = 0;
  while (at < bytes.size()) {
    if (at + 8 <= bytes.size()) {
      std::uint64_t word;
      std::memcpy(&word, bytes.data() + at, 8);
      if (((word | ((word - kOnes) & ~word)) & kHighBits) == 0) {
        at += 8;
        continue;
      }
    }
    const std::size_t length = sequence_length(bytes, at);
    if (length == 0 || bytes[at] == '\0') throw_bad_byte(bytes, at, source);
    at += length;
  }
  return bytes;
}

}  // namespace chainrule::data
