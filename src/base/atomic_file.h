// Writing a file so that a reader sees the old one or the new one, never a part: temporary, fsync, rename, fsync of the folder.
#pragma once

#include <string>
#include <string_view>

namespace chainrule {

/// Throws Error E0421 (cannot create), E0422 (write failed, for example disk full), E0423 (cannot replace). The temporary file is removed.
void write_file_atomically(const std::string& path, std::string_view bytes);

/// The whole file; throws Error E0401 (cannot open) or E0424 (read failed). For regular files at most their size is allocated.
std::string read_file(const std::string& path);

/// Creates a folder and its parents; throws Error E0421.
void make_folder(const std::string& path);

/// Tests: the n-th system call of this module from now on (counted from 1) fails with `error_number`; 0 switches it off.
void fail_file_call(int n, int error_number) noexcept;

}  // namespace chainrule
