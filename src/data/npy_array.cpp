// Parsing NPY headers strictly, and turning arrays into columns or a dense block.
#include "data/npy_array.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "chainrule/error.h"
#include "files/interruption.h"

namespace chainrule::data {
namespace {

constexpr std::string_view kMagic("\x93NUMPY", 6);

[[noreturn]] void throw_header(const std::string& source, const std::string& message) {
  throw Error("E0336", source, message, "write the file again with numpy.save");
}

// A cursor over the header's Python dictionary: {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }
class Header {
 public:
  Header(std::string_view text, const std::string& source) : text_(text), source_(source) {}

  void read(std::string& type, NpyArray& array) {
    bool seen[3] = {false, false, false};
    expect('{');
    while (!accept('}')) {
      const std::string_view key = quoted();
      expect(':');
      const int which = key == "descr" ? 0 : key == "fortran_order" ? 1 : key == "shape" ? 2 : -1;
      if (which < 0 || seen[which]) fail("unexpected key \"" + std::string(key.substr(0, 40)) + "\"");
      seen[which] = true;
      if (which == 0) type = read_type();
      if (which == 1) array.fortran_order = boolean();
      if (which == 2) array.shape = shape();
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_blanks();
    if (at_ != text_.size()) fail("text behind the dictionary");
    if (!seen[0] || !seen[1] || !seen[2]) fail("descr, fortran_order or shape is missing");
  }

 private:
  [[noreturn]] void fail(const std::string& message) const {
    throw_header(source_ + " header byte " + std::to_string(at_), "bad NPY header: " + message);
  }
  void skip_blanks() noexcept {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t')) ++at_;
  }
  bool accept(char c) noexcept {
    skip_blanks();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) fail(std::string("expected '") + c + "'");
  }
  bool accept_word(std::string_view word) noexcept {
    skip_blanks();
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  std::string_view quoted() {
    const char quote = accept('\'') ? '\'' : '"';
    if (quote == '"') expect('"');
    const std::size_t end = text_.find(quote, at_);
    if (end == std::string_view::npos) fail("a text without end");
    const std::string_view inside = text_.substr(at_, end - at_);
    at_ = end + 1;
    return inside;
  }
  std::string read_type() {
    skip_blanks();
    if (at_ < text_.size() && text_[at_] == '[') {
      throw Error("E0337", source_, "a structured NPY array (one with named fields)", "save its fields as a plain two-dimensional array");
    }
    return std::string(quoted());
  }
  bool boolean() {
    if (accept_word("True")) return true;
    if (!accept_word("False")) fail("expected True or False");
    return false;
  }
  std::vector<std::size_t> shape() {
    std::vector<std::size_t> sizes;
    expect('(');
    while (!accept(')')) {
      if (sizes.size() == 32) fail("more than 32 dimensions");
      sizes.push_back(size());
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return sizes;
  }
  std::size_t size() {
    skip_blanks();
    std::size_t value = 0;
    const std::size_t start = at_;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
      const bool overflow = __builtin_mul_overflow(value, std::size_t{10}, &value) ||
                            __builtin_add_overflow(value, static_cast<std::size_t>(text_[at_] - '0'), &value);
      if (overflow) throw Error("E0332", source_, "the NPY header announces a size beyond 64 bits", "the file is damaged");
    }
    if (at_ == start) fail("expected a size");
    return value;
  }

  std::string_view text_;
  std::string source_;
  std::size_t at_ = 0;
};

void take_type(const std::string& type, NpyArray& array, const std::string& source) {
  constexpr std::string_view kTypes[] = {"f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"};
  const char order = type.empty() ? '?' : type[0];
  const std::string_view rest = std::string_view(type).substr(type.empty() ? 0 : 1);
  bool known = order == '<' || order == '>' || order == '|' || order == '=';
  bool found = false;
  for (std::string_view candidate : kTypes) found = found || candidate == rest;
  if (order == '|' && rest.size() == 2 && rest[1] != '1') known = false;
  if (!known || !found) {
    throw Error("E0337", source, "NPY type \"" + type.substr(0, 40) + "\" is not supported",
                "convert with array.astype(numpy.float32) and save again");
  }
  array.kind = rest[0];
  array.item = static_cast<std::size_t>(rest[1] - '0');
  array.big_endian = order == '>' || (order == '=' && std::endian::native == std::endian::big);
}

// Where the header's text lies; checks magic and version.
std::string_view header_text(std::string_view bytes, const std::string& source, std::size_t& data_start) {
  if (!looks_like_npy(bytes)) throw_header(source, "not an NPY file");
  const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(bytes[i])); };
  const auto truncated = [&] {
    return Error("E0331", source + " byte " + std::to_string(bytes.size()), "the file ends inside the NPY header", "fetch the file again");
  };
  if (bytes.size() < 10) throw truncated();
  const std::size_t version = byte(6), length_bytes = version == 1 ? 2 : 4;
  if (version < 1 || version > 3) throw_header(source + " byte 6", "unknown NPY version " + std::to_string(version));
  if (bytes.size() < 8 + length_bytes) throw truncated();
  std::size_t length = 0;
  for (std::size_t i = length_bytes; i-- > 0;) length = length << 8 | byte(8 + i);
  data_start = 8 + length_bytes + length;
  if (bytes.size() < data_start) throw truncated();
  return bytes.substr(8 + length_bytes, length);
}

std::string shape_text(const NpyArray& array) {
  std::string text = "(";
  for (std::size_t i = 0; i < array.shape.size(); ++i) text += (i == 0 ? "" : ", ") + std::to_string(array.shape[i]);
  return text + ")";
}

template <class Integer>
Integer load_integer(const char* at, bool swap) noexcept {
  Integer value = 0;
  std::memcpy(&value, at, sizeof value);
  if constexpr (sizeof(Integer) == 2) return swap ? __builtin_bswap16(value) : value;
  if constexpr (sizeof(Integer) == 4) return swap ? __builtin_bswap32(value) : value;
  if constexpr (sizeof(Integer) == 8) return swap ? __builtin_bswap64(value) : value;
  return value;
}

std::uint64_t load(const char* at, std::size_t item, bool swap) noexcept {
  switch (item) {
    case 1: return load_integer<std::uint8_t>(at, swap);
    case 2: return load_integer<std::uint16_t>(at, swap);
    case 4: return load_integer<std::uint32_t>(at, swap);
    default: return load_integer<std::uint64_t>(at, swap);
  }
}

[[noreturn]] void throw_infinite(const std::string& source, std::size_t row, std::size_t column) {
  throw Error("E0309", source + " row " + std::to_string(row) + ", column " + std::to_string(column), "an infinite or too large value",
              "replace it, or write NaN for a missing value");
}

}  // namespace

