// Files of every kind: packed, missing, truncated, mistaken for tables; and the real tables.
#include "data/reader.h"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>

#include "chainrule/error.h"
#include "data/idx_folder.h"
#include "data/input.h"
#include "data/source_digest.h"
#include "testing/error_of.h"
#include "testing/own_folder.h"

namespace chainrule::data {
namespace {

class Files : public OwnFolder {
 protected:
  std::string write(const std::string& name, const std::string& bytes) {
    std::ofstream(path(name), std::ios::binary) << bytes;
    return path(name);
  }
};

std::string gzip(const std::string& bytes) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string packed(bytes.size() + bytes.size() / 100 + 100, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

std::string zstd(const std::string& bytes) {
  std::string packed(ZSTD_compressBound(bytes.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), bytes.data(), bytes.size(), 3));
  return packed;
}

/// The code of the error that `body` must throw, which says where and what to do.
std::string code_of(const std::function<void()>& body) {
  const Error error = error_of(body);
  EXPECT_FALSE(error.hint().empty()) << error.what();
  EXPECT_FALSE(error.where().empty()) << error.what();
  EXPECT_FALSE(explain_error(error.code()).empty()) << error.code();
  return error.code();
}

std::string idx(std::initializer_list<unsigned> shape, const std::string& values) {
  std::string bytes("\0\0\x08", 3);
  bytes.push_back(static_cast<char>(shape.size()));
  for (unsigned size : shape) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(size >> shift & 255));
  }
  return bytes + values;
}

TEST_F(Files, PackedTextGivesTheSameTableAsPlainText) {
  std::string text = "a,b\n";
  for (int i = 0; i < 5000; ++i) text += std::to_string(i * 37 % 1000) + ",x" + std::to_string(i % 7) + "\n";
  const Table plain = read_table(write("t.csv", text), {});
  const std::string paths[] = {write("t.csv.gz", gzip(text)), write("t.csv.zst", zstd(text)), write("no_ending", gzip(text)),
                               write("members.gz", gzip(text.substr(0, 1000)) + gzip(text.substr(1000)) + std::string(512, '\0')),
                               write("frames.zst", zstd(text.substr(0, 1000)) + zstd(text.substr(1000)))};
  for (const std::string& path : paths) {
    const Table table = read_table(path, {});
    ASSERT_EQ(table.rows, plain.rows) << path;
    EXPECT_EQ(table.columns[0].numbers, plain.columns[0].numbers) << path;
    EXPECT_EQ(table.columns[1].codes, plain.columns[1].codes) << path;
    EXPECT_EQ(table.columns[1].levels, plain.columns[1].levels) << path;
    EXPECT_EQ(table.notes.size(), plain.notes.size() + 1) << path;
  }
}

TEST_F(Files, EveryTruncationOfAPackedFileIsAnError) {
  const std::string text = "a,b\n1,2\n3,4\n5,6\n";
  for (const std::string& packed : {gzip(text), zstd(text)}) {
    for (std::size_t size = 4; size < packed.size(); ++size) {
      std::string format;
      const std::string code = code_of([&] { (void)unpack(packed.substr(0, size), "t.gz", format); });
      EXPECT_EQ(code, "E0431") << size << " of " << packed.size();
    }
  }
}

TEST_F(Files, FlippedBitsInAPackedFileNeverCrash) {
  const std::string text = "a,b\n1,2\n3,4\n5,6\n";
  for (const std::string& packed : {gzip(text), zstd(text)}) {
    for (std::size_t bit = 0; bit < packed.size() * 8; ++bit) {
      std::string damaged = packed, format;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
      try {
        (void)unpack(damaged, "t.gz", format);
      } catch (const Error& error) {
        EXPECT_TRUE(error.code() == "E0430" || error.code() == "E0431" || error.code() == "E0432") << error.what();
      }
    }
  }
}

TEST_F(Files, GarbageBehindAPackedFileAndBombsAreErrors) {
  std::string format;
  EXPECT_EQ(code_of([&] { (void)unpack(gzip("a\n1\n") + "xyz", "t.gz", format); }), "E0430");
  const std::string bomb = zstd(std::string(std::size_t{70} << 20, 'a'));
  EXPECT_LT(bomb.size(), 100000u);
  EXPECT_EQ(code_of([&] { (void)unpack(bomb, "bomb.zst", format); }), "E0432");
}

