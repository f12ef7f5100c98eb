// The line of silent work: after a while, erased at the end, and not where nobody looks.
#include "patience_line.h"

#include <gtest/gtest.h>

#include <sstream>
#include <thread>

#include "flags.h"

namespace chainrule::cli {
namespace {

using Time = PatienceLine::Time;

/// What stderr shows of work that takes `work` under a line that comes after `first`.
std::string shown(bool wanted, Time first, Time work) {
  std::ostringstream out, err;
  Console console{out, err};
  {
    const PatienceLine line(wanted, "explain", console, first, Time(5));
    std::this_thread::sleep_for(work);
  }
  EXPECT_EQ(out.str(), "");
  return err.str();
}

TEST(PatienceLine, ComesAfterAWhileAndIsErased) {
  const std::string text = shown(true, Time(5), Time(200));
  EXPECT_EQ(text.find("\rchainrule explain: 0 s so far; Ctrl-C ends it\033[K"), 0u) << text;
  EXPECT_EQ(text.substr(text.size() - 4), "\r\033[K");
  EXPECT_GT(text.rfind("so far"), text.find("so far")) << "it is redrawn";
}

TEST(PatienceLine, FastWorkLeavesNoTraceAndEndsAtOnce) {
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(shown(true, Time(600000), Time(0)), "");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, Time(60000));
}

TEST(PatienceLine, IsNotWrittenWhereItIsNotWanted) { EXPECT_EQ(shown(false, Time(0), Time(20)), ""); }

TEST(PatienceLine, IsWantedOnATerminalThatNobodyTypesATableInto) {
  std::ostringstream out, err;
  Console console{out, err};
  const Command& command = find_command("explain");
  const Arguments file = parse_arguments(command, {"model", "data.csv"}, {}), typed = parse_arguments(command, {"model", "-"}, {});
  EXPECT_FALSE(wants_patience_line(file, console));
  console.err_terminal = true;
  EXPECT_TRUE(wants_patience_line(file, console));
  EXPECT_TRUE(wants_patience_line(typed, console));
  console.in_terminal = true;
  EXPECT_TRUE(wants_patience_line(file, console));
  EXPECT_FALSE(wants_patience_line(typed, console));
}

}  // namespace
}  // namespace chainrule::cli
