// Fuzzes the readers of tensor files, model files and checkpoints; sealed again, so that changes reach what the digests protect.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "chainrule/error.h"
#include "model/checkpoint.h"
#include "model/model_file.h"
#include "model/sealed_file.h"
#include "model/tensor_file.h"

namespace {

using namespace chainrule;

/// Runs `body`; only errors of kind file, known and with a hint, are allowed.
template <class Body>
void expect_file_error_or_success(Body body) {
  try {
    body();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::file || error.hint().empty() || explain_error(error.code()).empty()) std::abort();
  }
}

/// What a written file reads back to must be written the same way again.
void check_model(const std::string& bytes) {
  const std::string first = model::format_model(model::parse_model(bytes, "fuzz"));
  if (model::format_model(model::parse_model(first, "fuzz")) != first) std::abort();
}

void check_checkpoint(const std::string& bytes) {
  const std::string first = model::format_checkpoint(model::parse_checkpoint(bytes, "fuzz"));
  if (model::format_checkpoint(model::parse_checkpoint(first, "fuzz")) != first) std::abort();
}

/// Puts right the digests that a mutation has made wrong.
std::string sealed_again(model::TensorFile file, const std::string& kind) {
  std::vector<float> parameters;
  for (const model::NamedTensor& tensor : file.tensors) {
    if (!tensor.name.starts_with("layers.") && !tensor.name.starts_with("input.")) continue;
    parameters.insert(parameters.end(), tensor.values.begin(), tensor.values.end());
  }
  file.metadata["digest"] = digest_of(parameters);
  return model::format_sealed_file(std::move(file), kind);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  expect_file_error_or_success([&] { model::parse_model(bytes, "fuzz"); });
  expect_file_error_or_success([&] {
    const model::TensorFile file = model::parse_tensor_file(bytes, "fuzz");
    expect_file_error_or_success([&] { check_model(sealed_again(file, "model")); });
    expect_file_error_or_success([&] { check_checkpoint(sealed_again(file, "checkpoint")); });
  });
  return 0;
}
