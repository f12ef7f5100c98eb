// The safetensors header by nlohmann's event parser: one small automaton over depth and key, no document tree.
#include "model/tensor_header.h"

#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "chainrule/error.h"

namespace chainrule::model {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kMetadata = "__metadata__";
constexpr const char* kNoHeader = "the file is damaged, or no safetensors file";

/// Where in {"name": {"dtype": "F32", "shape": [..], "data_offsets": [..]}, "__metadata__": {"key": "value"}} the next event belongs.
enum class Place { before, names, metadata, tensor, shape, offsets };

/// Every callback answers false to stop; `problem_` then says why.
class HeaderReader {
 public:
  explicit HeaderReader(TensorHeader& header) : header_(header) {}

  bool start_object(std::size_t) {
    if (place_ == Place::before) return go(Place::names);
    if (place_ != Place::names || key_.empty()) return refuse("unexpected object");
    if (std::exchange(key_, "") == kMetadata) return go(Place::metadata);
    return go(Place::tensor);
  }
  bool end_object() {
    if (place_ == Place::tensor && fields_.size() != 3) {
      return refuse("tensor \"" + header_.tensors.back().name + "\" needs dtype, shape and data_offsets");
    }
    fields_.clear();
    return go(Place::names);
  }
  bool start_array(std::size_t) {
    if (place_ == Place::tensor && key_ == "shape") return go(Place::shape);
    if (place_ == Place::tensor && key_ == "data_offsets") return go(Place::offsets);
    return refuse("unexpected array");
  }
  bool end_array() { return go(Place::tensor); }

  bool key(std::string& name) {
    key_ = name;
    if (place_ == Place::names) return new_name(name);
    if (place_ == Place::metadata && header_.metadata.contains(name)) return repeat("metadata entry \"" + name + "\"");
    if (place_ == Place::tensor) {
      if (name != "dtype" && name != "shape" && name != "data_offsets") return refuse("unknown field \"" + name + "\"");
      if (!fields_.insert(name).second) return repeat("field \"" + name + "\" of tensor \"" + header_.tensors.back().name + "\"");
    }
    return true;
  }
  bool string(std::string& value) {
    if (place_ == Place::metadata) return header_.metadata.emplace(key_, std::move(value)).second;
    if (place_ != Place::tensor || key_ != "dtype") return refuse("unexpected text \"" + value.substr(0, 40) + "\"");
    header_.tensors.back().type = std::move(value);
    return true;
  }
  bool number_unsigned(std::uint64_t value) {
    if (place_ != Place::shape && place_ != Place::offsets) return refuse("unexpected number");
    TensorEntry& tensor = header_.tensors.back();
    std::vector<std::uint64_t>& list = place_ == Place::shape ? tensor.shape : tensor.offsets;
    if (list.size() >= kLongestList) return refuse("tensor \"" + tensor.name + "\" has too many dimensions");
    list.push_back(value);
    return true;
  }

  bool null() { return refuse("unexpected null"); }
  bool boolean(bool) { return refuse("unexpected boolean"); }
  bool number_integer(std::int64_t) { return refuse("negative number"); }
  bool number_float(double, const std::string& text) { return refuse("number " + text.substr(0, 40) + " is not a 64-bit whole number"); }
  template <class Binary>
  bool binary(Binary&) { return refuse("unexpected binary value"); }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) {
    return refuse("not valid JSON at byte " + std::to_string(position + 7));  // position counts from 1, the header starts at byte 8
  }

  const std::string& problem() const { return problem_; }
  bool repeated() const { return repeated_; }

 private:
  static constexpr std::size_t kLongestList = 8;

  bool go(Place place) {
    place_ = place;
    return true;
  }
  bool refuse(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
    return false;
  }
  bool repeat(const std::string& what) {
    repeated_ = true;
    return refuse(what + " appears twice");
  }
  bool new_name(const std::string& name) {
    if (name.empty()) return refuse("a tensor without a name");
    if (!names_.insert(name).second) return repeat("\"" + name.substr(0, 80) + "\"");
    if (name != kMetadata) header_.tensors.push_back({name, "", {}, {}});
    return true;
  }

  TensorHeader& header_;
  Place place_ = Place::before;
  std::string key_, problem_;
  bool repeated_ = false;
  std::set<std::string> names_, fields_;
};

}  // namespace

TensorHeader parse_tensor_header(std::string_view json, const std::string& source) {
  TensorHeader header;
  HeaderReader reader(header);
  if (json.empty() || json.front() != '{') throw Error("E0403", source, "the header at byte 8 does not start with \"{\"", kNoHeader);
  if (const std::size_t nul = json.find('\0'); nul != std::string_view::npos) {  // the parser would take it for the end of the text
    throw Error("E0403", source, "the header holds a NUL byte at byte " + std::to_string(nul + 8), kNoHeader);
  }
  if (!Json::sax_parse(json.begin(), json.end(), &reader)) {
    throw Error(reader.repeated() ? "E0408" : "E0403", source, "bad header: " + reader.problem(), kNoHeader);
  }
  return header;
}

std::string format_tensor_header(const TensorHeader& header) {
  Json json = Json::object();
  if (!header.metadata.empty()) json[kMetadata] = header.metadata;
  std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  text.pop_back();  // tensors are appended as text: an ordered_json would look through all of them for each new one
  for (const TensorEntry& tensor : header.tensors) {
    if (text.size() > 1) text += ',';
    text += Json(tensor.name).dump() + ":{\"dtype\":\"" + tensor.type + "\",\"shape\":" + Json(tensor.shape).dump() +
            ",\"data_offsets\":" + Json(tensor.offsets).dump() + "}";
  }
  return text + "}";
}

}  // namespace chainrule::model
