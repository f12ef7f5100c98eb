// The exception's text and its kind.
#include "chainrule/error.h"

#include <utility>

namespace chainrule {

Error::Error(std::string code, std::string where, std::string message, std::string hint)
    : std::runtime_error(where.empty() ? message : where + ": " + message),
      code_(std::move(code)),
      where_(std::move(where)),
      message_(std::move(message)),
      hint_(std::move(hint)) {}

ErrorKind Error::kind() const noexcept {
  if (code_ == "E0590") return ErrorKind::interrupted;
  const char hundreds = code_.size() > 2 ? code_[2] : '1';
  switch (hundreds) {
    case '3': return ErrorKind::data;
    case '4': return ErrorKind::file;
    case '5': return ErrorKind::diverged;
    case '6': return ErrorKind::check_failed;
    default: return ErrorKind::usage;
  }
}

}  // namespace chainrule
