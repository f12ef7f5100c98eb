// The program as a whole, as far as it needs no data: exit codes, error texts, layout, files.
#include "program.h"

#include <gtest/gtest.h>

#include <fstream>
#include <limits>
#include <new>
#include <sstream>

#include "chainrule/error.h"
#include "files/file_writer.h"
#include "json.h"
#include "layout.h"
#include "progress_line.h"
#include "testing/error_of.h"

namespace chainrule::cli {
namespace {

struct Outcome {
  int code;
  std::string out, err;
};

Outcome run(const std::vector<std::string>& words, const Environment& environment = {}) {
  std::ostringstream out, err;
  Console console{out, err};
  const int code = run_program(words, environment, console);
  return {code, out.str(), err.str()};
}

Outcome failed_with(std::exception_ptr failure) {
  std::ostringstream out, err;
  Console console{out, err};
  const int code = report_failure(failure, console);
  return {code, out.str(), err.str()};
}

TEST(Program, AloneShowsTheOverview) {
  EXPECT_EQ(run({}).code, 0);
  EXPECT_NE(run({}).out.find("Commands"), std::string::npos);
}

TEST(Program, UnknownCommandIsAUsageErrorOnStderrOnly) {
  const Outcome outcome = run({"trian"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err, "error[E0101]: there is no command \"trian\"\nhint: did you mean train?\n");
}

TEST(Program, HelpExistsInThreeForms) {
  EXPECT_EQ(run({"train", "--help"}).out, run({"help", "train"}).out);
  EXPECT_EQ(run({"train", "-h"}).out, run({"help", "train"}).out);
  EXPECT_EQ(run({"--help"}).out, run({}).out);
}

TEST(Program, EveryErrorCodeOfTheCommandLineIsExplained) {
  for (const char* code : {"E0101", "E0102", "E0103", "E0104", "E0105", "E0401", "E0421", "E0422", "E0423", "E0490", "E0590"}) {
    const Outcome outcome = run({"help", code});
    EXPECT_EQ(outcome.code, 0) << code;
    EXPECT_GT(outcome.out.size(), 40u) << code;
  }
}

TEST(Program, ResumeTakesNoOtherSetting) {
  EXPECT_EQ(run({"train", "--resume", "runs/1", "--epochs", "3"}).code, 2);
  EXPECT_EQ(run({"train", "a.csv", "--resume", "runs/1"}).code, 2);
}

TEST(Program, DryRunShowsEverySettingAndItsOrigin) {
  const Outcome outcome = run({"train", "--dry-run", "--epochs", "7"}, {{"CHAINRULE_LR", "0.5"}});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  for (const SettingInfo& info : train_settings()) {
    if (info.key == "find-lr") continue;
    EXPECT_NE(outcome.out.find("\n  " + info.key + " "), std::string::npos) << info.key;
  }
  EXPECT_NE(outcome.out.find("--epochs"), std::string::npos);
  EXPECT_NE(outcome.out.find("CHAINRULE_LR"), std::string::npos);
  const Outcome json = run({"train", "--dry-run", "--json", "--epochs", "7"}, {{"CHAINRULE_LR", "0.5"}});
  EXPECT_NE(json.out.find("\"epochs\":{\"value\":7,\"source\":\"flag\""), std::string::npos) << json.out;
  EXPECT_NE(json.out.find("\"lr\":{\"value\":0.5,\"source\":\"environment\""), std::string::npos) << json.out;
}

TEST(Program, DryRunShowsNoDefaultForWhatTheSpecFileHolds) {
  const Outcome text = run({"train", "--dry-run", "--spec", "net.toml", "--seed", "3"});
  EXPECT_EQ(text.code, 0) << text.err;
  const Outcome json = run({"train", "--dry-run", "--json", "--spec", "net.toml", "--seed", "3"});
  std::size_t held = 0;
  for (const SettingInfo& info : train_settings()) {
    if (!is_held_by_spec(info.key)) continue;
    ++held;
    EXPECT_NE(json.out.find("\"" + info.key + "\":{\"value\":null,\"source\":\"spec\",\"where\":\"net.toml\""), std::string::npos) << info.key << json.out;
  }
  EXPECT_GT(held, 20u);
  EXPECT_NE(json.out.find("\"seed\":{\"value\":3,\"source\":\"flag\""), std::string::npos) << json.out;
  EXPECT_NE(json.out.find("\"epochs\":{\"value\":100,\"source\":\"default\""), std::string::npos) << json.out;
  EXPECT_NE(run({"train", "--dry-run", "--json", "--spec", "net.toml"}).out.find("\"seed\":{\"value\":null,\"source\":\"spec\""), std::string::npos);
}

TEST(Program, FailuresBecomeTextAndCode) {
  EXPECT_EQ(failed_with(std::make_exception_ptr(Error("E0307", "a.csv line 3", "2 fields", "look"))).code, 3);
  EXPECT_EQ(failed_with(std::make_exception_ptr(Error("E0590", "", "stopped"))).code, 130);
  const Outcome memory = failed_with(std::make_exception_ptr(std::bad_alloc()));
  EXPECT_EQ(memory.code, 4);
  EXPECT_NE(memory.err.find("out of memory"), std::string::npos);
  const Outcome fault = failed_with(std::make_exception_ptr(std::logic_error("lost")));
  EXPECT_EQ(fault.code, 70);
  EXPECT_NE(fault.err.find("internal error: lost"), std::string::npos);
  EXPECT_EQ(failed_with(std::make_exception_ptr(ReaderGone{})).err, "");
}

TEST(Program, ControlCharactersNeverReachTheTerminal) {
  const Outcome outcome = failed_with(std::make_exception_ptr(Error("E0310", "a.csv", "no column \033[31m\a")));
  EXPECT_EQ(outcome.err.find('\033'), std::string::npos);
  EXPECT_NE(outcome.err.find("\\x1b"), std::string::npos);
}

TEST(Layout, NumbersForPeople) {
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(1234567), "1,234,567");
  EXPECT_EQ(duration_text(0.5), "0.50 s");
  EXPECT_EQ(duration_text(125), "2:05");
  EXPECT_EQ(duration_text(3725), "1:02:05");
  EXPECT_EQ(number_text(std::numeric_limits<double>::quiet_NaN()), "-");
  EXPECT_EQ(short_count(1234567), "1.23M");
  EXPECT_EQ(cut("abcdefgh", 6), "abc...");
  EXPECT_EQ(cut("äöüß", 4), "äöüß");
}

TEST(Layout, TablesAlignAndFitTheWidth) {
  std::ostringstream out, err;
  Console console{out, err};
  console.width = 40;
  TextTable table({"name", ">count", "text"});
  table.add({"ä", "1", std::string(100, 'x')});
  table.add({"long name", "1,000", "y"});
  table.print(console);
  std::istringstream lines(out.str());
  for (std::string line; std::getline(lines, line);) EXPECT_LE(shown_width(line), 40u) << line;
  EXPECT_NE(out.str().find("  ä              1  xxx"), std::string::npos) << out.str();
}

TEST(Progress, FitsEveryWidthAndKeepsTheEpoch) {
  TrainEvent event;
  event.kind = TrainEvent::Kind::step;
  event.epoch = 3, event.epochs = 20, event.step = 250, event.steps_per_epoch = 100;
  event.loss = 0.25, event.rows_per_second = 1e6, event.seconds = 10, event.has_validation = true;
  event.validation.classification = true;
  for (int width = 20; width < 160; ++width) {
    const std::string text = progress_text(event, event, width, true);
    EXPECT_LT(shown_width(text), static_cast<std::size_t>(width));
    EXPECT_EQ(text.find("epoch 3/20"), 0u) << text;
  }
  EXPECT_NE(progress_text(event, event, 160, false).find("1:10 left"), std::string::npos) << progress_text(event, event, 160, false);
}

TEST(Json, NumbersThatAreNotFiniteAreNull) {
  Metrics metrics;
  metrics.rmse = std::numeric_limits<double>::quiet_NaN();
  metrics.loss = std::numeric_limits<double>::infinity();
  EXPECT_NE(metrics_json(metrics).find("\"loss\":null"), std::string::npos);
  EXPECT_NE(metrics_json(metrics).find("\"rmse\":null"), std::string::npos);
}

TEST(Json, BytesThatAreNotUtf8AreMarkedAndEscaped) { EXPECT_EQ(json_string("a\xff"), "\"bytes:a\\\\xff\""); }

}  // namespace
}  // namespace chainrule::cli
