// Tests of any bytes as text and back.
#include "base/byte_text.h"

#include <gtest/gtest.h>

#include <map>

#include "base/counter_rng.h"
#include "base/shown_text.h"

namespace chainrule {
namespace {

void expect_reversible(const std::string& bytes, std::map<std::string, std::string>& seen) {
  const std::string text = text_of_bytes(bytes);
  EXPECT_EQ(bytes_of_text(text), bytes) << text;
  EXPECT_EQ(seen.try_emplace(text, bytes).first->second, bytes) << "two inputs give " << text;
  for (std::string_view rest = text; !rest.empty();) {
    const ShownCharacter character = first_character(rest);
    ASSERT_TRUE(character.valid) << text;
    rest.remove_prefix(character.bytes);
  }
}

TEST(ByteText, Utf8StaysAsItIs) {
  for (const std::string text : {"", "runs/1", "größe.csv", "a\\xe9", "bytes:", "bytes:plain", "bytes:a\\q", "bytes:\\x4", "bytes:\\xzz"}) {
    EXPECT_EQ(text_of_bytes(text), text);
    EXPECT_EQ(bytes_of_text(text), text);
  }
}

TEST(ByteText, OtherBytesAreMarkedAndEscaped) {
  EXPECT_EQ(text_of_bytes("caf\xE9\\.csv"), "bytes:caf\\xe9\\\\.csv");
  EXPECT_EQ(text_of_bytes("bytes:caf\\xe9"), "bytes:bytes:caf\\\\xe9");  // a file of that very name
}

TEST(ByteText, EveryStringOfOneOrTwoBytesComesBackAndNoTwoAreAlike) {
  std::map<std::string, std::string> seen;
  for (int a = 0; a < 256; ++a) {
    expect_reversible({static_cast<char>(a)}, seen);
    for (int b = 0; b < 256; ++b) expect_reversible({static_cast<char>(a), static_cast<char>(b)}, seen);
  }
}

TEST(ByteText, StringsOfWhatMattersComeBackAndNoTwoAreAlike) {
  constexpr std::string_view kPieces[] = {"bytes:", "\\", "\\\\", "x", "e9", "\\xe9", "\xE9", "\xC3\xA9", "\xC3", "a", "\\x", "\xFF", "\\xE9"};
  std::map<std::string, std::string> seen;
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    std::string bytes = i % 2 == 0 ? "bytes:" : "";
    const std::uint32_t count = draw({7, Purpose::subsample, 0, 0, i}, 0) % 6;
    for (std::uint32_t k = 0; k < count; ++k) bytes += kPieces[draw({7, Purpose::subsample, 0, 0, i}, 1 + k) % std::size(kPieces)];
    expect_reversible(bytes, seen);
    expect_reversible(text_of_bytes(bytes), seen);
  }
}

}  // namespace
}  // namespace chainrule
