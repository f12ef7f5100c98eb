// Reading and writing safetensors files: names, shapes, fp32 data and string metadata. Format: docs/formats/model.md.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace chainrule::model {

struct NamedTensor {
  std::string name;
  std::vector<std::size_t> shape;
  std::vector<float> values;
};

struct TensorFile {
  std::vector<NamedTensor> tensors;
  std::map<std::string, std::string> metadata;
};

/// Bytes of a header: the limit of the safetensors format, for reader and writer alike.
inline constexpr std::uint64_t kLargestHeader = 100'000'000;

/// Parses bytes already in memory; every length, offset, overlap and hole is checked. Throws Error E0402..E0409. `source` names the file.
TensorFile parse_tensor_file(std::string_view bytes, const std::string& source);
/// Throws Error E0428 when the header would be larger than a reader takes.
std::string format_tensor_file(const TensorFile& file);

/// The bytes of such a file; another kind is refused at its first bytes (E0402). Throws what read_file() does.
std::string read_tensor_bytes(const std::string& path);

}  // namespace chainrule::model
