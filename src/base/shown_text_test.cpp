// Tests of names made fit to be shown and to be pasted into a shell.
#include "base/shown_text.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <memory>

namespace chainrule {
namespace {

TEST(ShownText, OrdinaryTextOfAnyScriptStaysAsItIs) {
  for (const std::string text : {"", "a b\\c", "größe", "価格", "\xF0\x9F\x98\x80", "\xE2\x80\x94 dash", "\xC2\xA0"}) EXPECT_EQ(printable(text), text);
}

TEST(ShownText, ControlCharactersAndTurnsOfDirectionAreEscaped) {
  EXPECT_EQ(printable("a\033[31m\n\x7F"), "a\\x1b[31m\\x0a\\x7f");
  EXPECT_EQ(printable("\xC2\x9B" "2J"), "\\xc2\\x9b2J");                            // U+009B: CSI in one character
  EXPECT_EQ(printable("\xE2\x80\xAE" "x\xE2\x81\xA6\xD8\x9C"), "\\xe2\\x80\\xaex\\xe2\\x81\\xa6\\xd8\\x9c");
  EXPECT_EQ(printable("\xE2\x80\xA8\xE2\x80\x8F"), "\\xe2\\x80\\xa8\\xe2\\x80\\x8f");
  EXPECT_EQ(printable("a\nb\tc\r", "\n\t"), "a\nb\tc\\x0d");
  EXPECT_EQ(printable(std::string_view("\0", 1)), "\\x00");
}

TEST(ShownText, BytesThatAreNotUtf8AreEscapedOneByOne) {
  EXPECT_EQ(printable("c\xE9.csv"), "c\\xe9.csv");
  EXPECT_EQ(printable("\xC0\x80"), "\\xc0\\x80");              // overlong
  EXPECT_EQ(printable("\xED\xA0\x80"), "\\xed\\xa0\\x80");     // a surrogate
  EXPECT_EQ(printable("\xF4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
  EXPECT_EQ(printable("\xE4\xBE"), "\\xe4\\xbe");              // cut short
}

TEST(ShellWord, QuotesOnlyWhatNeedsThem) {
  EXPECT_EQ(shell_word("runs/1/t-2.csv"), "runs/1/t-2.csv");
  EXPECT_EQ(shell_word(""), "''");
  EXPECT_EQ(shell_word("a b"), "'a b'");
  EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_word("a\\x41"), "'a\\x41'");
  EXPECT_EQ(shell_word("a\033'\\"), "$'a\\x1b\\'\\\\'");
  EXPECT_EQ(shell_path("-x.csv"), "./-x.csv");
  EXPECT_EQ(shell_path("-"), "-");
  EXPECT_EQ(resume_command("a;b"), "chainrule train --resume 'a;b'");
}

/// What bash makes of the word.
std::string read_by_bash(const std::string& word) {
  const std::string quoted = "bash -c 'printf %s \"$0\"' ";  // $0: the word, expanded by the outer shell
  FILE* pipe = ::popen(("exec bash <<'END_OF_WORD'\n" + quoted + word + "\nEND_OF_WORD").c_str(), "r");
  std::string text;
  std::array<char, 256> buffer;
  for (std::size_t n; pipe != nullptr && (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) text.append(buffer.data(), n);
  if (pipe != nullptr) ::pclose(pipe);
  return text;
}

TEST(ShellWord, AShellReadsBackEveryByte) {
  std::string all, plain;
  for (int c = 1; c < 256; ++c) all += static_cast<char>(c);
  for (int c = ' '; c < 127; ++c) plain += static_cast<char>(c);
  for (const std::string& text : {all, plain, std::string(";touch P;"), std::string("$(x)`y`\"z\" ~ # *"), std::string("größe")}) {
    EXPECT_EQ(read_by_bash(shell_word(text)), text);
  }
}

}  // namespace
}  // namespace chainrule
