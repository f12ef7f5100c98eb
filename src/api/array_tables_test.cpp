// Models of arrays find their columns by position, whichever file holds them; block columns can be targets, weights and left out.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "chainrule/error.h"
#include "chainrule/model.h"
#include "chainrule/table.h"
#include "chainrule/train.h"
#include "testing/error_of.h"
#include "testing/own_folder.h"

namespace chainrule::api::array_tables {
namespace {

class ArrayTables : public OwnFolder {
 protected:
  void SetUp() override {
    OwnFolder::SetUp();
    settings_.epochs = 2;
    settings_.hidden = {4};
    settings_.threads = 1;
    settings_.out = path("run");
  }

  /// [rows, columns] floats, the last column 0 or 1.
  static std::vector<float> cells(std::size_t rows, std::size_t columns) {
    std::vector<float> values;
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < columns; ++c) {
        values.push_back(c + 1 == columns ? static_cast<float>(r % 2) : static_cast<float>((r * 37 + c * 11) % 29) / 7);
      }
    }
    return values;
  }

  std::string write_npy(const std::string& name, const std::vector<float>& values, std::size_t columns) {
    const std::string shape = "(" + std::to_string(values.size() / columns) + ", " + std::to_string(columns) + ")";
    std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }";
    header.resize((10 + header.size() + 64) / 64 * 64 - 10 - 1, ' ');
    header += '\n';
    const auto size = static_cast<std::uint16_t>(header.size());
    std::ofstream file(path(name), std::ios::binary);
    file << "\x93NUMPY\x01" << '\0' << static_cast<char>(size & 255) << static_cast<char>(size >> 8) << header;
    file.write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(float)));
    return path(name);
  }

  /// Without column `left_out`.
  static std::vector<float> without(const std::vector<float>& values, std::size_t columns, std::size_t left_out) {
    std::vector<float> rest;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i % columns != left_out) rest.push_back(values[i]);
    }
    return rest;
  }

  std::vector<double> probabilities(const std::string& file) {
    Model model = Model::load(path("run"));
    std::vector<double> all;
    model.predict_file(file, {}, 0, [&](const Predictions& p) { all.insert(all.end(), p.probabilities.begin(), p.probabilities.end()); });
    return all;
  }

  TrainSettings settings_;
};

TEST_F(ArrayTables, AWideArrayTrainsOnAnyOfItsColumnsAndPredictsWithoutIt) {
  constexpr std::size_t kRows = 40, kColumns = 4200;
  const std::vector<float> values = cells(kRows, kColumns);
  const std::string file = write_npy("wide.npy", values, kColumns);
  for (const std::string target : {"4199", "x4199"}) {
    settings_.target = target;
    settings_.out = path("run-" + target);
    train(file, settings_);
  }
  settings_.out = path("run");
  train(file, settings_);
  const std::vector<double> whole = probabilities(file);
  EXPECT_EQ(whole.size(), 2 * kRows);
  EXPECT_EQ(probabilities(write_npy("x.npy", without(values, kColumns, kColumns - 1), kColumns - 1)), whole);
  Model model = Model::load(path("run"));
  EXPECT_EQ(model.evaluate(model.read(file)).rows, kRows);
  const std::string narrow = write_npy("narrow.npy", cells(kRows, 4100), 4100);
  EXPECT_EQ(error_of([&] { probabilities(narrow); }).code(), "E0320");
}

TEST_F(ArrayTables, ColumnsOfABlockAreLeftOutByNameOrNumber) {
  constexpr std::size_t kRows = 40, kColumns = 4200;
  const std::vector<float> values = cells(kRows, kColumns);
  const std::string file = write_npy("wide.npy", values, kColumns);
  settings_.target = "0";
  settings_.task = Task::regression;
  settings_.read.drop = {"x1", "7"};
  train(file, settings_);
  Model model = Model::load(path("run"));
  EXPECT_EQ(model.network().spec().inputs, kColumns - 3);
  settings_.read.drop = {"x4200"};
  settings_.out = path("other");
  EXPECT_EQ(error_of([&] { train(file, settings_); }).code(), "E0310");
}

}  // namespace
}  // namespace chainrule::api::array_tables
