// safetensors files: round trips, and every way in which a file can lie about itself.
#include "model/tensor_file.h"

#include <gtest/gtest.h>

#include <cstring>

#include "chainrule/error.h"
#include "model/example_model.h"
#include "testing/error_of.h"

namespace chainrule::model {
namespace {

std::string file_of(std::uint64_t length, const std::string& header, std::size_t data_bytes) {
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes + header + std::string(data_bytes, 'd');
}

std::string file_of(const std::string& header, std::size_t data_bytes) { return file_of(header.size(), header, data_bytes); }

std::string code_of(const std::string& bytes) {
  return error_of([&] { parse_tensor_file(bytes, "m"); }).code();
}

std::string tensor(const std::string& name, const std::string& shape, const std::string& offsets, const std::string& type = "F32") {
  return "\"" + name + "\":{\"dtype\":\"" + type + "\",\"shape\":[" + shape + "],\"data_offsets\":[" + offsets + "]}";
}

TensorFile example() {
  TensorFile file;
  file.tensors = {{"w", {2, 3}, {1, -2, 3.5f, 1e-45f, -0.0f, 3e38f}}, {"empty", {0, 5}, {}}, {"scalar", {}, {7}}, {"b\"\xC3\xA9", {1}, {9}}};
  file.metadata = {{"note", "line\nbreak \"quoted\" \xE2\x82\xAC"}, {"empty", ""}};
  return file;
}

TEST(TensorFiles, RoundTripKeepsNamesShapesBitsAndMetadata) {
  const TensorFile file = example();
  const TensorFile back = parse_tensor_file(format_tensor_file(file), "m");
  EXPECT_EQ(back.metadata, file.metadata);
  ASSERT_EQ(back.tensors.size(), file.tensors.size());
  for (const NamedTensor& wanted : file.tensors) {
    bool found = false;
    for (const NamedTensor& tensor : back.tensors) {
      if (tensor.name != wanted.name) continue;
      found = true;
      EXPECT_EQ(tensor.shape, wanted.shape);
      ASSERT_EQ(tensor.values.size(), wanted.values.size());
      if (!wanted.values.empty()) {
        EXPECT_EQ(std::memcmp(tensor.values.data(), wanted.values.data(), wanted.values.size() * sizeof(float)), 0);
      }
    }
    EXPECT_TRUE(found) << wanted.name;
  }
}

TEST(TensorFiles, DataBeginsAtAMultipleOfEight) {
  for (std::size_t length = 0; length < 9; ++length) {
    TensorFile file;
    file.tensors = {{std::string(length + 1, 'n'), {1}, {1}}};
    const std::string bytes = format_tensor_file(file);
    EXPECT_EQ((bytes.size() - sizeof(float)) % 8, 0u);
    EXPECT_EQ(parse_tensor_file(bytes, "m").tensors[0].values, std::vector<float>{1});
  }
}

TEST(TensorFiles, CutAtEveryByteIsAnError) {
  const std::string bytes = format_tensor_file(example());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const Error error = error_of([&] { parse_tensor_file(std::string_view(bytes).substr(0, size), "m"); });
    ASSERT_EQ(error.kind(), ErrorKind::file) << size << " " << error.code();
  }
  EXPECT_EQ(code_of(bytes + "x"), "E0406");
}

TEST(TensorFiles, FlippedBitsNeverCrash) {
  const std::string bytes = format_tensor_file(example());
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    const std::string code = code_of(flipped);  // the seal of model files, not this layer, notices all of them
    ASSERT_TRUE(code == "none" || code.substr(0, 3) == "E04") << code;
  }
}

TEST(TensorFiles, LyingLengthsAreRefused) {
  EXPECT_EQ(code_of(""), "E0402");
  EXPECT_EQ(code_of("1234567"), "E0402");
  EXPECT_EQ(code_of(file_of(0, "", 0)), "E0402");
  EXPECT_EQ(code_of(file_of(std::uint64_t{1} << 63, "{}", 0)), "E0402");
  EXPECT_EQ(code_of(file_of(UINT64_MAX, "{}", 0)), "E0402");
  EXPECT_EQ(code_of(file_of(100'000'001, "{}", 0)), "E0402");
  EXPECT_EQ(code_of(file_of(100'000'000, "{}", 0)), "E0409");
  EXPECT_EQ(code_of(file_of(3, "{}", 0)), "E0409");
  EXPECT_EQ(code_of(file_of("{}", 0)), "none");
}

