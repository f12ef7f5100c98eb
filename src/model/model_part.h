// The model's share of a tensor file, which model files and checkpoints have in common.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "model/model_file.h"
#include "model/tensor_file.h"
#include "net/parameter_layout.h"

namespace chainrule::model {

/// Hands out tensors and entries of a file, each once, and knows what was not asked for.
class FileParts {
 public:
  FileParts(TensorFile file, std::string source);

  const std::string& source() const noexcept { return source_; }
  /// Throws Error E0413 when the entry is missing.
  std::string entry(const std::string& key) const;
  std::string entry_or(const std::string& key, std::string otherwise) const;
  bool has_tensor(const std::string& name) const { return tensors_.contains(name); }
  /// All tensors prefix + layout name, as one flat vector. Throws Error E0414 when one is missing or has another shape.
  std::vector<float> take_parameters(const net::ParameterLayout& layout, const std::string& prefix);
  /// Empty when there is not even the first tensor.
  std::vector<float> take_optional_parameters(const net::ParameterLayout& layout, const std::string& prefix);
  /// Throws Error E0414 when a tensor was never taken.
  void expect_empty() const;

 private:
  TensorFile file_;
  std::string source_;
  std::map<std::string, NamedTensor*> tensors_;
};

/// Appends the tensors prefix + layout name. Throws Error E0414 when `values` is not layout.size long.
void put_parameters(TensorFile& file, const net::ParameterLayout& layout, const std::string& prefix, std::span<const float> values);

void put_model(TensorFile& file, const ModelFile& model, const net::ParameterLayout& layout);
/// Checks spec, shapes and digest; leaves tensors that are not the model's.
ModelFile take_model(FileParts& parts);

std::string texts_to_json(const std::map<std::string, std::string>& texts);
std::map<std::string, std::string> texts_from_json(const std::string& json, const std::string& source, const std::string& what);

}  // namespace chainrule::model