TEST_F(Files, MissingFilesFoldersAndForeignFormatsAreNamed) {
  EXPECT_EQ(code_of([&] { read_table(path("none.csv"), {}); }), "E0401");
  EXPECT_EQ(code_of([&] { read_table(folder_, {}); }), "E0335");
  EXPECT_EQ(code_of([&] { read_idx_test_part(folder_); }), "E0338");
  EXPECT_EQ(code_of([&] { read_table(write("empty.csv", ""), {}); }), "E0302");
  EXPECT_EQ(code_of([&] { read_table(write("empty.csv.gz", gzip("")), {}); }), "E0302");
  EXPECT_EQ(code_of([&] { read_table(write("p.parquet", "PAR1xxxx"), {}); }), "E0318");
  EXPECT_EQ(code_of([&] { read_table(write("random.bin", std::string("\x01\x02\x00\x7f", 4)), {}); }), "E0304");
}

TEST_F(Files, AnIdxFolderGivesImagesAndLabels) {
  write("train-images-idx3-ubyte.gz", gzip(idx({3, 2, 2}, "abcdefghijkl")));
  write("train-labels-idx1-ubyte", idx({3}, std::string("\x07\x00\x07", 3)));
  EXPECT_FALSE(has_idx_test_part(folder_));
  const std::string before = SourceDigest().finish(folder_, nullptr);
  write("t10k-images.idx3-ubyte", idx({1, 2, 2}, "wxyz"));
  write("t10k-labels.idx1-ubyte.zst", zstd(idx({1}, std::string("\0", 1))));
  ASSERT_TRUE(has_idx_test_part(folder_));
  EXPECT_NE(SourceDigest().finish(folder_, nullptr), before);
  const Table train = read_table(folder_, {});
  EXPECT_EQ(train.rows, 3u);
  EXPECT_EQ(train.dense.columns, 4u);
  EXPECT_EQ(train.dense.at(1, 2), 'g');
  EXPECT_EQ(train.columns[0].name, "label");
  EXPECT_EQ(train.columns[0].levels, (std::vector<std::string>{"7", "0"}));
  EXPECT_EQ(train.find_column("label"), 0u);
  EXPECT_EQ(train.find_column("4"), 0u) << "columns are numbered in file order, pixels first";
  EXPECT_EQ(code_of([&] { (void)train.find_column("lable"); }), "E0310");
  const Table test = read_idx_test_part(folder_);
  EXPECT_EQ(test.rows, 1u);
  EXPECT_EQ(test.columns[0].text(0), "0");
}

TEST_F(Files, ImagesAndLabelsOfDifferentNumberAreAnError) {
  write("train-images-idx3-ubyte", idx({3, 1, 1}, "abc"));
  write("train-labels-idx1-ubyte", idx({2}, "ab"));
  EXPECT_EQ(code_of([&] { read_table(folder_, {}); }), "E0334");
}

TEST(Idx, LyingHeadersAreErrorsAndAllocateNothing) {
  EXPECT_EQ(code_of([] { (void)parse_idx(idx({4}, "abc"), "f"); }), "E0331");
  EXPECT_EQ(code_of([] { (void)parse_idx(idx({4000000000u, 4000000000u}, "abc"), "f"); }), "E0331");
  EXPECT_EQ(code_of([] { (void)parse_idx(idx({4000000000u, 4000000000u, 4000000000u}, "abc"), "f"); }), "E0332");
  EXPECT_EQ(code_of([] { (void)parse_idx(idx({65536, 65536, 65536, 65536}, ""), "f"); }), "E0332") << "a product of exactly 2^64";
  EXPECT_EQ(code_of([] { (void)parse_idx(idx({2}, "abc"), "f"); }), "E0333");
  EXPECT_EQ(code_of([] { (void)parse_idx(idx({0}, ""), "f"); }), "E0340");
  EXPECT_EQ(code_of([] { (void)parse_idx(std::string("\0\0\x0d\x01\0\0\0\x01", 8) + "abcd", "f"); }), "E0330");
  EXPECT_EQ(code_of([] { (void)parse_idx("text", "f"); }), "E0330");
}

