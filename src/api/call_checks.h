// What every public call on a network checks before it touches anything: sizes, row numbers, labels, weights.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "chainrule/network.h"

namespace chainrule::api {

/// Throws Error E0223, naming call and argument.
[[noreturn]] void refuse_argument(const char* call, const std::string& argument, const std::string& problem, const std::string& hint = "");

/// Throws Error E0226.
[[noreturn]] void refuse_empty(const char* what);
/// What `impl` points to; E0226 for what was moved from.
template <class Pointer>
auto& held(const Pointer& impl, const char* what) {
  if (impl == nullptr) refuse_empty(what);
  return *impl;
}

/// Inputs of the rows, their numbers and weights: what forward() reads. E0223, E0224 (a row that is not there), E0225 (a weight that is none).
void check_rows(const char* call, const NetworkSpec& network, std::size_t max_batch, const Samples& samples, std::span<const std::uint32_t> rows);
/// Their true answers, which step() reads too. E0223; E0225: a label that is no class.
void check_answers(const char* call, const NetworkSpec& network, const Samples& samples, std::span<const std::uint32_t> rows);
/// Throws Error E0223 unless `given` is `wanted`.
void check_size(const char* call, const char* argument, std::size_t given, std::size_t wanted, const char* shape);
void check_options(const PlanOptions& options);

}  // namespace chainrule::api
