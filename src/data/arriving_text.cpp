// Looking at fresh bytes only, while they are in the cache.
#include "data/arriving_text.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "chainrule/error.h"
#include "data/decoding.h"
#include "data/encoding.h"
#include "data/idx_folder.h"
#include "data/npy_array.h"
#include "data/reader.h"

namespace chainrule::data {
namespace {

// All but a character that the end may have cut: its first byte is one of the last three.
std::string_view whole_characters(std::string_view text) noexcept {
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if (byte >= 0xc0) return text.substr(0, text.size() - back);
    if (byte < 0x80) break;
  }
  return text;
}

void check_text(std::string_view text, const std::string& source) {
  if (!marked_encoding(text).empty()) return;  // it will be decoded
  std::vector<std::string> notes;
  check_utf8(whole_characters(skip_mark(text, source, notes)), source, 1);
}

// Lines as check_utf8 counts them.
std::uint64_t line_at(std::string_view text, std::size_t position) noexcept {
  std::uint64_t line = 1;
  for (std::size_t i = 0; i < position; ++i) line += text[i] == '\n' || (text[i] == '\r' && text[i + 1] != '\n') ? 1 : 0;
  return line;
}

}  // namespace

bool is_text_so_far(std::string_view first, const std::string& source) {
  if (looks_like_npy(first) || looks_like_zip(first) || looks_like_idx(first)) return false;
  refuse_known_kinds(first, source);
  check_text(first, source);
  return true;
}

void throw_long_record(const std::string& source, std::uint64_t line) {
  throw Error("E0342", source + " line " + std::to_string(line), "longer than " + std::to_string(kLongestRecord >> 20) + " MB",
              "lines end with LF, CR LF or CR; a quotation mark that opens in this line may never close");
}

void ArrivingText::check(std::string_view all) {
  if (!judged_) {
    if (all.size() < kFirstBytes) return;
    judged_ = true;
    text_ = is_text_so_far(all, source_);
    seen_ = 0;
  }
  if (!text_) return;
  const std::string_view fresh = all.substr(seen_);
  if (std::memchr(fresh.data(), '\0', fresh.size()) != nullptr) check_text(all, source_);
  const std::size_t last = fresh.find_last_of("\r\n");
  if (last != std::string_view::npos) line_begin_ = seen_ + last + 1;
  if (all.size() - line_begin_ > kLongestRecord) throw_long_record(source_, line_at(all, line_begin_));
  seen_ = all.size();
}

}  // namespace chainrule::data
