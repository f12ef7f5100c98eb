// A tensor file with Chainrule's seal: format, version, kind, and a digest over every byte of the file.
#pragma once

#include <string>
#include <string_view>

#include "model/tensor_file.h"

namespace chainrule::model {

inline constexpr const char* kFormatVersion = "1";

/// Adds "format", "format_version", "kind" and "content_digest" to the metadata and gives the file's bytes. content_digest is the SHA-256
/// of the whole file with its own 64 digits replaced by zeros.
std::string format_sealed_file(TensorFile file, const std::string& kind);

/// Throws Error E0402..E0409 (structure), E0413 (not ours, unknown version, another kind), E0410 (a byte has changed).
TensorFile parse_sealed_file(std::string_view bytes, const std::string& kind, const std::string& source);

}  // namespace chainrule::model
