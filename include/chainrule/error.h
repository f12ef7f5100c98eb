// The one exception the library throws: what went wrong, where, and what to do about it.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace chainrule {

/// What kind of fault an error is. The values are the exit codes of the command line.
enum class ErrorKind : int {
  check_failed = 1,
  usage = 2,
  data = 3,
  file = 4,
  diverged = 5,
  interrupted = 130,
};

/// A fault of the user's input or of the environment. Bugs assert instead.
/// `code` is stable ("E0301"), `where` names the place ("houses.csv line 412, column 5 (\"area\")", may be empty),
/// `message` says what was found, `hint` says what to do (may be empty). what() is "where: message".
class Error : public std::runtime_error {
 public:
  Error(std::string code, std::string where, std::string message, std::string hint = "");

  const std::string& code() const noexcept { return code_; }
  const std::string& where() const noexcept { return where_; }
  const std::string& message() const noexcept { return message_; }
  const std::string& hint() const noexcept { return hint_; }

  /// Derived from the code's hundreds: E01xx and E02xx usage, E03xx data, E04xx file, E05xx diverged (E0590: interrupted),
  /// E06xx check_failed.
  ErrorKind kind() const noexcept;

 private:
  std::string code_, where_, message_, hint_;
};

/// The longer explanation behind a code, for `chainrule help E0301`; empty when the code is unknown.
std::string_view explain_error(std::string_view code) noexcept;

}  // namespace chainrule
