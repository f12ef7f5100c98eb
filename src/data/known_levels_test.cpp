// The levels met last, against comparing the texts themselves.
#include "data/known_levels.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

namespace chainrule::data {
namespace {

/// Fields of one column, one a line, with enough readable bytes behind them.
struct Lines {
  std::string text;
  std::vector<std::uint32_t> stops = {static_cast<std::uint32_t>(-1)};

  explicit Lines(const std::vector<std::string>& fields) {
    for (const std::string& field : fields) {
      text += field;
      stops.push_back(static_cast<std::uint32_t>(text.size()));
      text += '\n';
    }
    text.append(kReadableBehind, 'a');
  }
  FieldColumn column() const { return {text.data(), stops.data(), 1, 0}; }
};

TEST(KnownLevels, TextsThatDifferInOneByteOrInLengthAreToldApart) {
  const std::string nul(1, '\0');
  const std::vector<std::string> fields = {"a", "a" + nul + "a", "\"a" + nul + "\"", "aa", "ab", "aaaaaaaa", "aaaaaaaaa", "aaaaaaaa" + nul + "a", "aaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaab",
                                           "baaaaaaaaaaaaaaa", "aaaaaaaabaaaaaaa"};
  for (std::size_t kept = 0; kept < fields.size(); ++kept) {
    const Lines lines(fields);
    KnownLevels known;
    known.keep(lines.column(), kept, 7, 1);
    for (std::size_t row = 0; row < fields.size(); ++row) {
      std::int32_t code = -5;
      const KnownLevels::Read read = known.read(lines.column(), row, row + 1, &code);
      EXPECT_EQ(read.rows, row == kept ? 1u : 0u) << fields[kept] << " as " << fields[row];
      EXPECT_EQ(read.numbers, read.rows);
      EXPECT_EQ(code, row == kept ? 7 : -5);
    }
  }
}

// The same sixteen bytes once masked; those of a text of zero bytes are those of a free slot.
TEST(KnownLevels, ZeroBytesBehindATextAreNoPartOfIt) {
  for (const char letter : {'\0', 'A', 'k', 'z'}) {
    std::vector<std::string> fields;
    for (std::size_t zeros = 0; zeros < 16; ++zeros) fields.push_back('"' + (letter + std::string(zeros, '\0')) + '"');
    const Lines lines(fields);
    for (std::size_t kept = 0; kept < fields.size(); ++kept) {
      KnownLevels known;
      known.keep(lines.column(), kept, 1, 0);
      for (std::size_t row = 0; row < fields.size(); ++row) {
        std::int32_t code = 0;
        ASSERT_EQ(known.read(lines.column(), row, row + 1, &code).rows, row == kept ? 1u : 0u) << letter << ' ' << kept << ' ' << row;
      }
    }
  }
}

TEST(KnownLevels, NothingIsKeptThatMayHaveBlanksAroundItOrIsLong) {
  for (const std::string field : {"", " a", "a ", "\ta", "aaaaaaaaaaaaaaaaa", "\"\"", "\"aaaaaaaaaaaaaaaaa\"", "!"}) {
    const Lines lines({field});
    KnownLevels known;
    known.keep(lines.column(), 0, 1, 0);
    std::int32_t code = 0;
    EXPECT_EQ(known.read(lines.column(), 0, 1, &code).rows, 0u) << '"' << field << '"';
  }
}

// More levels than slots: what is found is right, and a quoted text is the same as one without quotes.
TEST(KnownLevels, CodesOfManyLevelsAreThoseKept) {
  std::mt19937 random(3);
  std::vector<std::string> fields(20000);
  std::map<std::string, std::int32_t> codes;
  for (std::string& field : fields) {
    const std::string level = std::string(random() % 3, 'l') + std::to_string(random() % (random() % 2 == 0 ? 20 : 2000));
    codes.emplace(level, static_cast<std::int32_t>(codes.size()));
    field = random() % 3 == 0 ? '"' + level + '"' : level;
  }
  const auto code_of = [&](const std::string& field) { return codes.at(field[0] == '"' ? field.substr(1, field.size() - 2) : field); };
  const Lines lines(fields);
  KnownLevels known;
  std::vector<std::int32_t> read(fields.size(), -1);
  std::size_t found = 0;
  for (std::size_t row = 0; row < fields.size();) {
    const std::size_t rows = known.read(lines.column(), row, fields.size(), read.data() + row).rows;
    for (std::size_t i = 0; i < rows; ++i, ++row, ++found) ASSERT_EQ(read[row], code_of(fields[row]));
    if (row == fields.size()) break;
    known.keep(lines.column(), row, code_of(fields[row]), 0);
    ++row;
  }
  EXPECT_GT(found, fields.size() / 3);
}

}  // namespace
}  // namespace chainrule::data
