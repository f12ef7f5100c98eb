// `chainrule train DATA --target COL`: fits a network, shows how it goes and what came out.
#include "chainrule/train.h"

#include <algorithm>
#include <cmath>
#include <ostream>
#include <sstream>

#include "chainrule/error.h"
#include "commands.h"
#include "json.h"
#include "layout.h"
#include "metrics_text.h"
#include "plan_text.h"
#include "progress_line.h"
#include "stop_signal.h"

namespace chainrule::cli {
namespace {

constexpr std::size_t kEpochsShown = 10;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

bool shows_progress(const Arguments& arguments, const Console& console) {
  const std::string when = arguments.text("progress", "auto");
  return when == "always" || (when == "auto" && console.err_terminal);
}

/// `--resume DIR` takes everything from the checkpoint, so a setting beside it would be ignored: an error instead.
void check_resume_alone(const Arguments& arguments) {
  if (!arguments.positionals.empty()) {
    throw Error("E0105", "--resume", "the run in " + arguments.text("resume") + " knows its data; \"" + arguments.positionals[0] + "\" is too much",
                "write only: " + resume_command(arguments.text("resume")));
  }
  for (const Given& given : arguments.given) {
    const Flag* flag = arguments.command->find(given.flag);
    if (given.origin == Origin::environment || given.flag == "resume" || flag->group == "Output") continue;
    throw Error("E0105", given.where, "a resumed run keeps the settings of its checkpoint",
                "leave --" + given.flag + " out, or train anew without --resume");
  }
}

void check_has_data(const Arguments& arguments) {
  if (arguments.positionals.empty()) {
    throw Error("E0105", "", "`train` needs DATA", "usage: chainrule train DATA --target COL, or chainrule train --resume DIR");
  }
}

/// "best" is the lowest validation loss, "kept" what the model holds.
std::string mark_of(const TrainResult& result, const TrainResult::Point& point) {
  if (!result.has_validation) return "";
  const bool best = point.epoch == result.best_epoch, kept = point.epoch == result.kept_epoch;
  return best && kept ? "best, kept" : best ? "best" : kept ? "kept" : "";
}

/// First, last, best and kept epoch, and others evenly between.
std::vector<std::size_t> epochs_to_show(const TrainResult& result) {
  std::vector<std::size_t> shown;
  const std::size_t count = result.history.size();
  for (std::size_t i = 0; i < std::min(count, kEpochsShown); ++i) {
    shown.push_back(count <= kEpochsShown ? i : i * (count - 1) / (kEpochsShown - 1));
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (!mark_of(result, result.history[i]).empty()) shown.push_back(i);
  }
  std::sort(shown.begin(), shown.end());
  shown.erase(std::unique(shown.begin(), shown.end()), shown.end());
  return shown;
}

void print_curve(const TrainResult& result, Console& console) {
  if (result.history.empty()) return;
  const std::string score = result.train.classification ? ">accuracy" : ">rmse";
  TextTable table(result.has_validation ? std::vector<std::string>{">epoch", ">learning rate", ">loss", ">validation", score, ""}
                                        : std::vector<std::string>{">epoch", ">learning rate", ">loss", ""});
  for (const std::size_t i : epochs_to_show(result)) {
    const TrainResult::Point& point = result.history[i];
    std::vector<std::string> cells = {std::to_string(point.epoch), number_text(point.learning_rate, 3), measure_text(point.loss)};
    if (result.has_validation) {
      cells.push_back(measure_text(point.validation_loss));
      cells.push_back(measure_text(point.validation_score));
      cells.push_back(console.out_style.green(mark_of(result, point)));
    }
    table.add(cells);
  }
  console.out << '\n';
  table.print(console);
}

std::string ending(const TrainResult& result) {
  std::string text = result.stop_reason == "early_stop" ? ", stopped early" : result.interrupted ? ", interrupted" : "";
  if (!result.has_validation || result.best_epoch == 0) return text;
  const bool inside = result.kept_epoch > result.epochs;
  const std::string kept = inside ? "the weights of its last step are" : "epoch " + std::to_string(result.kept_epoch) + " is";
  return text + "; " + kept + " kept" + (result.kept_epoch == result.best_epoch ? "" : ", the best was epoch " + std::to_string(result.best_epoch));
}

/// An interrupted run beside a finished model, which stays.
bool keeps_older_model(const TrainResult& result) { return result.model != result.folder + "/model.safetensors"; }

/// A finding is as bad as it begins.
std::string painted_verdict(const TrainResult& result, const std::string& line, const Style& style) {
  return result.verdict.starts_with("learned") ? style.green(line) : style.yellow(line);
}

void print_verdict(const TrainResult& result, Console& console) {
  if (result.verdict.empty()) return;
  std::string lead = "verdict: ";
  console.out << '\n';
  for (const std::string& line : wrapped(lead + printable(result.verdict), static_cast<std::size_t>(console.width))) {
    console.out << painted_verdict(result, line, console.out_style) << '\n';
  }
}

/// Once more, for those at the top have scrolled away.
void print_warnings(const TrainResult& result, Console& console) {
  std::vector<std::string> warnings;
  for (const std::string& line : result.decisions) {
    if (line.starts_with("warning: ")) warnings.push_back(line);
  }
  print_notes(console, warnings);
}

/// Commands that run as they are printed.
void print_next_commands(const TrainResult& result, Console& console) {
  const std::string model = shell_path(keeps_older_model(result) ? result.model : result.folder);
  const auto command = [&](const std::string& text) { console.out << console.out_style.cyan("chainrule " + text) << '\n'; };
  console.out << '\n';
  if (result.data.empty() || result.data == "-") return command("inspect " + model);
  command("evaluate " + model + " " + shell_path(result.data));
  command("explain " + model + " " + shell_path(result.data) + " --row 0");
}

void print_result(const TrainResult& result, Console& console) {
  print_curve(result, console);
  console.out << "\nTrained " << plural(result.epochs, "epoch") << " in " << duration_text(result.seconds) << ending(result) << "\n\n";
  std::vector<std::pair<std::string, const Metrics*>> sets = {{"train", &result.train}};
  if (result.has_validation) sets.push_back({"validation", &result.validation});
  if (result.has_test) sets.push_back({"test", &result.test});
  print_metrics(console, sets);
  print_verdict(result, console);
  print_warnings(result, console);
  console.out << '\n';
  print_pairs(console, {{"model", result.model}, {"digest", result.digest}, {"engine", plan_text(result.plan)}}, "");
  print_next_commands(result, console);
}

TrainHooks hooks_for(const Arguments& arguments, Console& console, ProgressLine& progress) {
  TrainHooks hooks;
  hooks.stop = &watch_stop_signals();
  const bool bar = shows_progress(arguments, console), json = arguments.on("json");
  hooks.on_event = [&console, &progress, bar, json](const TrainEvent& event) {
    if (event.kind == TrainEvent::Kind::started && !json) {
      print_notes(console, lines_of(event.text));
      console.out.flush();
    }
    if (bar) progress.show(event);
  };
  return hooks;
}

TrainResult run(const Arguments& arguments, Console& console) {
  ProgressLine progress(console);
  const TrainHooks hooks = hooks_for(arguments, console, progress);
  if (arguments.find("resume")) return resume(arguments.text("resume"), hooks);
  return train(arguments.positionals[0], train_settings_of(arguments), hooks);
}

}  // namespace

int run_train(const Arguments& arguments, Console& console) {
  if (arguments.find("resume")) check_resume_alone(arguments);
  else if (arguments.on("dry-run")) return run_dry_run(arguments, console);
  else check_has_data(arguments);
  if (!arguments.positionals.empty()) check_stdin(arguments.positionals[0], console);
  if (arguments.on("find-lr")) return run_rate_search(arguments, console);
  const TrainResult result = run(arguments, console);
  if (arguments.on("json")) console.out << train_json(result) << '\n';
  else print_result(result, console);
  if (!result.interrupted) return 0;
  console.out.flush();
  if (result.data == "-") {
    console.err << "interrupted: the model so far is " << printable(result.model)
                << "; it cannot be resumed, for standard input cannot be read again\n";
  } else {
    console.err << "interrupted: the checkpoint is saved; go on with `" << resume_command(result.folder) << "`\n";
  }
  if (keeps_older_model(result)) {
    console.err << "the finished model in " << printable(result.folder) << " was kept; this run's is " << printable(result.model) << '\n';
  }
  return static_cast<int>(ErrorKind::interrupted);
}

}  // namespace chainrule::cli
