// Model files with a right seal and wrong content: every value of them changed in turn; each is refused with a typed error or answers.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "base/counter_rng.h"
#include "chainrule/error.h"
#include "chainrule/model.h"
#include "chainrule/train.h"
#include "files/atomic_file.h"
#include "model/sealed_file.h"
#include "testing/error_of.h"
#include "testing/own_folder.h"

namespace chainrule {
namespace {

using Json = nlohmann::ordered_json;
using model::TensorFile;

class ForgedFiles : public OwnFolder {
 protected:
  /// A run of one epoch on a small table; its model file, taken apart.
  TensorFile trained(const std::string& table, const std::string& target, std::initializer_list<std::pair<const char*, const char*>> more = {}) {
    TrainSettings settings;
    settings.target = target;
    settings.hidden = {3};
    settings.epochs = 1;
    settings.threads = 1;
    settings.out = path("run");
    settings.force = true;
    for (const auto& [key, text] : more) set_train_setting(settings, key, text, "test");
    return model::parse_tensor_file(model::read_tensor_bytes(train(path(table), settings).model), "m");
  }

  void write_table() const {
    std::ofstream out(path("table.csv"));
    out << "n,c,d,w,kind,price\n";
    for (std::uint32_t r = 0; r < 40; ++r) {
      const char* colour = r % 5 == 0 ? "red" : r == 7 ? "rare" : "blue";
      out << (r == 3 ? "" : std::to_string(r % 11)) << ',' << colour << ",2024-0" << 1 + r % 9 << "-11," << 1 + r % 3 << ','
          << (r % 3 == 0 ? "low" : r % 3 == 1 ? "mid" : "high") << ',' << 1000 + 3.25 * r << '\n';
    }
  }

  void write_images() const {
    const auto write = [&](const std::string& name, std::string bytes) { std::ofstream(path("images/" + name)) << bytes; };
    std::filesystem::create_directory(path("images"));
    std::string pixels = {0, 0, 8, 3, 0, 0, 0, 20, 0, 0, 0, 2, 0, 0, 0, 2}, labels = {0, 0, 8, 1, 0, 0, 0, 20};
    for (std::uint32_t i = 0; i < 20; ++i) {
      for (std::uint32_t k = 0; k < 4; ++k) pixels += static_cast<char>(draw({3, Purpose::subsample, 0, 0, i}, k) >> 24);
      labels += static_cast<char>(i % 3);
    }
    write("train-images-idx3-ubyte", pixels);
    write("train-labels-idx1-ubyte", labels);
  }

  /// Sealed, loaded, and used in every way the program does. Gives the code of the error, "none" when there was none.
  std::string code_of(const TensorFile& file, const std::string& table, const std::string& what) {
    std::ofstream(path("forged")) << model::format_sealed_file(file, "model");
    const Error error = error_of([&] {
      Model model = Model::load(path("forged"), {.threads = 1});
      model.inspect();
      std::size_t rows = 0;
      model.predict_file(path(table), {}, 0, [&](const Predictions& part) {
        rows += part.rows;
        const std::size_t classes = part.classes.size();
        EXPECT_EQ(part.probabilities.size() + part.scores.size(), part.rows * classes) << what;
        EXPECT_EQ(part.values.size(), part.classification ? 0 : part.rows) << what;
        for (const std::size_t label : part.labels) EXPECT_LT(label, classes) << what;
      });
      EXPECT_GT(rows, 0u) << what;
      model.evaluate(model.read(path(table)));
    });
    return error.code();
  }

  void expect_typed(const TensorFile& file, const std::string& table, const std::string& what) {
    const std::string code = code_of(file, table, what);
    const bool of_file = code.substr(0, 3) == "E04" && code != "E0490", of_data = code.substr(0, 3) == "E03";
    EXPECT_TRUE(code == "none" || of_file || of_data) << what << ": " << code;
    ++(code == "none" ? accepted_ : refused_);
  }