double NpyArray::item_at(std::size_t index) const noexcept {
  const bool swap = big_endian != (std::endian::native == std::endian::big);
  const std::uint64_t word = load(values.data() + index * item, item, swap);
  switch (kind) {
    case 'f': return item == 4 ? static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(word))) : std::bit_cast<double>(word);
    case 'i': {
      const int shift = static_cast<int>(64 - 8 * item);
      return static_cast<double>(static_cast<std::int64_t>(word << shift) >> shift);
    }
    case 'b': return word != 0 ? 1 : 0;
    default: return static_cast<double>(word);
  }
}

// `column` counts the items behind the first axis in C order; in Fortran order the file counts them first axis fastest.
std::size_t NpyArray::index(std::size_t row, std::size_t column) const noexcept {
  if (!fortran_order || shape.size() < 2) return row * columns() + column;
  std::size_t stride = values.size() / item, result = row;
  for (std::size_t d = shape.size(); d-- > 1;) {
    stride /= shape[d];
    result += column % shape[d] * stride;
    column /= shape[d];
  }
  return result;
}

bool looks_like_npy(std::string_view bytes) noexcept { return bytes.starts_with(kMagic); }

NpyArray parse_npy(std::string_view bytes, const std::string& source) {
  std::size_t data_start = 0;
  const std::string_view header = header_text(bytes, source, data_start);
  NpyArray array;
  std::string type;
  Header(header, source).read(type, array);
  take_type(type, array, source);
  std::size_t total = array.item;
  bool overflow = false, empty = false;
  for (std::size_t size : array.shape) {
    empty = empty || size == 0;
    overflow = __builtin_mul_overflow(total, size, &total) || overflow;
  }
  if (empty) throw Error("E0340", source, "the array is empty, shape " + shape_text(array), "check the file");
  if (overflow) throw Error("E0332", source, "the NPY header announces shape " + shape_text(array) + ", more than any file holds", "the file is damaged");
  const std::size_t left = bytes.size() - data_start;
  const std::string announced = "the NPY header announces " + std::to_string(total) + " bytes of data, the file holds " + std::to_string(left);
  if (left < total) throw Error("E0331", source + " byte " + std::to_string(bytes.size()), announced, "fetch the file again");
  if (left > total) throw Error("E0333", source + " byte " + std::to_string(data_start + total), announced, "the file is damaged");
  array.values = bytes.substr(data_start);
  return array;
}

Column column_from_array(const NpyArray& array, std::size_t column, std::string name, const std::string& source) {
  Column result;
  result.name = std::move(name);
  result.numbers.resize(array.rows());
  bool whole = true;
  for (std::size_t row = 0; row < result.numbers.size(); ++row) {
    const double value = array.at(row, column);
    if (std::isinf(value)) throw_infinite(source, row, column);
    whole = whole && (std::isnan(value) || value == std::nearbyint(value));
    result.numbers[row] = value;
  }
  result.integers = whole;
  return result;
}

DenseBlock dense_from_array(const NpyArray& array, const std::string& source, const std::atomic<bool>* stop) {
  DenseBlock dense;
  dense.columns = array.columns();
  dense.name_prefix = "x";
  const std::size_t cells = array.rows() * dense.columns;
  const bool bytes = array.item == 1 && array.kind != 'i';
  if (bytes) dense.bytes.resize(cells);
  else dense.values.resize(cells);
  std::size_t row = 0, column = 0;
  for (std::size_t i = 0; i < cells; ++i) {
    const double value = array.item_at(array.fortran_order ? array.index(row, column) : i);
    if (bytes) {
      dense.bytes[i] = static_cast<std::uint8_t>(value);
    } else {
      if (std::abs(value) > static_cast<double>(std::numeric_limits<float>::max())) throw_infinite(source, row, column);
      dense.values[i] = static_cast<float>(value);
    }
    if (++column == dense.columns) {
      column = 0;
      if (++row % 1024 == 0) end_if_asked(stop, source);
    }
  }
  return dense;
}

Table table_from_npy(std::string_view bytes, const std::string& source, const std::atomic<bool>* stop) {
  const NpyArray array = parse_npy(bytes, source);
  constexpr std::size_t kMostSingleColumns = 4096;  // beyond, columns of their own would cost far more than the file
  Table table;
  table.source = source;
  table.rows = array.rows();
  table.notes.push_back("format: NPY, shape " + shape_text(array));
  if (array.columns() > kMostSingleColumns) {
    table.dense = dense_from_array(array, source, stop);
    return table;
  }
  for (std::size_t c = 0; c < array.columns(); ++c) {
    end_if_asked(stop, source);
    table.columns.push_back(column_from_array(array, c, std::to_string(c), source));
    table.columns.back().number = c;
  }
  return table;
}

}  // namespace chainrule::data
