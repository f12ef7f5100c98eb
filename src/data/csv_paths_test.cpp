// Plain records read many at a time give the table, or the error, of reading every record on its own.
#include <gtest/gtest.h>

#include <bit>
#include <random>
#include <string>
#include <vector>

#include "chainrule/error.h"
#include "data/csv_reader.h"

namespace chainrule::data {
namespace {

/// Everything about a table, or the error, as text; numbers by their bits.
std::string outcome(const std::string& text, const ReadOptions& options, const FieldKernels* kernels) {
  try {
    CsvReader reader("t.csv", options, kernels);
    const std::size_t begin = *reader.open(text);
    const Table table = reader.read_rest(std::string_view(text).substr(begin));
    std::string all = std::to_string(table.rows) + " rows";
    for (const std::string& note : table.notes) all += '\n' + note;
    for (std::uint64_t line : table.lines) all += ' ' + std::to_string(line);
    for (const Column& column : table.columns) {
      all += '\n' + column.name + ' ' + std::to_string(static_cast<int>(column.type)) + std::to_string(column.integers) + std::to_string(column.boolean);
      for (double value : column.numbers) all += ' ' + std::to_string(std::bit_cast<std::uint64_t>(value));
      for (std::int32_t code : column.codes) all += ' ' + std::to_string(code);
      for (const std::string& level : column.levels) all += " <" + level + '>';
    }
    return all;
  } catch (const Error& error) {
    return error.what();
  }
}

void expect_same(const std::string& text, const ReadOptions& options = {}) {
  const std::string expected = outcome(text, options, nullptr);
  const FieldKernelList list = runnable_field_kernels();
  for (std::size_t i = 0; i < list.count; ++i) {
    ASSERT_EQ(outcome(text, options, list.kernels[i]), expected) << list.kernels[i]->name << ":\n" << text;
  }
}

using Random = std::mt19937_64;
std::string pick(Random& random, const std::vector<std::string>& list) { return list[random() % list.size()]; }

/// Cells of one kind, now and then of another.
std::string cell(Random& random, std::size_t kind, std::size_t oddity) {
  static const std::vector<std::string> kOdd = {"",        "NA",        "?",        "\"\"",      " 7 ",  "\"a\"\"b\"", "\"x\ny\"", "5\" pipe", "\" q \"", " \"z\"",
                                                "\"q\" ",  "1e3",       "-1.5E-2",  "inf",       "1e999", "+3",        ".",        "-",        "word",    "\t1",
                                                "\"1.5\"", "12345678901234567", "0.1234567890123456", "2024-02-29", "yes", "\xc3\xa4", "a much longer text than sixteen bytes"};
  if (oddity > 0 && random() % oddity == 0) return pick(random, kOdd);
  switch (kind) {
    case 0: return std::to_string(random() % 256);
    case 1: return std::to_string(static_cast<double>(random() % 2000001) / 1000 - 1000);
    case 2: return pick(random, {"red", "green", "a b", "longer than eight", "x"});
    case 3: return '"' + pick(random, {"red", "b, c", "", "longer than eight"}) + '"';
    default: return "2024-01-" + std::to_string(10 + random() % 19);
  }
}

std::string random_table(Random& random) {
  const std::size_t columns = 1 + random() % 6, rows = 5 + random() % 120, oddity = random() % 3 == 0 ? 0 : 1 + random() % 400;
  const std::string separator = pick(random, {",", ",", ";", "\t", "|"}), end = pick(random, {"\n", "\n", "\r\n", "\r"});
  std::vector<std::size_t> kinds(columns);
  for (std::size_t& kind : kinds) kind = random() % 5;
  std::string text;
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t c = 0; c < columns; ++c) text += (c == 0 ? "" : separator) + (row == 0 ? "c" + std::to_string(c) : cell(random, kinds[c], oddity));
    const std::uint64_t odd = oddity == 0 ? 1 : random() % (4 * oddity);
    text += odd == 0 ? pick(random, {"\n\n", "\r", "\r\n", "\n  \n", ",\n", "\""}) : end;
  }
  if (random() % 8 == 0) text.pop_back();
  return text;
}

