// The JSON header of a safetensors file, read by a strict parser that builds nothing it does not need.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace chainrule::model {

/// One entry as it stands in the header; nothing is checked against the data yet.
struct TensorEntry {
  std::string name, type;
  std::vector<std::uint64_t> shape;
  std::vector<std::uint64_t> offsets;  ///< begin and end, in bytes from the start of the data
};

struct TensorHeader {
  std::vector<TensorEntry> tensors;  ///< in the order of the text
  std::map<std::string, std::string> metadata;
};

/// Unknown fields, wrong types, deep nesting, repeated names and bytes after the object throw Error E0403 or E0408.
TensorHeader parse_tensor_header(std::string_view json, const std::string& source);
/// Compact JSON, metadata first, tensors in the given order.
std::string format_tensor_header(const TensorHeader& header);

}  // namespace chainrule::model
