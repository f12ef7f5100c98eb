// Finds and runs the command; the one place where errors become text and exit codes.
#include "program.h"

#include <algorithm>
#include <map>
#include <new>
#include <ostream>

#include "chainrule/error.h"
#include "chainrule/machine.h"
#include "command_files.h"
#include "commands.h"
#include "files/file_writer.h"
#include "help.h"
#include "json.h"

namespace chainrule::cli {
namespace {

constexpr int kInternalFault = 70;  // EX_SOFTWARE of sysexits.h
constexpr int kReaderGone = 141;    // what a shell shows for a death by SIGPIPE

using Run = int (*)(const Arguments&, Console&);

const std::map<std::string, Run>& runners() {
  static const std::map<std::string, Run> table = {
      {"describe", run_describe}, {"train", run_train},     {"evaluate", run_evaluate}, {"predict", run_predict},
      {"inspect", run_inspect},   {"check", run_check},     {"explain", run_explain},   {"bench", run_bench},
      {"learn", run_learn},       {"race", run_race},       {"dropout", run_dropout},
      {"version", run_version},   {"help", run_help},       {"completions", run_completions}};
  return table;
}

/// Words that stand for a command when they come first.
std::vector<std::string> with_command(std::vector<std::string> words) {
  static const std::map<std::string, std::string> aliases = {{"--help", "help"}, {"-h", "help"}, {"--version", "version"}, {"-V", "version"}};
  if (words.empty()) return {"help"};
  const auto alias = aliases.find(words[0]);
  if (alias != aliases.end()) words[0] = alias->second;
  return words;
}

/// --color counts for errors too, also for those of the command line itself.
void set_colour_early(const std::vector<std::string>& words, Console& console) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].rfind("--color=", 0) == 0) console.set_colour(words[i].substr(8));
    if (words[i] == "--color" && i + 1 < words.size()) console.set_colour(words[i + 1]);
  }
}

/// An error that names a setting, at the place where the user gave it.
Error placed(const Error& error, const Arguments& arguments) {
  const Given* given = error.kind() == ErrorKind::usage ? arguments.find(error.where()) : nullptr;
  return given == nullptr ? error : Error(error.code(), given->where, error.message(), error.hint());
}

int run_command(std::vector<std::string> words, const Environment& environment, Console& console) {
  words = with_command(std::move(words));
  if (words[0].size() > 1 && words[0][0] == '-') {
    throw Error("E0105", "", "the command comes first, before " + words[0], "run `chainrule help` for the list of commands");
  }
  const Command& command = find_command(words[0]);
  const Arguments arguments = parse_arguments(command, {words.begin() + 1, words.end()}, environment);
  console.set_colour(arguments.text("color", "auto"));
  for (const std::string& warning : arguments.warnings) console.err << console.err_style.yellow("warning: ") << printable(warning) << '\n';
  if (arguments.on("help")) {
    if (arguments.on("json")) console.out << help_json() << '\n';
    else console.out << command_help(command, console.out_style, console.width);
    return 0;
  }
  check_files(arguments);
  try {
    return runners().at(command.name)(arguments, console);
  } catch (const Error& error) {
    throw placed(error, arguments);
  }
}

/// --json as a word or a variable, known before the arguments are read.
bool wants_json(const std::vector<std::string>& words, const Environment& environment) {
  const auto end = std::find(words.begin(), words.end(), "--");
  if (std::find(words.begin(), end, "--json") != end) return true;
  return std::any_of(environment.begin(), environment.end(), [](const auto& one) {
    return one.first == "CHAINRULE_JSON" && (one.second == "true" || one.second == "1" || one.second == "yes" || one.second == "on");
  });
}

/// {"error": ...} on standard output, unless a result stands there already. What fails here has been said on standard error.
void print_error_json(const std::exception_ptr& failure, int code, Console& console) noexcept {
  try {
    console.out << error_json(failure, code) << '\n';
    console.out.flush();
  } catch (...) {
    return;
  }
}

int print_error(const Error& error, Console& console) {
  console.err << console.err_style.red("error[" + error.code() + "]") << ": " << printable(error.what()) << '\n';
  if (!error.hint().empty()) console.err << console.err_style.cyan("hint") << ": " << printable(error.hint()) << '\n';
  return static_cast<int>(error.kind());
}

int print_fault(const char* what, Console& console) {
  console.err << console.err_style.red("internal error") << ": " << printable(what) << '\n'
              << console.err_style.cyan("hint") << ": this is a fault of the program; please report it with the command that caused it\n";
  return kInternalFault;
}

/// Once, whichever part of the command wanted more threads than the system gave.
void tell_thread_shortage(Console& console) {
  const std::string shortage = thread_shortage_text();
  if (shortage.empty()) return;
  console.err << console.err_style.yellow("note: ") << shortage << ": the system refused more (see `ulimit -u`); the results are the same\n";
}

}  // namespace

int report_failure(std::exception_ptr failure, Console& console) {
  try {
    std::rethrow_exception(failure);
  } catch (const ReaderGone&) {
    return kReaderGone;
  } catch (const Error& error) {
    return print_error(error, console);
  } catch (const std::bad_alloc&) {
    return print_error(Error("E0490", "", "out of memory", "try a smaller --batch, narrower --hidden, or fewer columns with --drop"), console);
  } catch (const std::exception& fault) {
    return print_fault(fault.what(), console);
  } catch (...) {
    return print_fault("an exception of an unknown type", console);
  }
}

int run_program(const std::vector<std::string>& words, const Environment& environment, Console& console) {
  const auto begin = console.out.tellp();
  try {
    set_colour_early(words, console);
    const int code = run_command(words, environment, console);
    console.out.flush();
    tell_thread_shortage(console);
    return code;
  } catch (...) {
    const std::exception_ptr failure = std::current_exception();
    const int code = report_failure(failure, console);
    if (code != kReaderGone && wants_json(words, environment) && console.out.tellp() == begin) print_error_json(failure, code, console);
    return code;
  }
}

}  // namespace chainrule::cli
