// The one way the program writes files: a file appears whole or not at all, with the rights of the one it replaces.
#pragma once

#include <string>
#include <string_view>

#include "files/descriptor.h"
#include "files/write_target.h"

namespace chainrule {

/// Thrown when whoever reads a pipe or standard output has gone.
struct ReaderGone {};

/// Buffered bytes to a file. They are written beside its place, without a name where the system can, and put in place by
/// finish(): fsync, rename, fsync of the folder. Without finish() nothing is left. The file takes mode and owner of the one
/// it replaces. Links are followed; devices, pipes and descriptors are written to directly.
/// Throws Error E0421 (cannot create), E0422 (write failed, for example disk full), E0423 (cannot replace), or ReaderGone.
class FileWriter {
 public:
  /// "" is standard output.
  explicit FileWriter(const std::string& path);
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;
  ~FileWriter();

  void write(std::string_view bytes);
  /// All bytes have left the buffer.
  void flush();
  void finish();
  /// Before finish(), for a file that is replaced: what lies on the disk so far. Throws Error E0424.
  std::string read_back();
  bool replaces() const noexcept { return target_.kind == WriteTarget::Kind::replaced; }

 private:
  void open_temporary();
  void open_named();
  bool open_nameless();
  std::string next_temporary_name();
  void take_rights();
  void give_name();
  void write_out(std::string_view bytes);

  std::string path_;  ///< as the user named it; for messages
  WriteTarget target_;
  std::string temporary_, buffer_;  ///< temporary_: "" while the file has no name
  Descriptor own_;
  int descriptor_ = -1;
};

/// Everything written to standard output has arrived; otherwise Error E0422 or ReaderGone.
void write_stdout(std::string_view bytes);

}  // namespace chainrule
