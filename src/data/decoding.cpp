// A thin layer over iconv.
#include "data/decoding.h"

#include <iconv.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "chainrule/error.h"
#include "data/encoding.h"

namespace chainrule::data {
namespace {

constexpr std::size_t kBlock = std::size_t{256} << 10;
constexpr std::size_t kMarkBytes = 4;

const iconv_t kNoConverter = reinterpret_cast<iconv_t>(-1);

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  return text;
}

bool is_utf8(const std::string& encoding) { return encoding.empty() || lower(encoding) == "utf-8" || lower(encoding) == "utf8"; }

// Names of Python and R, and of browsers.
std::string iconv_name(const std::string& encoding) {
  const std::string name = lower(encoding);
  if (name == "latin-1" || name == "latin1") return "ISO-8859-1";
  if (name == "windows-1252" || name == "ansi") return "CP1252";
  if (name == "utf16") return "UTF-16";
  if (name == "utf-16-le" || name == "utf-16-be") return name == "utf-16-le" ? "UTF-16LE" : "UTF-16BE";
  return encoding;
}

bool all_ascii(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// What a model says may be forged, or come from another system.
std::unique_ptr<Decoder> decoder_for(const std::string& name, const TextEncoding& encoding, const std::string& source) {
  try {
    return std::make_unique<Decoder>(name, source);
  } catch (const Error& error) {
    if (!encoding.given.empty()) throw;
    throw Error("E0411", source, "the model's own table was " + error.message(), "give the encoding of this text with --encoding");
  }
}

bool is_valid_utf8(std::string_view text) {
  try {
    check_utf8(whole_lines(text), "", 1);
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

std::string marked_encoding(std::string_view bytes) noexcept {
  using namespace std::string_view_literals;
  if (bytes.starts_with("\xff\xfe\0\0"sv) || bytes.starts_with("\0\0\xfe\xff"sv)) return "UTF-32";
  return bytes.starts_with("\xff\xfe"sv) || bytes.starts_with("\xfe\xff"sv) ? "UTF-16" : "";
}

Decoder::Decoder(const std::string& encoding, std::string source) : encoding_(encoding), source_(std::move(source)) {
  const std::string name = iconv_name(encoding);
  const bool plain = name.find_first_of("/,") == std::string::npos && name.find('\0') == std::string::npos;
  converter_ = plain ? iconv_open("UTF-8", name.c_str()) : kNoConverter;
  if (converter_ != kNoConverter) return;
  throw Error("E0102", "encoding", "\"" + encoding + "\" is no encoding that this system knows", "such as latin-1, windows-1252, utf-16; `iconv -l` lists them");
}

Decoder::~Decoder() { iconv_close(converter_); }

[[noreturn]] void Decoder::refuse(std::size_t position) const {
  throw Error("E0306", source_ + " byte " + std::to_string(position + 1), "not " + encoding_, "give the right encoding with --encoding");
}

void Decoder::decode(std::string_view bytes, bool last, std::string& text) {
  std::string joined = std::move(cut_);
  cut_.clear();
  joined.append(bytes);
  char* in = joined.data();
  std::size_t left = joined.size();
  char block[1 << 14];
  while (left > 0) {
    char* out = block;
    std::size_t room = sizeof block;
    const std::size_t status = iconv(converter_, &in, &left, &out, &room);
    const int error = errno;
    text.append(block, sizeof block - room);
    if (status != static_cast<std::size_t>(-1) || error == E2BIG) continue;
    if (error == EINVAL && !last) break;
    refuse(done_ + joined.size() - left);
  }
  done_ += joined.size() - left;
  cut_.assign(in, left);
}

std::string choose_encoding(std::string_view first, const TextEncoding& encoding, std::vector<std::string>& notes) {
  if (!encoding.given.empty()) return is_utf8(encoding.given) ? "" : encoding.given;
  const std::string marked = marked_encoding(first);
  if (!marked.empty()) {
    notes.push_back("encoding: " + marked + ", as its byte order mark says");
    return marked;
  }
  if (is_utf8(encoding.trained) || first.starts_with("\xef\xbb\xbf")) return "";
  if (!all_ascii(whole_lines(first)) && is_valid_utf8(first)) {
    notes.push_back("warning: the text is read as " + encoding.trained + ", as in training, but looks like UTF-8: --encoding utf-8 reads it so");
  }
  return encoding.trained;
}

void DecodedStream::begin() {
  begun_ = true;
  ready_.resize(kBlock);
  std::size_t size = 0;
  while (size < kMarkBytes && !ended_) {
    const std::size_t count = stream_.read(ready_.data() + size, ready_.size() - size);
    ended_ = count == 0;
    size += count;
  }
  ready_.resize(size);
  const std::string name = choose_encoding(ready_, encoding_, notes_);
  if (name.empty()) return;
  decoder_ = decoder_for(name, encoding_, stream_.name());
  std::string text;
  decoder_->decode(ready_, ended_, text);
  ready_ = std::move(text);
}

std::size_t DecodedStream::hand_out(char* to, std::size_t size) {
  const std::size_t count = std::min(size, ready_.size() - at_);
  std::copy_n(ready_.data() + at_, count, to);
  at_ += count;
  return count;
}

std::size_t DecodedStream::read(char* to, std::size_t size) {
  if (!begun_) begin();
  if (at_ < ready_.size()) return hand_out(to, size);
  if (!decoder_) return ended_ ? 0 : stream_.read(to, size);
  std::string bytes(kBlock, '\0');
  ready_.clear();
  at_ = 0;
  while (ready_.empty() && !ended_) {
    const std::size_t count = stream_.read(bytes.data(), bytes.size());
    ended_ = count == 0;
    decoder_->decode({bytes.data(), count}, ended_, ready_);
  }
  return hand_out(to, size);
}

std::string decoded(std::string bytes, const std::string& source, const TextEncoding& encoding, std::vector<std::string>& notes) {
  const std::string name = choose_encoding(std::string_view(bytes).substr(0, kBlock), encoding, notes);
  if (name.empty()) return bytes;
  const std::unique_ptr<Decoder> decoder = decoder_for(name, encoding, source);
  std::string text;
  text.reserve(bytes.size());
  decoder->decode(bytes, true, text);
  return text;
}

}  // namespace chainrule::data