TEST(CsvPaths, RandomTablesAreTheSame) {
  Random random(17);
  for (int round = 0; round < 4000; ++round) {
    expect_same(random_table(random));
    ASSERT_FALSE(HasFailure()) << "round " << round;
  }
}

TEST(CsvPaths, OptionsMakeNoDifference) {
  Random random(18);
  ReadOptions markers, wishes, comma;
  markers.missing = {"7", "x"};
  wishes.categorical = {"0"};
  comma.decimal = ",";
  for (int round = 0; round < 500; ++round) {
    const std::string text = random_table(random);
    for (const ReadOptions* options : {&markers, &wishes, &comma}) expect_same(text, *options);
    ASSERT_FALSE(HasFailure()) << "round " << round;
  }
}

// Bytes where every rule about quotes, line ends and blanks meets every other at every place of a block.
TEST(CsvPaths, RandomBytesAreTheSame) {
  Random random(19);
  const std::string letters = "1a,,\n\n\"\" \t\r";
  for (int round = 0; round < 6000; ++round) {
    std::string text;
    const std::size_t choice = 4 + random() % (letters.size() - 3);
    while (text.size() < 600) text += random() % 3 == 0 ? std::string(random() % 40, 'x') : std::string(1, letters[random() % choice]);
    ReadOptions options;
    options.separator = ",";
    options.no_header = true;
    expect_same("1,2\n" + text, options);
    ASSERT_FALSE(HasFailure()) << "round " << round;
  }
}

TEST(CsvPaths, OddFieldsAtEveryPlaceOfABlockAreTheSame) {
  for (const std::string odd : {"\"a\"x", "\"a\"\"b\"", "\"\"\"a\"", "\"a\"\"\"", "\"\"\"\"", "\"\"\"", "\"1\"\"\"", "\"a long one: \"\"b\"\" and \"\"c\"\"\"", "x\"a\"", "\"a\nb\"", "\"a\rb\"", "a\rb", "\"a\"\r\nb", "\"a\" ", " \"a\"", "\"a", "\"a,b\"", "\r", "\"\""}) {
    for (std::size_t before = 0; before < 130; ++before) {
      std::string text = "c0,c1\n" + std::string(before, 'z') + ',' + odd + '\n';
      for (int row = 0; row < 30; ++row) text += "plain,\"row\"\n";
      expect_same(text);
    }
  }
}

TEST(CsvPaths, TablesOfManyWindowsAreTheSame) {
  for (const std::string end : {"\n", "\r\n"}) {
    for (std::size_t columns : {1u, 3u, 40u, 3000u}) {
      Random random(columns);
      std::string text;
      for (std::size_t c = 0; c < columns; ++c) text += (c == 0 ? "c" : ",c") + std::to_string(c);
      for (text += end; text.size() < 1200000; text += end) {
        for (std::size_t c = 0; c < columns; ++c) text += (c == 0 ? "" : ",") + cell(random, c % 5, 5000);
      }
      for (int threads : {1, 2, 3}) {
        ReadOptions options;
        options.threads = threads;
        expect_same(text, options);
      }
    }
  }
}

TEST(CsvPaths, WhatAColumnsThreadThrowsArrives) {
  const MissingCounts none{0, {0, 0}};
  for (int threads : {1, 2, 3}) {
    ColumnWorkers workers(threads, none);
    std::atomic<int> looked = 0, columns = 0;
    const auto count = [&](std::size_t c, MissingCounts& counts) {
      ++columns;
      counts.markers[c % 2] += 1;
    };
    workers.run(100, [&] { ++looked; }, count);
    EXPECT_THROW(workers.run(100, [] {}, [](std::size_t c, MissingCounts&) { if (c == 57) throw Error("E0301", "w", "m", "h"); }), Error);
    EXPECT_THROW(workers.run(100, [] { throw std::bad_alloc(); }, count), std::bad_alloc);
    MissingCounts sum = none;
    workers.add_counts_to(sum);
    EXPECT_EQ(looked, 1);
    EXPECT_EQ(sum.markers[0] + sum.markers[1], static_cast<std::size_t>(columns));
    EXPECT_GE(columns, 100);
  }
}

}  // namespace
}  // namespace chainrule::data
