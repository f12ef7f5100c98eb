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

/// First, last and best epoch, and others evenly between.
std::vector<std::size_t> epochs_to_show(const TrainResult& result) {
  std::vector<std::size_t> shown;
  const std::size_t count = result.history.size();
  for (std::size_t i = 0; i < std::min(count, kEpochsShown); ++i) {
    shown.push_back(count <= kEpochsShown ? i : i * (count - 1) / (kEpochsShown - 1));
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (result.has_validation && result.history[i].epoch == result.best_epoch) shown.push_back(i);
  }
  std::sort(shown.begin(), shown.end());
  shown.erase(std::unique(shown.begin(), shown.end()), shown.end());
  return shown;
}

void print_curve(const TrainResult& result, Console& console) {
  if (result.history.empty()) return;
  const std::string score = result.train.classification ? ">accuracy" : ">rmse";
  TextTable table(result.has_validation ? std::vector<std::string>{">epoch", ">rate", ">loss", ">validation", score, ""}
                                        : std::vector<std::string>{">epoch", ">rate", ">loss", ""});
  for (const std::size_t i : epochs_to_show(result)) {
    const TrainResult::Point& point = result.history[i];
    std::vector<std::string> cells = {std::to_string(point.epoch), number_text(point.learning_rate, 3), measure_text(point.loss)};
    if (result.has_validation) {
      cells.push_back(measure_text(point.validation_loss));
      cells.push_back(measure_text(point.validation_score));
      cells.push_back(point.epoch == result.best_epoch ? console.out_style.green("best") : "");
    }
    table.add(cells);
  }
  console.out << '\n';
  table.print(console);
}

std::string ending(const TrainResult& result) {
  if (result.stop_reason == "early_stop") return ", stopped early; epoch " + std::to_string(result.best_epoch) + " is kept";
  if (result.interrupted) return ", interrupted";
  return "";
}

/// An interrupted run beside a finished model, which stays.
bool keeps_older_model(const TrainResult& result) { return result.model != result.folder + "/model.safetensors"; }

void print_result(const TrainResult& result, const std::string& data, Console& console) {
  print_curve(result, console);
  console.out << "\nTrained " << plural(result.epochs, "epoch") << " in " << duration_text(result.seconds) << ending(result) << "\n\n";
  std::vector<std::pair<std::string, const Metrics*>> sets = {{"train", &result.train}};
  if (result.has_validation) sets.push_back({"validation", &result.validation});
  if (result.has_test) sets.push_back({"test", &result.test});
  print_metrics(console, sets);
  console.out << '\n';
  print_pairs(console, {{"model", result.model}, {"digest", result.digest}, {"engine", plan_text(result.plan)}}, "");
  const std::string& model = keeps_older_model(result) ? result.model : result.folder;
  const std::string both = shell_path(model) + " " + (data.empty() ? "DATA" : shell_path(data));
  console.out << '\n' << console.out_style.cyan("chainrule evaluate " + both) << '\n'
              << console.out_style.cyan("chainrule explain " + both + " --row 0") << '\n';
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
  else print_result(result, arguments.positionals.empty() ? "" : arguments.positionals[0], console);
  if (!result.interrupted) return 0;
  console.out.flush();
  const bool from_stdin = !arguments.positionals.empty() && arguments.positionals[0] == "-";
  if (from_stdin) {
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
