// The two loops that see every byte of a CSV text: finding where fields end, and reading columns of numbers.
#pragma once

#include <cstddef>
#include <cstdint>

namespace chainrule::data {

/// One column of plain records (data/plain_records.h). At least kReadableBehind bytes behind each field may be read.
struct FieldColumn {
  const char* text;
  const std::uint32_t* stops;  ///< the one before the first field, which may be -1, then that behind it; all below 2^31
  std::size_t stride;          ///< from row to row: the number of columns
  std::size_t tail;            ///< bytes between a field's end and its stop: 1 when all lines end with CR LF, in the last column

  const char* begin(std::size_t row) const noexcept { return text + 1 + static_cast<std::int32_t>(stops[row * stride]); }
  const char* end(std::size_t row) const noexcept { return text - tail + static_cast<std::int32_t>(stops[row * stride + 1]); }
};

constexpr std::size_t kReadableBehind = 64;
constexpr std::size_t kStopsSlack = 8;  ///< find_stops writes up to that many behind the last

struct StopCount {
  std::size_t stops = 0;  ///< separators and LFs outside quotes
  std::size_t lines = 0;  ///< LFs among them
  bool odd = false;       ///< behind the last stop lies a record that is not plain
  bool doubled = false;   ///< some quoted field may hold doubled quotes
};
struct NumberCount {
  std::size_t rows = 0;   ///< taken, empty cells among them
  std::size_t empty = 0;  ///< NaN in the result
  bool fractions = false; ///< some field may have a decimal mark
};

struct FieldKernels {
  const char* name;
  /// Writes the offsets of the stops in 64 * blocks bytes that begin a record. Ends early, and shows no stop from there on, where a
  /// record is not plain: a line end in quotes, a quote inside a field that does not begin with one, text behind a closing quote, CR without LF.
  StopCount (*find_stops)(const char* text, std::size_t blocks, char separator, std::uint32_t* stops);
  /// Reads rows until one is neither empty nor a plain decimal (a sign '-', few enough digits for a double, no exponent).
  NumberCount (*read_numbers)(FieldColumn column, std::size_t rows, char decimal, double* to);
};

const FieldKernels& portable_field_kernels();
const FieldKernels& avx2_field_kernels();  ///< only in x86-64 builds
/// All that this processor can run, the fastest last.
struct FieldKernelList {
  const FieldKernels* kernels[2];
  std::size_t count;
};
FieldKernelList runnable_field_kernels();
const FieldKernels& best_field_kernels();

}  // namespace chainrule::data
