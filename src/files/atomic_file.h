// Writing a file so that a reader sees the old one or the new one, never a part: temporary, fsync, rename, fsync of the folder.
#pragma once

#include <string>
#include <string_view>

namespace chainrule {

/// Throws Error E0421 (cannot create), E0422 (write failed, for example disk full), E0423 (cannot replace). The temporary file is removed;
/// one that a killed process left behind for the same path is removed too. Links are followed; a pipe or device is written to directly.
void write_file_atomically(const std::string& path, std::string_view bytes);

/// Renames `from` to `to`, replacing it, and flushes the folder; throws Error E0423. Both must lie in one file system.
void replace_file(const std::string& from, const std::string& to);

/// The whole file; throws Error E0401 (cannot open) or E0424 (read failed). For regular files at most their size is allocated.
std::string read_file(const std::string& path);

/// Creates a folder and its parents; throws Error E0421.
void make_folder(const std::string& path);

/// Tests: the n-th system call of this module from now on (counted from 1) fails with `error_number`; 0 switches it off. Not thread-safe.
void fail_file_call(int n, int error_number) noexcept;

}  // namespace chainrule
