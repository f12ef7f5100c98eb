// Reading and writing safetensors files: names, shapes, fp32 data and string metadata. Format: docs/formats/model.md.
#pragma once

#include <cstdint>
#include <map>
#include <string>
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

/// Parses bytes already in memory; every length, offset, overlap and hole is checked. Throws Error E0402..E0409. `source` names the file.
TensorFile parse_tensor_file(std::string_view bytes, const std::string& source);
std::string format_tensor_file(const TensorFile& file);

TensorFile read_tensor_file(const std::string& path);
/// Atomic (files/atomic_file.h). Throws Error E0420..E0429; the old file, if any, is then untouched.
void write_tensor_file(const std::string& path, const TensorFile& file);

}  // namespace chainrule::model
