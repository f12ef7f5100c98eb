// One account of what a command reads and what it writes, settled before any work.
#pragma once

#include <string>
#include <vector>

namespace chainrule {

/// Files are compared by device and inode, so every spelling, link and redirection of one file is the same.
class FileAccount {
 public:
  /// `role` is what messages call it: "DATA", "--test". Names that are no file yet are no fault.
  void reads(const std::string& role, const std::string& path);
  void reads_descriptor(const std::string& role, int descriptor);
  void writes(const std::string& role, const std::string& path);
  void writes_descriptor(const std::string& role, int descriptor);
  /// Throws Error E0105 when a file is read and written.
  void check() const;

 private:
  struct Entry {
    std::string role, path;
    unsigned long long device = 0, inode = 0;
  };
  static void add(std::vector<Entry>& entries, Entry entry, int descriptor);

  std::vector<Entry> read_, written_;
};

}  // namespace chainrule
