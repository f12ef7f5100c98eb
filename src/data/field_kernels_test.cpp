// The field loops of every instruction set this machine runs: numbers are fast_float's bit for bit, stops are the same.
#include <fast_float/fast_float.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "data/number.h"
#include "data/plain_records.h"

namespace chainrule::data {
namespace {

std::vector<const FieldKernels*> all_kernels() {
  const FieldKernelList list = runnable_field_kernels();
  return {list.kernels, list.kernels + list.count};
}

/// What fast_float makes of the text, whatever the sign or the decimal mark; false when it is no finite number or is followed by something.
bool exact_number(const std::string& text, char decimal, double& value) {
  const char *first = text.data(), *last = first + text.size();
  const auto result = fast_float::from_chars_advanced(first, last, value, fast_float::parse_options(fast_float::chars_format::general, decimal));
  return result.ec == std::errc() && result.ptr == last && std::isfinite(value);
}

/// How many of the cells the fast loop takes; each value is compared.
std::size_t numbers_taken(const std::vector<std::string>& cells, char decimal, const FieldKernels& kernels) {
  std::string text;
  std::vector<std::uint32_t> stops = {static_cast<std::uint32_t>(-1)};
  for (const std::string& cell : cells) {
    text += cell;
    stops.push_back(static_cast<std::uint32_t>(text.size()));
    text += '\n';
  }
  text.append(kReadableBehind, '9');
  std::vector<double> values(cells.size());
  std::size_t taken = 0;
  for (std::size_t row = 0; row < cells.size(); ++row) {
    const NumberCount count = kernels.read_numbers({text.data(), stops.data() + row, 1, 0}, cells.size() - row, decimal, values.data());
    for (std::size_t i = 0; i < count.rows; ++i, ++row, ++taken) {
      double exact = 0;
      const bool empty = cells[row].empty(), number = !empty && exact_number(cells[row], decimal, exact);
      EXPECT_TRUE(empty || number) << kernels.name << " takes \"" << cells[row] << '"';
      const bool same = std::bit_cast<std::uint64_t>(values[i]) == std::bit_cast<std::uint64_t>(exact);
      EXPECT_TRUE(empty ? std::isnan(values[i]) : same) << kernels.name << ' ' << cells[row] << ": " << values[i] << ", not " << exact;
      EXPECT_TRUE(empty || std::floor(exact) == exact || count.fractions) << cells[row];
      if (testing::Test::HasFailure()) return taken;
    }
  }
  return taken;
}

/// A sign, digits, a mark somewhere among them: up to 20 digits, zeros at the ends more often than by chance.
std::string random_decimal(std::mt19937_64& random, char decimal) {
  std::string text = random() % 3 == 0 ? "-" : "";
  const std::size_t digits = random() % 4 == 0 ? random() % 21 : 1 + random() % 9, mark = random() % 24;
  const std::uint64_t zeros = random() % 8;
  for (std::size_t i = 0; i < digits; ++i) {
    if (i == mark) text += decimal;
    const bool zero = (zeros == 0 && i < digits / 2) || (zeros == 1 && i > digits / 2);
    text += zero ? '0' : static_cast<char>('0' + random() % 10);
  }
  if (mark == digits) text += decimal;
  return text;
}

TEST(FieldKernels, MillionsOfRandomDecimalsAreFastFloatsBitForBit) {
  for (const FieldKernels* kernels : all_kernels()) {
    for (const char decimal : {'.', ','}) {
      std::mt19937_64 random(11);
      std::size_t taken = 0, tried = 0;
      for (int round = 0; round < 50; ++round) {
        std::vector<std::string> cells(20000);
        for (std::string& cell : cells) cell = random_decimal(random, decimal);
        taken += numbers_taken(cells, decimal, *kernels);
        tried += cells.size();
        ASSERT_FALSE(HasFailure());
      }
      EXPECT_GT(taken, tried / 4 * 3) << kernels->name;
    }
  }
}

TEST(FieldKernels, RandomDoublesInEverySpellingAreFastFloatsBitForBit) {
  for (const FieldKernels* kernels : all_kernels()) {
    std::mt19937_64 random(12);
    std::vector<std::string> cells(300000);
    for (std::string& cell : cells) {
      char text[400];
      const double value = std::ldexp(static_cast<double>(static_cast<std::int64_t>(random())), static_cast<int>(random() % 90) - 110);
      std::snprintf(text, sizeof text, random() % 3 == 0 ? "%.*g" : "%.*f", static_cast<int>(random() % 18), value);
      cell = text;
    }
    EXPECT_GT(numbers_taken(cells, '.', *kernels), cells.size() / 4);
  }
}

TEST(FieldKernels, EdgesAreReadExactlyOrLeftAlone) {
  const std::vector<std::string> cells = {
      "0", "-0", "", "00", "-00.0", "0.0", ".5", "-.5", "5.", ".", "-", "-.", "--1", "1-", "+1", "1e5", "1E5", "1.5e-3", "nan", "inf", "1.2.3", "1..2",
      "1,5", "1 5", " 1", "1 ", "0x1", "\"1\"", "1/2", "1:2", "12345678", "123456789", "1234567.8", "12345678.12345678", "999999999999999",
      "9999999999999999", "-9999999999999999", "9007199254740991", "9007199254740992", "9007199254740993", "9007199254740994", "-9007199254740993",
      "900719925474099.3", "900719925474099.1", "0.000000000000001", ".0000000000000001", "0.1", "0.3", "1.7976931348623157", "179769313486231570000",
      "4.9406564584124654", "2.2250738585072014", "123456789012345.6", "12345678901234567", "1234567890123456", "0000000000000001", "00000000000000001",
      "-000000000000001", "-0000000000000001", "3\xc2\xb2", "1\xff"};
  for (const FieldKernels* kernels : all_kernels()) {
    for (std::size_t repeats : {1u, 4u, 5u, 8u, 11u}) {  // alone, and among their own kind
      for (const std::string& cell : cells) numbers_taken(std::vector<std::string>(repeats, cell), '.', *kernels);
    }
    numbers_taken(cells, '.', *kernels);
    for (std::uint64_t number = (std::uint64_t{1} << 53) - 300; number < (std::uint64_t{1} << 53) + 300; ++number) {
      std::string text = std::to_string(number);
      for (std::size_t place = 0; place < text.size(); ++place) {
        std::string cell = text;
        numbers_taken({cell.insert(place, ".")}, '.', *kernels);
      }
    }
    EXPECT_EQ(numbers_taken({"1", "-2.5", "", "12345678", "0.25", "7", "-0", "1234.5"}, '.', *kernels), 8u) << kernels->name;
  }
}

// Runs of short whole numbers, which are read many at a time, with something else now and then.
TEST(FieldKernels, ShortWholeNumbersAmongOthersAreFastFloatsBitForBit) {
  for (const FieldKernels* kernels : all_kernels()) {
    std::mt19937_64 random(14);
    for (const std::uint64_t odd : {7u, 40u, 1000u}) {
      std::vector<std::string> cells(100000);
      for (std::string& cell : cells) {
        const char* const others[] = {"", "-1", "1.5", "12345", "0001", "00", "1 ", "x", ":", "/", "1e3", "12/4", "7:"};
        cell = random() % odd == 0 ? others[random() % std::size(others)] : std::to_string(random() % (random() % 2 == 0 ? 256 : 10000));
      }
      EXPECT_GT(numbers_taken(cells, '.', *kernels), cells.size() / 2);
      EXPECT_EQ(numbers_taken(std::vector<std::string>(37, "0250"), '.', *kernels), 37u);
    }
  }
}

TEST(FieldKernels, StopsAreTheSameForEveryInstructionSet) {
  std::mt19937 random(13);
  const std::string letters = "ab1,,\n\n\r\"\"  ;";
  for (int round = 0; round < 20000; ++round) {
    const std::size_t blocks = 1 + random() % 6;
    std::string text(64 * blocks, 'x');
    const std::size_t choice = 3 + random() % (letters.size() - 2), density = 1 + random() % 12;
    for (char& c : text) c = random() % density == 0 ? letters[random() % choice] : 'x';
    std::vector<std::uint32_t> expected;
    StopCount expected_count;
    for (const FieldKernels* kernels : all_kernels()) {
      std::vector<std::uint32_t> stops(text.size() + kStopsSlack);
      const StopCount count = kernels->find_stops(text.data(), blocks, ',', stops.data());
      stops.resize(count.stops);
      if (kernels == all_kernels().front()) {
        expected = stops;
        expected_count = count;
      }
      ASSERT_EQ(stops, expected) << kernels->name << ": " << text;
      ASSERT_EQ(count.lines, expected_count.lines);
      ASSERT_EQ(count.odd, expected_count.odd);
      ASSERT_EQ(count.doubled, expected_count.doubled);
    }
  }
}

}  // namespace
}  // namespace chainrule::data
