// Whole files: written so that a reader sees the old one or the new one, never a part; read at once.
#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>

namespace chainrule {

/// read_back: the bytes on the disk are compared with those written before the file gets its name.
enum class Check { none, read_back };

/// A file of `bytes`, whole or not at all (files/file_writer.h). Throws Error E0421 (cannot create), E0422 (write failed, for
/// example disk full), E0423 (cannot replace). Temporaries that killed processes left for the same path are removed.
void write_file_atomically(const std::string& path, std::string_view bytes, Check check = Check::none);

/// Renames `from` to `to`, replacing it, and flushes the folder; throws Error E0423. Both must lie in one file system.
void replace_file(const std::string& from, const std::string& to);

/// How large a file of some kind may be, and what is said of a larger one.
struct FileLimit {
  std::size_t bytes = 0;
  const char* code = "";  ///< of the error
  const char* what = "";  ///< "a config file holds a few lines"
  const char* hint = "";
  void (*judge)(std::string_view first, const std::string& path) = nullptr;  ///< throws when the first bytes (8, or all) show another kind
};

/// The whole file. Throws Error E0401 (cannot open), E0424 (read failed, or the file changed while it was read), the limit's own error,
/// E0590 once `stop` is true. For regular files at most their size is allocated.
std::string read_file(const std::string& path, const FileLimit& limit, const std::atomic<bool>* stop = nullptr);

/// Creates a folder and its parents; throws Error E0421.
void make_folder(const std::string& path);

}  // namespace chainrule
