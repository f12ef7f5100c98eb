// The program's entry: prepares the three standard streams and hands over to run_program().
#include <fcntl.h>
#include <unistd.h>

#include <iostream>
#include <streambuf>

#include "files/file_writer.h"
#include "program.h"
#include "stop_signal.h"

namespace chainrule::cli {
namespace {

/// Standard output through write_stdout(), which tells a full disk from a reader that has gone.
class StdoutBuffer : public std::streambuf {
 protected:
  int_type overflow(int_type c) override {
    if (c != traits_type::eof()) text_ += traits_type::to_char_type(c);
    if (text_.size() >= kBytes) sync();
    return traits_type::not_eof(c);
  }
  std::streamsize xsputn(const char* text, std::streamsize size) override {
    text_.append(text, static_cast<std::size_t>(size));
    if (text_.size() >= kBytes) sync();
    return size;
  }
  /// Only where it stands: for tellp().
  pos_type seekoff(off_type off, std::ios_base::seekdir way, std::ios_base::openmode) override {
    return off == 0 && way == std::ios_base::cur ? pos_type(written_ + static_cast<off_type>(text_.size())) : pos_type(off_type(-1));
  }
  int sync() override {
    std::string text;
    text.swap(text_);
    written_ += static_cast<off_type>(text.size());
    write_stdout(text);
    return 0;
  }

 private:
  static constexpr std::size_t kBytes = 1 << 16;
  std::string text_;
  off_type written_ = 0;
};

/// A closed standard stream must not become the number of a file we open: it is filled so that using it still fails.
bool fill_closed(int stream, int mode) {
  if (::fcntl(stream, F_GETFD) != -1) return false;
  static_cast<void>(::open("/dev/null", mode) + 1);
  return true;
}

int run(int count, char** words) {
  const bool stdin_closed = fill_closed(STDIN_FILENO, O_WRONLY);
  fill_closed(STDOUT_FILENO, O_RDONLY);
  fill_closed(STDERR_FILENO, O_RDONLY);
  ignore_write_signals();
  StdoutBuffer buffer;
  std::ostream out(&buffer);
  out.exceptions(std::ios::badbit);
  Console console = process_console(out, std::cerr);
  console.stdin_closed = stdin_closed;
  return run_program({words + 1, words + count}, process_environment(), console);
}

}  // namespace
}  // namespace chainrule::cli

int main(int count, char** words) { return count > 0 ? chainrule::cli::run(count, words) : 2; }