  int accepted_ = 0, refused_ = 0;
};

/// What a value may become. The same kind with other content, and other kinds.
std::vector<Json> forgeries(const Json& value) {
  std::vector<Json> list = {nullptr, true, false, "", "nan", "high", -1, 0, 1, 7, 0.5, 1e-320, -1e308, 4294967296u, UINT64_MAX, Json::array(), Json::object(),
                            Json::array({""}), Json::array({0, 0}), Json::array({nullptr})};
  if (value.is_array() && !value.empty()) {
    Json shorter = value, longer = value, twice = value;
    shorter.erase(0);
    longer.push_back(value.back());
    twice.insert(twice.end(), value.begin(), value.end());
    list.insert(list.end(), {shorter, longer, twice});
  }
  return list;
}

/// Whether the place lies beyond the first three entries of a list: those are like the first.
bool is_far_entry(const std::string& pointer) {
  for (std::size_t slash = pointer.find('/'); slash != std::string::npos; slash = pointer.find('/', slash + 1)) {
    const std::string part = pointer.substr(slash + 1, pointer.find('/', slash + 1) - slash - 1);
    if (part.find_first_not_of("0123456789") == std::string::npos && !part.empty() && std::stoul(part) > 2) return true;
  }
  return false;
}

/// Calls use(text, what) for the document with each of its values removed and forged in turn.
void for_each_forgery(const std::string& text, const std::function<void(const std::string&, const std::string&)>& use) {
  const Json whole = Json::parse(text);
  const Json flat = whole.flatten();
  std::set<std::string> places;
  for (const auto& [pointer, value] : flat.items()) {
    if (is_far_entry(pointer)) continue;
    for (std::string place = pointer; !place.empty(); place = place.substr(0, place.rfind('/'))) places.insert(place);
  }
  for (const std::string& place : places) {
    const Json::json_pointer pointer(place);
    Json less = whole;
    Json& parent = less.at(pointer.parent_pointer());
    if (parent.is_array()) parent.erase(std::stoul(pointer.back()));
    else parent.erase(pointer.back());
    use(less.dump(), "without " + place);
    for (const Json& forged : forgeries(whole.at(pointer))) {
      Json changed = whole;
      changed.at(pointer) = forged;
      use(changed.dump(), place + " = " + forged.dump().substr(0, 60));
    }
  }
}

/// The same for the lines of a TOML text.
void for_each_forged_line(const std::string& text, const std::function<void(const std::string&, const std::string&)>& use) {
  constexpr const char* kValues[] = {"-1", "0", "1", "2", "0.5", "1e308", "nan", "-inf", "4294967296", "9223372036854775807", "\"\"", "\"x\"", "[]", "true"};
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin), equals = text.find(" = ", begin);
    const std::string line = text.substr(begin, end - begin);
    use(text.substr(0, begin) + text.substr(end + 1), "without " + line);
    for (const char* value : kValues) {
      if (equals < end) use(text.substr(0, equals + 3) + value + text.substr(end), line + " -> " + value);
    }
    begin = end + 1;
  }
}

TEST_F(ForgedFiles, EveryChangedValueOfFeaturesFactsAndSelfTestIsATypedErrorOrAnAnswer) {
  write_table();
  write_images();
  const std::pair<TensorFile, const char*> models[] = {
      {trained("table.csv", "kind", {{"class-weights", "balanced"}, {"weight-column", "w"}}), "table.csv"},
      {trained("table.csv", "price"), "table.csv"},
      {trained("images", ""), "images"}};
  for (const auto& [file, table] : models) {
    ASSERT_EQ(code_of(file, table, "as written"), "none");
    for (const char* entry : {"features", "facts", "self_test"}) {
      for_each_forgery(file.metadata.at(entry), [&](const std::string& text, const std::string& what) {
        TensorFile forged = file;
        forged.metadata[entry] = text;
        expect_typed(forged, table, std::string(table) + ", " + entry + ", " + what);
      });
    }
  }
  EXPECT_GT(refused_, accepted_);
}

TEST_F(ForgedFiles, EveryChangedLineOfTheSpecIsATypedErrorOrAnAnswer) {
  write_table();
  for (const char* target : {"kind", "price"}) {
    const TensorFile file = trained("table.csv", target);
    for_each_forged_line(file.metadata.at("spec"), [&](const std::string& text, const std::string& what) {
      TensorFile forged = file;
      forged.metadata["spec"] = text;
      expect_typed(forged, "table.csv", std::string(target) + ", " + what);
    });
    for (const char* loss : {"mse", "cross_entropy", "gaussian_nll", "bce", "hinge", "poisson"}) {
      TensorFile forged = file;
      std::string& spec = forged.metadata["spec"];
      const std::size_t place = spec.find("kind = \"", spec.find("[network.loss]"));
      ASSERT_NE(place, std::string::npos) << spec;
      spec.replace(place + 8, spec.find('"', place + 8) - place - 8, loss);
      expect_typed(forged, "table.csv", std::string(target) + ", loss " + loss);
    }
  }
}

TEST_F(ForgedFiles, AModelWithoutFeaturesIsE0411AtLoad) {
  write_table();
  const TensorFile file = trained("table.csv", "kind");
  for (const char* entry : {"spec", "digest", "facts", "self_test", "features"}) {
    TensorFile forged = file;
    forged.metadata.erase(entry);
    EXPECT_EQ(code_of(forged, "table.csv", entry), std::string(entry) == "features" ? "E0411" : "E0413");
  }
}

TEST_F(ForgedFiles, FeaturesOfAnotherModelAreRefused) {
  write_table();
  const TensorFile classes = trained("table.csv", "kind"), values = trained("table.csv", "price");
  for (const auto& [file, other] : {std::pair(classes, values), std::pair(values, classes)}) {
    TensorFile forged = file;
    forged.metadata["features"] = other.metadata.at("features");
    EXPECT_EQ(code_of(forged, "table.csv", "other features"), "E0414");
    Json mixed = Json::parse(file.metadata.at("features"));
    mixed["target"] = Json::parse(other.metadata.at("features")).at("target");
    forged.metadata["features"] = mixed.dump();
    EXPECT_EQ(code_of(forged, "table.csv", "other target"), "E0414");
  }
}

}  // namespace
}  // namespace chainrule
