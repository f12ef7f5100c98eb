// The digest of a run's data is that of the bytes it was made of, and the flag ends every phase.
#include "api/prepared_data.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>

#include "base/digest.h"
#include "chainrule/error.h"
#include "data/byte_stream.h"
#include "testing/error_of.h"
#include "testing/own_folder.h"

namespace chainrule::api {
namespace {

class PreparedFiles : public OwnFolder {
 protected:
  void TearDown() override { data::call_after_reads({}); }
  std::string write(const std::string& name, const std::string& bytes) {
    std::ofstream(path(name), std::ios::binary) << bytes;
    return path(name);
  }
  static std::string rows(std::size_t count) {
    std::string text = "a,b,y\n";
    for (std::size_t row = 0; row < count; ++row) {
      text += std::to_string(row % 97) + "," + std::to_string(row % 7) + ".5," + (row % 2 ? "yes" : "no") + "\n";
    }
    return text;
  }
  static std::string sha(const std::string& bytes) { return sha256_hex(bytes.data(), bytes.size()); }
  DataRequest request() const {
    DataRequest request;
    request.path = path("t.csv");
    request.digest = true;
    return request;
  }
  TrainSettings settings_;
  void SetUp() override {
    OwnFolder::SetUp();
    settings_.target = "y";
  }
};

TEST_F(PreparedFiles, TheDigestIsThatOfTheBytesTrainedOnThoughTheFileIsReplacedMeanwhile) {
  const std::string text = rows(8000), file = write("t.csv", text);
  write("other.csv", rows(4000));
  data::call_after_reads([&] {
    if (std::filesystem::exists(path("other.csv"))) std::filesystem::rename(path("other.csv"), file);
  });
  const PreparedData data = prepare_data(request(), settings_);
  EXPECT_EQ(data.table->rows, 8000u);
  EXPECT_EQ(data.digest, sha(text));
}

TEST_F(PreparedFiles, TheDigestCoversValidationTestAndClassWeightsAsItAlwaysDid) {
  const std::string main = rows(200), validation = rows(50), test = rows(60), weights = "yes,2\n";
  write("t.csv", main);
  settings_.validation = write("v.csv", validation);
  settings_.test = write("s.csv", test);
  settings_.class_weights = write("w.csv", weights);
  const std::string expected = sha(sha(main) + sha(validation) + sha(test) + sha(weights));
  EXPECT_EQ(prepare_data(request(), settings_).digest, expected);
}

TEST_F(PreparedFiles, OtherDataThanExpectedIsE0407WhateverElseIsWrongWithThem) {
  write("t.csv", rows(200));
  DataRequest wanted = request();
  wanted.expected_digest = sha(rows(200));
  EXPECT_EQ(prepare_data(wanted, settings_).digest, wanted.expected_digest);
  for (const std::string& other : {rows(199), std::string("a,b\n1,2\n"), std::string("a,b,y\n1,2\n")}) {
    write("t.csv", other);
    EXPECT_EQ(error_of([&] { prepare_data(wanted, settings_); }).code(), "E0407") << other.substr(0, 20);
  }
}

TEST_F(PreparedFiles, ASetFlagEndsThePreparationWithE0590) {
  write("t.csv", rows(200));
  std::atomic<bool> stop{true};
  settings_.read.stop = &stop;
  EXPECT_EQ(error_of([&] { prepare_data(request(), settings_); }).code(), "E0590");
  DataRequest in_memory;
  in_memory.table = std::make_shared<data::Table>(data::read_csv_text(rows(200), "t.csv", {}));
  EXPECT_EQ(error_of([&] { prepare_data(in_memory, settings_); }).code(), "E0590");
}

}  // namespace
}  // namespace chainrule::api