TEST(TensorFiles, BadEntriesAreRefused) {
  const std::pair<std::string, const char*> cases[] = {
      {tensor("a", "1", "0,4", "F64"), "E0405"},
      {tensor("a", "1", "0,4", "f32"), "E0405"},
      {tensor("a", "2", "0,4"), "E0404"},
      {tensor("a", "1", "4,0"), "E0404"},
      {tensor("a", "1", "0"), "E0404"},
      {tensor("a", "1", "0,4,8"), "E0404"},
      {tensor("a", "1", "0,8"), "E0409"},
      {tensor("a", "1", "18446744073709551615,4"), "E0404"},
      {tensor("a", "1", "0,18446744073709551615"), "E0409"},
      {tensor("a", "4611686018427387905", "0,4"), "E0404"},                  // 2^62 + 1 floats: the product wraps to 4 bytes
      {tensor("a", "4294967296,4294967296", "0,0"), "E0404"},                // 2^64 values wrap to none
      {tensor("a", "1,1,1,1,1,1,1,1,1", "0,4"), "E0403"},
      {tensor("a", "1.0", "0,4"), "E0403"},
      {tensor("a", "-1", "0,4"), "E0403"},
      {tensor("a", "18446744073709551616", "0,4"), "E0403"},
      {tensor("a", "null", "0,4"), "E0403"},
      {tensor("a", "[1]", "0,4"), "E0403"},
      {tensor("", "1", "0,4"), "E0403"},
      {"\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}", "E0403"},
      {"\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"more\":1}", "E0403"},
      {"\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"shape\":[1],\"data_offsets\":[0,4]}", "E0408"},
      {"\"a\":{\"dtype\":5,\"shape\":[1],\"data_offsets\":[0,4]}", "E0403"},
      {"\"a\":{\"dtype\":{},\"shape\":[1],\"data_offsets\":[0,4]}", "E0403"},
      {"\"a\":5", "E0403"}, {"\"a\":[]", "E0403"}, {"\"a\":\"F32\"", "E0403"}, {"\"a\":true", "E0403"},
      {"\"__metadata__\":[]," + tensor("a", "1", "0,4"), "E0403"},
      {"\"__metadata__\":{\"k\":1}," + tensor("a", "1", "0,4"), "E0403"},
      {"\"__metadata__\":{\"k\":{}}," + tensor("a", "1", "0,4"), "E0403"},
      {"\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}," + tensor("a", "1", "0,4"), "E0408"},
      {"\"__metadata__\":{},\"__metadata__\":{}," + tensor("a", "1", "0,4"), "E0408"},
      {"\"__metadata__\":{\"k\":\"1\"}," + tensor("a", "1", "0,4"), "none"},
  };
  for (const auto& [body, code] : cases) EXPECT_EQ(code_of(file_of("{" + body + "}", 4)), code) << body;
}

TEST(TensorFiles, BadJsonIsRefused) {
  const std::string good = tensor("a", "1", "0,4");
  for (const std::string& header : {"[" + good + "]", "{" + good, "{" + good + "}}", "{" + good + ",}", "{" + good + "}x", "  {" + good + "}",
                                    std::string("\"a\""), std::string("17"), "{" + good + "}" + std::string(1, '\0'),
                                    std::string("{\"\xFF\":1}"), std::string(100'000, '['), std::string(100'000, '{')}) {
    EXPECT_EQ(code_of(file_of(header, 4)), "E0403") << header.substr(0, 40);
  }
  std::string deep = "{\"a\":{\"shape\":";
  for (int i = 0; i < 100'000; ++i) deep += "[";
  EXPECT_EQ(code_of(file_of(deep, 4)), "E0403");
  EXPECT_EQ(code_of(file_of("{" + good + "}      ", 4)), "none");
}

TEST(TensorFiles, OverlapsHolesAndDuplicatesAreRefused) {
  const auto code = [](const std::string& first, const std::string& second, std::size_t bytes) {
    return code_of(file_of("{" + first + "," + second + "}", bytes));
  };
  EXPECT_EQ(code(tensor("a", "1", "0,4"), tensor("b", "1", "4,8"), 8), "none");
  EXPECT_EQ(code(tensor("b", "1", "4,8"), tensor("a", "1", "0,4"), 8), "none");
  EXPECT_EQ(code(tensor("a", "1", "0,4"), tensor("a", "1", "4,8"), 8), "E0408");
  EXPECT_EQ(code(tensor("a", "1", "0,4"), tensor("b", "1", "0,4"), 4), "E0406");
  EXPECT_EQ(code(tensor("a", "2", "0,8"), tensor("b", "1", "4,8"), 8), "E0406");
  EXPECT_EQ(code(tensor("a", "1", "0,4"), tensor("b", "1", "8,12"), 12), "E0406");
  EXPECT_EQ(code(tensor("a", "1", "4,8"), tensor("b", "1", "8,12"), 12), "E0406");
  EXPECT_EQ(code(tensor("a", "1", "0,4"), tensor("b", "1", "4,8"), 12), "E0406");
  EXPECT_EQ(code(tensor("a", "0", "0,0"), tensor("b", "1", "0,4"), 4), "none");
}

TEST(TensorFiles, ErrorsNameFileTensorAndBytes) {
  const Error error = error_of([&] { parse_tensor_file(file_of("{" + tensor("layer", "3", "0,4") + "}", 4), "dir/m.safetensors"); });
  EXPECT_EQ(error.where(), "dir/m.safetensors, tensor \"layer\"");
  EXPECT_NE(error.message().find("12"), std::string::npos);
  const Error json = error_of([&] { parse_tensor_file(file_of("{\"a\":!}", 0), "m"); });
  EXPECT_NE(json.message().find("byte 13"), std::string::npos) << json.message();
}

}  // namespace
}  // namespace chainrule::model
