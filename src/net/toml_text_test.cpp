// Non-ASCII characters in TOML: welcome in texts and comments, refused elsewhere with a place.
#include "net/toml_text.h"

#include <gtest/gtest.h>

#include "chainrule/error.h"
#include "chainrule/network_spec.h"

namespace chainrule::net {
namespace {

TEST(TomlText, TextsAndCommentsMayHoldAnyCharacter) {
  for (const char* text : {"", "a = 1", "# \xC3\xBC\na = 1", "a = \"\xC3\xBC\" # \xD0\x9B", "a = '\xC3\xBC'", "a = \"\\\"\xC3\xBC\"",
                           "a = \"\"\"x\n\xC3\xBC \"\" \"\"\"\nb = 2", "a = '''\n'\xC3\xBC'''\nb = 1", "\xEF\xBB\xBF" "a = 1", "a = \"\"\nb = 1"}) {
    EXPECT_FALSE(stray_non_ascii(text).has_value()) << text;
  }
}

TEST(TomlText, StrayCharactersAreFound) {
  EXPECT_EQ(stray_non_ascii("\xC3\xBC = 1"), 0u);
  EXPECT_EQ(stray_non_ascii("a = 0.0\xD0\x9B"), 7u);
  EXPECT_EQ(stray_non_ascii("# x\n\xC3\xBC"), 4u);
  EXPECT_EQ(stray_non_ascii("a = 'x' \xC3\xBC"), 8u);
  EXPECT_EQ(stray_non_ascii("a = \"x\\\" \" \xC3\xBC"), 11u);
  EXPECT_EQ(stray_non_ascii("a = '''x''' \xC3\xBC"), 12u);
  EXPECT_EQ(stray_non_ascii("a = \"\"\"x\"\"\"\" \xC3\xBC"), 13u);
}

TEST(TomlText, SpecNamesLineAndColumn) {
  try {
    spec_from_toml("[network]\ninputs = 3\xC3\xBC\n", "s.toml");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "E0220");
    EXPECT_NE(error.where().find("line 2, column 11"), std::string::npos) << error.where();
  }
}

}  // namespace
}  // namespace chainrule::net
