// Only regular files count: a pipe or device may well be on both sides.
#include "files/file_account.h"

#include <sys/stat.h>

#include "chainrule/error.h"

namespace chainrule {

void FileAccount::add(std::vector<Entry>& entries, Entry entry, int descriptor) {
  struct stat info {};
  const int result = descriptor >= 0 ? ::fstat(descriptor, &info) : ::stat(entry.path.c_str(), &info);
  if (result != 0 || !S_ISREG(info.st_mode)) return;
  entry.device = info.st_dev;
  entry.inode = info.st_ino;
  entries.push_back(std::move(entry));
}

void FileAccount::reads(const std::string& role, const std::string& path) { add(read_, {role, path}, -1); }
void FileAccount::writes(const std::string& role, const std::string& path) { add(written_, {role, path}, -1); }

void FileAccount::reads_descriptor(const std::string& role, int descriptor) {
  add(read_, {role, role}, descriptor);
}

void FileAccount::writes_descriptor(const std::string& role, int descriptor) {
  add(written_, {role, role}, descriptor);
}

void FileAccount::check() const {
  for (const Entry& out : written_) {
    for (const Entry& in : read_) {
      if (out.device != in.device || out.inode != in.inode) continue;
      throw Error("E0105", out.role, out.path + " is the very file that this command reads as " + in.role,
                  "write to another name");
    }
  }
}

}  // namespace chainrule
