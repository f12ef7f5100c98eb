// The seal covers header, padding and data, so that one flipped bit anywhere is noticed.
#include "model/sealed_file.h"

#include <cassert>

#include "base/digest.h"
#include "chainrule/error.h"

namespace chainrule::model {
namespace {

constexpr std::string_view kDigestEntry = "\"content_digest\":\"";  // inside a JSON string its quotes would be escaped
const std::string kZeros(64, '0');

/// Where the 64 digits lie in the bytes; npos when they are not there.
std::size_t digest_place(std::string_view bytes) {
  const std::size_t entry = bytes.find(kDigestEntry);
  if (entry == std::string_view::npos || bytes.size() < entry + kDigestEntry.size() + kZeros.size()) return std::string_view::npos;
  return entry + kDigestEntry.size();
}

std::string content_digest(std::string_view bytes, std::size_t place) {
  Sha256 digest;
  digest.add(bytes.data(), place);
  digest.add(kZeros.data(), kZeros.size());
  const std::string_view rest = bytes.substr(place + kZeros.size());
  digest.add(rest.data(), rest.size());
  return digest.hex();
}

std::string entry_of(const TensorFile& file, const std::string& key) {
  const auto found = file.metadata.find(key);
  return found == file.metadata.end() ? "" : found->second;
}

void check_kind(const TensorFile& file, const std::string& kind, const std::string& source) {
  if (entry_of(file, "format") != "chainrule") {
    throw Error("E0413", source, "a safetensors file, but not one of Chainrule's", "give the model.safetensors of a run");
  }
  if (const std::string version = entry_of(file, "format_version"); version != kFormatVersion) {
    throw Error("E0413", source, "has format version \"" + version.substr(0, 20) + "\", this program reads version " + kFormatVersion,
                "use the program version that wrote it");
  }
  if (const std::string found = entry_of(file, "kind"); found != kind) {
    throw Error("E0413", source, "is a " + found.substr(0, 20) + ", not a " + kind,
                kind == "model" ? "give the model.safetensors of a run" : "give the folder of a run");
  }
}

}  // namespace

std::string format_sealed_file(TensorFile file, const std::string& kind) {
  file.metadata["format"] = "chainrule";
  file.metadata["format_version"] = kFormatVersion;
  file.metadata["kind"] = kind;
  file.metadata["content_digest"] = kZeros;
  std::string bytes = format_tensor_file(file);
  const std::size_t place = digest_place(bytes);
  assert(place != std::string::npos);
  bytes.replace(place, kZeros.size(), content_digest(bytes, place));
  return bytes;
}

TensorFile parse_sealed_file(std::string_view bytes, const std::string& kind, const std::string& source) {
  TensorFile file = parse_tensor_file(bytes, source);
  check_kind(file, kind, source);
  const std::string stored = entry_of(file, "content_digest");
  const std::size_t place = digest_place(bytes);
  if (place == std::string_view::npos || bytes.substr(place, kZeros.size()) != stored || content_digest(bytes, place) != stored) {
    throw Error("E0410", source, "the file's bytes are not those that were written", "copy the file again, or train again");
  }
  return file;
}

}  // namespace chainrule::model