TEST(Idx, EveryTruncationIsAnError) {
  const std::string whole = idx({3, 2, 2}, "abcdefghijkl");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(code_of([&] { (void)parse_idx(whole.substr(0, size), "f"); }), size < 4 ? "E0330" : "E0331") << size;
  }
}

TEST_F(Files, DigestsFollowTheBytes) {
  const std::string path = write("t.csv", "a\n1\n");
  const std::string digest = SourceDigest().finish(path, nullptr);
  EXPECT_EQ(digest.size(), 64u);
  write("t.csv", "a\n2\n");
  EXPECT_NE(SourceDigest().finish(path, nullptr), digest);
  write("t.csv", "a\n1\n");
  EXPECT_EQ(SourceDigest().finish(path, nullptr), digest);
  EXPECT_EQ(SourceDigest().finish("-", nullptr), "");
  EXPECT_EQ(code_of([&] { (void)SourceDigest().finish(folder_ + "/none", nullptr); }), "E0401");
}

struct RealTable {
  const char* path;
  std::size_t rows, columns, categorical, missing;
  bool header;
};

// Counts were checked by eye against the files; a reader that drops or invents cells fails here.
constexpr RealTable kRealTables[] = {
    {"adult/adult-train.csv", 32561, 15, 9, 4262, false}, {"adult/adult-test.csv", 16281, 15, 9, 2203, false},
    {"bank/bank-additional.csv", 4119, 21, 11, 0, true},  {"german/german.csv", 1000, 21, 13, 0, false},
    {"car/car.data", 1728, 7, 7, 0, false},               {"letter/letterdata.csv", 20000, 17, 1, 0, true},
    {"satimage/sat.trn", 4435, 37, 0, 0, false},          {"kin8nm/data.txt", 8192, 9, 0, 0, false},
    {"titanic/titanic.csv", 891, 11, 5, 866, true},       {"diamonds/diamonds.csv", 53940, 10, 3, 0, true},
    {"wine_white/winequality-white.csv", 4898, 12, 0, 0, true}, {"calhousing/housing.csv", 20640, 10, 1, 207, true},
    {"phoneme/phoneme.csv", 5404, 6, 0, 0, false}};

TEST(RealTables, HaveTheRightRowsColumnsTypesAndMissingCells) {
  const char* folder = std::getenv("CHAINRULE_TABLES");
  if (folder == nullptr) GTEST_SKIP() << "CHAINRULE_TABLES is not set";
  for (const RealTable& expected : kRealTables) {
    const std::string path = std::string(folder) + "/raw/" + expected.path;
    const Table table = read_table(path, {});
    EXPECT_EQ(table.rows, expected.rows) << path;
    EXPECT_EQ(table.columns.size(), expected.columns) << path;
    EXPECT_EQ(table.has_header, expected.header) << path;
    std::size_t categorical = 0, missing = 0;
    for (const Column& column : table.columns) {
      categorical += column.type == ColumnType::categorical ? 1 : 0;
      for (std::size_t row = 0; row < table.rows; ++row) missing += column.missing(row) ? 1 : 0;
    }
    EXPECT_EQ(categorical, expected.categorical) << path;
    EXPECT_EQ(missing, expected.missing) << path;
  }
}

TEST(RealTables, FashionMnistIsRead) {
  const std::string folder = "/usr/share/datasets/fashion-mnist";
  if (!has_idx_test_part(folder)) GTEST_SKIP() << "the package dataset-fashion-mnist is not installed";
  const Table train = read_table(folder, {});
  EXPECT_EQ(train.rows, 60000u);
  EXPECT_EQ(train.dense.columns, 784u);
  EXPECT_EQ(train.columns[0].levels.size(), 10u);
  EXPECT_EQ(read_idx_test_part(folder).rows, 10000u);
}

}  // namespace
}  // namespace chainrule::data
