// safetensors: 8 bytes of header length, a JSON header, then the tensors' bytes; everything a file claims is checked before it is used.
#include "model/tensor_file.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>

#include "chainrule/error.h"
#include "files/atomic_file.h"
#include "model/tensor_header.h"

namespace chainrule::model {
namespace {

static_assert(std::endian::native == std::endian::little, "files are little-endian; another machine needs byte swaps here");

constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kAlignment = 8;
constexpr const char* kDamaged = "the file is damaged or was changed: copy it again, or train again";

// What the first bytes say, as far as it can be true of any file.
std::uint64_t claimed_header_length(std::string_view bytes, const std::string& source) {
  if (bytes.size() < kLengthBytes) {
    throw Error("E0402", source, "not a safetensors file: " + std::to_string(bytes.size()) + " bytes are too few",
                "the file is empty or was not copied to its end");
  }
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), kLengthBytes);
  const auto printable = [](char c) { return (c >= ' ' && c != 127) || c == '\n' || c == '\r' || c == '\t'; };
  if (std::all_of(bytes.begin(), bytes.begin() + kLengthBytes, printable)) {
    throw Error("E0402", source, "not a model: the file begins with text, as a table does", "the model goes first, then the table: predict MODEL DATA");
  }
  if (length < 2 || length > kLargestHeader) {
    throw Error("E0402", source, "not a safetensors file: its first 8 bytes claim a header of " + std::to_string(length) + " bytes",
                "give a model.safetensors file, or the folder of a run");
  }
  return length;
}

std::uint64_t header_length(std::string_view bytes, const std::string& source) {
  const std::uint64_t length = claimed_header_length(bytes, source);
  if (length > bytes.size() - kLengthBytes) {
    throw Error("E0409", source, "the header claims to end at byte " + std::to_string(kLengthBytes + length) + ", the file ends at " +
                std::to_string(bytes.size()), "the file was not copied to its end");
  }
  return length;
}

/// Bytes of the tensor by its shape. Throws E0404 on overflow.
std::uint64_t byte_count(const TensorEntry& entry, const std::string& where) {
  std::uint64_t bytes = sizeof(float);
  for (const std::uint64_t dimension : entry.shape) {
    if (__builtin_mul_overflow(bytes, dimension, &bytes)) throw Error("E0404", where, "the product of its shape is too large", kDamaged);
  }
  return bytes;
}

void check_entry(const TensorEntry& entry, std::uint64_t data_size, const std::string& source) {
  const std::string where = source + ", tensor \"" + entry.name.substr(0, 80) + "\"";
  if (entry.type != "F32") {
    throw Error("E0405", where, "data type \"" + entry.type.substr(0, 40) + "\" is not supported", "convert the tensors to 32-bit floats (F32)");
  }
  if (entry.offsets.size() != 2) throw Error("E0404", where, "data_offsets must be two numbers", kDamaged);
  const std::uint64_t begin = entry.offsets[0], end = entry.offsets[1];
  const std::string range = "bytes " + std::to_string(begin) + " to " + std::to_string(end);
  if (begin > end) throw Error("E0404", where, range + " run backwards", kDamaged);
  if (end > data_size) {
    throw Error("E0409", where, range + " lie beyond the " + std::to_string(data_size) + " bytes of data", "the file was not copied to its end");
  }
  const std::uint64_t expected = byte_count(entry, where);
  if (end - begin != expected) throw Error("E0404", where, range + " do not hold its shape, which needs " + std::to_string(expected), kDamaged);
}

/// Tensors in the order of their bytes must follow each other without hole or overlap, from 0 to the end.
void check_tiling(const std::vector<TensorEntry>& entries, std::uint64_t data_size, const std::string& source) {
  std::uint64_t next = 0;
  for (const TensorEntry& entry : entries) {
    if (entry.offsets[0] != next) {
      throw Error("E0406", source + ", tensor \"" + entry.name.substr(0, 80) + "\"",
                  "begins at byte " + std::to_string(entry.offsets[0]) + " of the data, but the tensor before ends at " + std::to_string(next), kDamaged);
    }
    next = entry.offsets[1];
  }
  if (next != data_size) {
    throw Error("E0406", source, std::to_string(data_size - next) + " bytes at the end belong to no tensor", kDamaged);
  }
}

NamedTensor copy_tensor(const TensorEntry& entry, std::string_view data) {
  NamedTensor tensor{entry.name, {entry.shape.begin(), entry.shape.end()}, {}};
  tensor.values.resize((entry.offsets[1] - entry.offsets[0]) / sizeof(float));
  if (!tensor.values.empty()) std::memcpy(tensor.values.data(), data.data() + entry.offsets[0], tensor.values.size() * sizeof(float));
  return tensor;
}

}  // namespace

TensorFile parse_tensor_file(std::string_view bytes, const std::string& source) {
  const std::uint64_t length = header_length(bytes, source);
  TensorHeader header = parse_tensor_header(bytes.substr(kLengthBytes, length), source);
  const std::string_view data = bytes.substr(kLengthBytes + length);
  for (const TensorEntry& entry : header.tensors) check_entry(entry, data.size(), source);
  std::stable_sort(header.tensors.begin(), header.tensors.end(),
                   [](const TensorEntry& a, const TensorEntry& b) { return a.offsets < b.offsets; });
  check_tiling(header.tensors, data.size(), source);
  TensorFile file;
  for (const TensorEntry& entry : header.tensors) file.tensors.push_back(copy_tensor(entry, data));
  file.metadata = std::move(header.metadata);
  return file;
}

std::string format_tensor_file(const TensorFile& file) {
  TensorHeader header;
  header.metadata = file.metadata;
  std::uint64_t end = 0;
  for (const NamedTensor& tensor : file.tensors) {
    const std::uint64_t begin = end;
    end += tensor.values.size() * sizeof(float);
    header.tensors.push_back({tensor.name, "F32", {tensor.shape.begin(), tensor.shape.end()}, {begin, end}});
    assert(byte_count(header.tensors.back(), tensor.name) == end - begin);
  }
  std::string text = format_tensor_header(header);
  text.resize((text.size() + kAlignment - 1) / kAlignment * kAlignment, ' ');
  const std::uint64_t length = text.size();
  if (length > kLargestHeader) {
    throw Error("E0428", "", "the description of the columns takes " + std::to_string(length) + " bytes, a model file has room for " +
                std::to_string(kLargestHeader), "leave columns out with --drop");
  }
  std::string bytes;
  bytes.reserve(kLengthBytes + length + end);
  bytes.append(reinterpret_cast<const char*>(&length), kLengthBytes).append(text);
  for (const NamedTensor& tensor : file.tensors) {
    bytes.append(reinterpret_cast<const char*>(tensor.values.data()), tensor.values.size() * sizeof(float));
  }
  return bytes;
}

namespace {

// The first eight bytes tell a model from a device or another file, before all of it is in memory.
void judge_first_bytes(std::string_view first, const std::string& path) {
  if (first.size() == kLengthBytes) (void)claimed_header_length(first, path);
}

}  // namespace

std::string read_tensor_bytes(const std::string& path) {
  constexpr FileLimit kLimit = {SIZE_MAX / 2, "E0402", "what does not come from a file must fit into memory beside the model",
                                "write it to a file and give that", judge_first_bytes};
  return read_file(path, kLimit);
}

}  // namespace chainrule::model
