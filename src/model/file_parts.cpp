// Tensors of a file by name, against the layout that the network spec asks for.
#include <utility>

#include "chainrule/error.h"
#include "model/model_part.h"

namespace chainrule::model {
namespace {

constexpr const char* kChanged = "the file was changed or damaged; train again";

std::string shape_text(const std::vector<std::size_t>& shape) {
  std::string text;
  for (const std::size_t size : shape) text += (text.empty() ? "[" : ", ") + std::to_string(size);
  return text.empty() ? "[]" : text + "]";
}

}  // namespace

FileParts::FileParts(TensorFile file, std::string source) : file_(std::move(file)), source_(std::move(source)) {
  for (NamedTensor& tensor : file_.tensors) tensors_.emplace(tensor.name, &tensor);
}

std::string FileParts::entry(const std::string& key) const {
  const auto found = file_.metadata.find(key);
  if (found != file_.metadata.end()) return found->second;
  throw Error("E0413", source_, "the entry \"" + key + "\" is missing", "the file was changed; train again");
}

std::string FileParts::entry_or(const std::string& key, std::string otherwise) const {
  const auto found = file_.metadata.find(key);
  return found != file_.metadata.end() ? found->second : otherwise;
}

std::vector<float> FileParts::take_parameters(const net::ParameterLayout& layout, const std::string& prefix) {
  for (const net::Tensor& wanted : layout.tensors) {  // before anything is allocated by the spec's word alone
    const std::string name = prefix + wanted.info.name;
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) throw Error("E0414", source_, "the network needs a tensor \"" + name + "\", which the file does not hold", kChanged);
    if (found->second->shape != wanted.info.shape) {
      throw Error("E0414", source_, "tensor \"" + name + "\" has shape " + shape_text(found->second->shape) + ", the network needs " +
                  shape_text(wanted.info.shape), kChanged);
    }
  }
  std::vector<float> values;
  values.reserve(layout.size);
  for (const net::Tensor& wanted : layout.tensors) {
    const auto found = tensors_.find(prefix + wanted.info.name);
    values.insert(values.end(), found->second->values.begin(), found->second->values.end());
    tensors_.erase(found);
  }
  return values;
}

std::vector<float> FileParts::take_optional_parameters(const net::ParameterLayout& layout, const std::string& prefix) {
  return has_tensor(prefix + layout.tensors.front().info.name) ? take_parameters(layout, prefix) : std::vector<float>();
}

void FileParts::expect_empty() const {
  if (tensors_.empty()) return;
  throw Error("E0414", source_, "holds a tensor \"" + tensors_.begin()->first.substr(0, 80) + "\" that the network does not have", kChanged);
}

void put_parameters(TensorFile& file, const net::ParameterLayout& layout, const std::string& prefix, std::span<const float> values) {
  if (values.size() != layout.size) {
    throw Error("E0414", prefix.empty() ? "parameters" : prefix, std::to_string(values.size()) + " values for a network of " +
                std::to_string(layout.size) + " parameters", kChanged);
  }
  for (const net::Tensor& tensor : layout.tensors) {
    const std::span<const float> part = values.subspan(tensor.info.offset, tensor.info.size);
    file.tensors.push_back({prefix + tensor.info.name, tensor.info.shape, {part.begin(), part.end()}});
  }
}

}  // namespace chainrule::model
