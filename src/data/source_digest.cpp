// Digests of sources, a block at a time.
#include "data/source_digest.h"

#include <algorithm>

#include "data/idx_folder.h"
#include "data/input.h"
#include "files/interruption.h"

namespace chainrule::data {
namespace {

constexpr std::size_t kBlock = std::size_t{4} << 20;

}  // namespace

void SourceDigest::begin(const std::string& path, bool with_name) {
  read_.push_back(path);
  if (!with_name) return;
  const std::string name = path.substr(path.find_last_of('/') + 1);
  sha_.add(name.c_str(), name.size() + 1);
}

void SourceDigest::add(const std::string& path, std::string_view bytes, bool with_name, const std::atomic<bool>* stop) {
  begin(path, with_name);
  for (std::size_t at = 0; at < bytes.size(); at += kBlock) {
    end_if_asked(stop, path);
    sha_.add(bytes.data() + at, std::min(kBlock, bytes.size() - at));
  }
}

void SourceDigest::add_unread(const std::string& path, bool with_name, const std::atomic<bool>* stop) {
  begin(path, with_name);
  InputOptions options;
  options.stop = stop;
  const std::unique_ptr<ByteSource> source = open_source(path, options);
  std::string block(std::size_t{1} << 18, '\0');
  while (const std::size_t count = source->read(block.data(), block.size())) sha_.add(block.data(), count);
}

std::string SourceDigest::finish(const std::string& path, const std::atomic<bool>* stop) {
  if (path == "-" || !repeatable_) return "";
  const bool folder = is_folder(path);
  const std::vector<std::string> files = folder ? idx_folder_files(path) : std::vector<std::string>{path};
  for (const std::string& file : files) {
    if (std::find(read_.begin(), read_.end(), file) != read_.end()) continue;
    if (is_file(file) && !is_regular_file(file)) return "";
    add_unread(file, folder, stop);
  }
  return sha_.hex();
}

}  // namespace chainrule::data
