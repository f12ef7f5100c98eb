// Tests: what an error says.
#pragma once

#include "chainrule/error.h"

namespace chainrule {

/// The error that `body` throws; one of code "none" when it throws none.
template <class Body>
Error error_of(Body body) {
  try {
    body();
  } catch (const Error& error) {
    return error;
  }
  return Error("none", "", "no error");
}

}  // namespace chainrule
