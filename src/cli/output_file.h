// Where predictions go: standard output, or a file that appears whole or not at all.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace chainrule::cli {

/// Buffered bytes to a file descriptor. A regular file is written beside its place, without a name where the system can, and put in place by
/// finish(); without finish() the temporary file is removed. Throws Error E0421 (create), E0422 (write), E0423 (replace).
class OutputFile {
 public:
  /// "" is standard output. A device or pipe is written directly.
  explicit OutputFile(const std::string& path);
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  ~OutputFile();

  void write(std::string_view bytes);
  void finish();

 private:
  void flush();
  void open_target(const std::string& path);
  bool give_name();

  std::string path_, temporary_, buffer_;
  int descriptor_ = -1;
  bool nameless_ = false;
};

/// Throws Error E0105 when `output` is one of the files that the command reads, which would be gone.
void check_not_overwritten(const std::string& output, const std::vector<std::string>& inputs);

/// Thrown when whoever reads standard output has gone: the program ends quietly with exit code 141.
struct ReaderGone {};

/// Everything written to standard output has arrived; otherwise Error E0422 or ReaderGone.
void write_stdout(std::string_view bytes);

}  // namespace chainrule::cli
