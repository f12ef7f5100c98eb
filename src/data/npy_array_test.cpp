// NPY and NPZ: every type and order, and headers that lie.
#include "data/npy_array.h"

#include <gtest/gtest.h>
#include <minizip/zip.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <limits>
#include <string>

#include "chainrule/error.h"
#include "data/input.h"
#include "data/reader.h"
#include "testing/error_of.h"

namespace chainrule::data {
namespace {

std::string npy(const std::string& type, const std::string& shape, const std::string& data, bool fortran = false, int version = 1) {
  std::string header = "{'descr': '" + type + "', 'fortran_order': " + (fortran ? "True" : "False") + ", 'shape': " + shape + ", }\n";
  std::string bytes = "\x93NUMPY";
  bytes += {static_cast<char>(version), '\0', static_cast<char>(header.size() & 255), static_cast<char>(header.size() >> 8)};
  if (version > 1) bytes += std::string(2, '\0');
  return bytes + header + data;
}

template <class T>
std::string items(std::initializer_list<double> values, bool swap = false) {
  std::string bytes;
  for (double value : values) {
    const T item = static_cast<T>(value);
    std::string one(sizeof item, '\0');
    std::memcpy(one.data(), &item, sizeof item);
    bytes += swap ? std::string(one.rbegin(), one.rend()) : one;
  }
  return bytes;
}

/// The code of the error that `body` must throw, which says where and what to do.
std::string code_of(const std::function<void()>& body) {
  const Error error = error_of(body);
  EXPECT_FALSE(error.hint().empty()) << error.what();
  EXPECT_FALSE(error.where().empty()) << error.what();
  return error.code();
}

template <class T>
void expect_type(const std::string& type, bool is_signed) {
  for (bool swap : {false, true}) {
    const std::string name = (sizeof(T) == 1 ? "|" : swap ? ">" : "<") + type;
    const double first = is_signed ? -3 : 200;
    const Table table = table_from_npy(npy(name, "(2, 3)", items<T>({first, 1, 2, 3, 4, 5}, swap)), "f.npy");
    EXPECT_EQ(table.rows, 2u) << name;
    ASSERT_EQ(table.columns.size(), 3u) << name;
    EXPECT_EQ(table.columns[0].numbers, (std::vector<double>{first, 3})) << name;
    EXPECT_EQ(table.columns[2].numbers, (std::vector<double>{2, 5})) << name;
    EXPECT_EQ(table.columns[2].name, "2");
  }
}

TEST(Npy, EveryTypeAndByteOrderIsRead) {
  expect_type<float>("f4", true);
  expect_type<double>("f8", true);
  expect_type<std::int8_t>("i1", true);
  expect_type<std::int16_t>("i2", true);
  expect_type<std::int32_t>("i4", true);
  expect_type<std::int64_t>("i8", true);
  expect_type<std::uint8_t>("u1", false);
  expect_type<std::uint16_t>("u2", false);
  expect_type<std::uint32_t>("u4", false);
  expect_type<std::uint64_t>("u8", false);
  EXPECT_EQ(table_from_npy(npy("|b1", "(2,)", std::string("\1\0", 2)), "f").columns[0].numbers, (std::vector<double>{1, 0}));
}

TEST(Npy, FortranOrderAndHigherDimensionsGiveTheSameRows) {
  const Table c = table_from_npy(npy("<f4", "(2, 3)", items<float>({1, 2, 3, 4, 5, 6})), "f");
  const Table f = table_from_npy(npy("<f4", "(2, 3)", items<float>({1, 4, 2, 5, 3, 6}), true), "f");
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(c.columns[i].numbers, f.columns[i].numbers);
  // Shape (2, 2, 2), value = 4 i + 2 j + k.
  const Table c3 = table_from_npy(npy("|u1", "(2, 2, 2)", items<std::uint8_t>({0, 1, 2, 3, 4, 5, 6, 7})), "f");
  const Table f3 = table_from_npy(npy("|u1", "(2, 2, 2)", items<std::uint8_t>({0, 4, 2, 6, 1, 5, 3, 7}), true), "f");
  ASSERT_EQ(c3.columns.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(c3.columns[i].numbers, f3.columns[i].numbers);
  for (int version : {1, 2, 3}) EXPECT_EQ(table_from_npy(npy("|u1", "(3,)", "abc", false, version), "f").rows, 3u);
}

TEST(Npy, NanIsMissingAndInfinityAnError) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(table_from_npy(npy("<f8", "(2,)", items<double>({nan, 1})), "f").columns[0].missing(0));
  EXPECT_EQ(code_of([&] { table_from_npy(npy("<f8", "(2,)", items<double>({1, inf})), "f"); }), "E0309");
}

TEST(Npy, LyingHeadersAreErrors) {
  const auto code = [](const std::string& bytes) { return code_of([&] { (void)parse_npy(bytes, "f.npy"); }); };
  EXPECT_EQ(code(npy("<f8", "(2,)", "abc")), "E0331");
  EXPECT_EQ(code(npy("<f8", "(9223372036854775808,)", "abc")), "E0332");
  EXPECT_EQ(code(npy("<f8", "(99999999999999999999,)", "abc")), "E0332");
  EXPECT_EQ(code(npy("<f8", "(4294967296, 536870912)", "")), "E0332") << "a product of exactly 2^64 bytes";
  EXPECT_EQ(code(npy("|u1", "(9223372036854775807,)", "abc")), "E0331");
  EXPECT_EQ(code(npy("|u1", "(2,)", "abc")), "E0333");
  EXPECT_EQ(code(npy("|u1", "(0,)", "")), "E0340");
  EXPECT_EQ(code(npy("|u1", "(3, 0)", "")), "E0340");
  EXPECT_EQ(code(npy("|O8", "(3,)", "abc")), "E0337");
  EXPECT_EQ(code(npy("<f2", "(1,)", "ab")), "E0337");
  EXPECT_EQ(code(npy("|f8", "(1,)", "abcdefgh")), "E0337");
  EXPECT_EQ(code(npy("|u1", "3", "abc")), "E0336");
  EXPECT_EQ(code(npy("|u1", "(-3,)", "abc")), "E0336");
  EXPECT_EQ(code(npy("|u1", "(3,), 'extra': 1", "abc")), "E0336");
  EXPECT_EQ(code(npy("|u1", "(3,)", "abc", false, 4)), "E0336");
  EXPECT_EQ(code("\x93NUMPX"), "E0336");
}

TEST(Npy, EveryTruncationIsAnErrorAndEveryFlippedBitIsHandled) {
  const std::string whole = npy("<f4", "(2, 2)", items<float>({1, 2, 3, 4}));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_NE(code_of([&] { (void)parse_npy(whole.substr(0, size), "f"); }), "none") << size;
  }
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    try {
      EXPECT_GT(table_from_npy(damaged, "f").rows, 0u);
    } catch (const Error&) {
    }
  }
}

