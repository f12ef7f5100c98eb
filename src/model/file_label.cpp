// Reads the eight bytes of length and the JSON header; tensors stay on the disk.
#include "model/file_label.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <cstring>

#include "chainrule/error.h"
#include "files/descriptor.h"
#include "files/path_status.h"
#include "model/model_part.h"
#include "model/tensor_file.h"
#include "model/tensor_header.h"

namespace chainrule::model {
namespace {

/// Fewer bytes when the file ends before. Throws Error E0424: what cannot be read must not pass for somebody else's.
std::string read_start(int fd, const std::string& path, std::size_t size, std::size_t begin) {
  std::string bytes(size, '\0');
  std::size_t used = 0;
  while (used < size) {
    const ssize_t got = system_call([&] {
      return ::pread(fd, bytes.data() + used, size - used, static_cast<off_t>(begin + used));
    });
    if (got < 0) fail_file("E0424", path, "cannot read", errno);
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
  }
  bytes.resize(used);
  return bytes;
}

std::uint64_t number_of(const std::map<std::string, std::string>& texts, const std::string& key) {
  std::uint64_t value = 0;
  const auto found = texts.find(key);
  if (found != texts.end()) std::from_chars(found->second.data(), found->second.data() + found->second.size(), value);
  return value;
}

std::string text_of(const std::map<std::string, std::string>& texts, const std::string& key) {
  const auto found = texts.find(key);
  return found == texts.end() ? "" : found->second;
}

/// Leaves the label foreign unless the header is that of one of Chainrule's files.
FileLabel label_of(const std::string& header_text, const std::string& path) {
  FileLabel label;
  label.kind = FileLabel::Kind::foreign;
  const TensorHeader header = parse_tensor_header(header_text, path);
  const std::string kind = text_of(header.metadata, "kind");
  if (text_of(header.metadata, "format") != "chainrule" || (kind != "model" && kind != "checkpoint")) return label;
  const auto facts = texts_from_json(text_of(header.metadata, "facts"), path, "the facts");
  label.kind = kind == "model" ? FileLabel::Kind::model : FileLabel::Kind::checkpoint;
  label.run = text_of(facts, kRunFact);
  label.unfinished = text_of(facts, kUnfinishedFact);
  label.step = kind == "model" ? number_of(facts, "steps") : number_of(header.metadata, "step");
  return label;
}

}  // namespace

FileLabel read_label(const std::string& path) {
  FileLabel foreign;
  foreign.kind = FileLabel::Kind::foreign;
  const auto info = status_of(path);
  if (!info) return {};
  if (!S_ISREG(info->st_mode)) return foreign;
  const Descriptor file = open_file(path, O_RDONLY);
  if (!file) fail_file("E0401", path, "cannot open", errno);
  std::uint64_t length = 0;
  const std::string start = read_start(file.get(), path, sizeof length, 0);
  if (start.size() < sizeof length) return foreign;
  std::memcpy(&length, start.data(), sizeof length);
  if (length < 2 || length > kLargestHeader || length > static_cast<std::uint64_t>(info->st_size)) return foreign;
  const std::string header = read_start(file.get(), path, length, sizeof length);
  try {
    return label_of(header, path);
  } catch (const Error&) {
    return foreign;
  }
}

}  // namespace chainrule::model
