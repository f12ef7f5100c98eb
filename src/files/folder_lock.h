// One owner of a folder at a time: an advisory lock that the kernel gives back when its holder ends, however it ends.
#pragma once

#include <string>

#include "files/descriptor.h"

namespace chainrule {

/// flock() on FOLDER/run.lock, which holds the owner's pid and is removed by the destructor. A file that a killed process
/// left is taken over. Two locks in one process exclude each other too.
class FolderLock {
 public:
  static constexpr const char* kName = "run.lock";

  FolderLock() = default;
  /// Throws Error E0425, naming the holder's pid, when somebody else owns the folder.
  explicit FolderLock(const std::string& folder);
  FolderLock(FolderLock&& other) noexcept = default;
  FolderLock& operator=(FolderLock&& other) noexcept;
  ~FolderLock() { release(); }
  void release() noexcept;

  /// Why the folder could not be locked (a read-only or network file system without locks); "" when it was.
  const std::string& note() const noexcept { return note_; }

 private:
  bool lock_this_file(const std::string& folder);

  std::string path_, note_;
  Descriptor file_;
};

}  // namespace chainrule