std::string npz(std::initializer_list<std::pair<const char*, std::string>> arrays) {
  char path[] = "/tmp/chainrule_npz_XXXXXX";
  const int fd = ::mkstemp(path);
  if (fd >= 0) ::close(fd);
  const zipFile zip = zipOpen(path, APPEND_STATUS_CREATE);
  for (const auto& [name, bytes] : arrays) {
    zip_fileinfo info{};
    zipOpenNewFileInZip(zip, name, &info, nullptr, 0, nullptr, 0, nullptr, Z_DEFLATED, 6);
    zipWriteInFileInZip(zip, bytes.data(), static_cast<unsigned>(bytes.size()));
    zipCloseFileInZip(zip);
  }
  zipClose(zip, nullptr);
  std::string bytes = read_raw_bytes(path);
  ::unlink(path);
  return bytes;
}

TEST(Npz, DataAndLabelsAreFoundByName) {
  const std::string x = npy("<f4", "(2, 3)", items<float>({1, 2, 3, 4, 5, 6})), y = npy("<i8", "(2,)", items<std::int64_t>({7, 9}));
  for (const auto& [x_name, y_name] : {std::pair("X.npy", "y.npy"), {"x.npy", "target.npy"}, {"x.npy", "labels.npy"}, {"x_train.npy", "y_train.npy"}}) {
    const Table table = read_bytes(npz({{x_name, x}, {y_name, y}}), "f.npz", {});
    EXPECT_EQ(table.rows, 2u);
    EXPECT_EQ(table.dense.columns, 3u);
    EXPECT_EQ(table.dense.at(1, 2), 6);
    EXPECT_EQ(table.columns[0].name, "label");
    EXPECT_EQ(table.columns[0].numbers, (std::vector<double>{7, 9}));
    EXPECT_TRUE(table.columns[0].integers);
  }
  EXPECT_EQ(read_bytes(npz({{"anything.npy", x}}), "f.npz", {}).columns.size(), 3u);
}

TEST(Npz, BadArchivesAreErrors) {
  const std::string x = npy("<f4", "(2, 3)", items<float>({1, 2, 3, 4, 5, 6})), y = npy("|u1", "(3,)", "abc");
  const auto code = [](const std::string& bytes) { return code_of([&] { read_bytes(bytes, "f.npz", {}); }); };
  EXPECT_EQ(code(npz({{"X.npy", x}, {"y.npy", y}})), "E0334");
  EXPECT_EQ(code(npz({{"a.npy", x}, {"b.npy", y}})), "E0339");
  EXPECT_EQ(code(npz({{"xl/workbook.xml", "x"}})), "E0318");
  EXPECT_EQ(code(npz({{"readme.txt", "x"}})), "E0318");
  const std::string whole = npz({{"X.npy", x}});
  for (std::size_t size = 4; size < whole.size(); ++size) EXPECT_NE(code(whole.substr(0, size)), "none") << size;
  for (std::size_t bit = 32; bit < whole.size() * 8; ++bit) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    try {
      EXPECT_GT(read_bytes(damaged, "f", {}).rows, 0u);
    } catch (const Error&) {
    }
  }
}

TEST(Npz, AnEntryThatExpandsTooFarIsAnError) {
  const std::string bomb = npz({{"X.npy", npy("|u1", "(70000000,)", std::string(70000000, '\0'))}});
  EXPECT_EQ(code_of([&] { read_bytes(bomb, "f.npz", {}); }), "E0432");
}

}  // namespace
}  // namespace chainrule::data
