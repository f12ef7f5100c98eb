// The table of commands and flags; the settings of `train` come from the library's own table.
#include "flags.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "chainrule/error.h"
#include "chainrule/kinds.h"
#include "chainrule/train.h"

namespace chainrule::cli {
namespace {

constexpr std::array<std::string_view, 13> kReadingKeys = {"separator", "header",    "no-header",  "skip",        "comment", "encoding", "missing",
                                                           "decimal",   "thousands", "date-order", "categorical", "numeric", "drop"};
constexpr std::array<std::string_view, 4> kRepeatableKeys = {"missing", "categorical", "numeric", "drop"};

template <std::size_t N>
bool among(const std::array<std::string_view, N>& keys, std::string_view key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

template <class Kind>
std::vector<std::string> kind_words() {
  std::vector<std::string> words;
  for (const std::string_view word : names<Kind>()) words.emplace_back(word);
  return words;
}

/// Of settings that take a kind and more, such as adam:lesson.
std::vector<std::string> words_for(std::string_view key) {
  if (key == "optimizer") return kind_words<Optimizer>();
  if (key == "dropout-schedule" || key == "weight-decay-schedule") return kind_words<ScheduleKind>();
  return key == "split" ? std::vector<std::string>{"random", "stratified", "time", "group:"} : std::vector<std::string>{};
}

Flag flag_of(const SettingInfo& info) {
  static const TrainSettings defaults;
  Flag flag;
  flag.name = info.key;
  flag.value_name = info.value_name;
  flag.group = info.group;
  flag.help = info.help;
  flag.choices = info.choices;
  flag.repeatable = among(kRepeatableKeys, info.key);
  flag.setting = true;
  flag.may_be_empty = info.key == "missing";
  if (!flag.is_switch()) flag.default_text = info.default_text.empty() ? get_train_setting(defaults, info.key) : info.default_text;
  flag.hidden = info.hidden;
  flag.words = words_for(info.key);
  if (among(kReadingKeys, info.key)) flag.group = "Reading";
  return flag;
}

/// The rows of train_settings() that `wanted` accepts.
template <class Wanted>
std::vector<Flag> setting_flags(Wanted wanted) {
  std::vector<Flag> flags;
  for (const SettingInfo& info : train_settings()) {
    if (wanted(info.key)) flags.push_back(flag_of(info));
  }
  return flags;
}

std::vector<Flag> reading_flags() {
  return setting_flags([](std::string_view key) { return among(kReadingKeys, key); });
}

std::vector<Flag> running_flags() {
  return setting_flags([](std::string_view key) { return key == "threads" || key == "engine"; });
}

std::vector<Flag> output_flags() {
  Flag json{"json", "", "Output", "print one JSON object instead of text"};
  Flag color{"color", "WHEN", "Output", "colour the text (NO_COLOR is respected)", {"auto", "always", "never"}, "auto"};
  Flag help{"help", "", "Output", "show this text"};
  help.letter = 'h';
  help.environment = false;
  return {json, color, help};
}

std::vector<Flag> joined(std::vector<std::vector<Flag>> parts) {
  std::vector<Flag> flags;
  for (std::vector<Flag>& part : parts) {
    for (Flag& flag : part) {
      const bool known = std::any_of(flags.begin(), flags.end(), [&](const Flag& f) { return f.name == flag.name; });
      if (!known) flags.push_back(std::move(flag));
    }
  }
  return flags;
}

Flag local(Flag flag) {
  flag.environment = false;
  return flag;
}

const Argument kData{"DATA", "table: CSV, TSV, NPY, NPZ, IDX file or folder; .gz and .zst of them; - for standard input", true, {}, true};
const Argument kModel{"MODEL", "model file, or the folder of a run", true, {}, true};

Flag config_flag() {
  return local({"config", "FILE", "Run", "take settings from a TOML file; its keys are the names of these flags"});
}

Command describe_command() {
  return {"describe", "show the columns of a table and a likely target",
          "Reads the table as `train` would and prints what it found: separator, types, missing values, ranges, classes, "
          "duplicate rows, and the column that looks most like a target.",
          {kData},
          joined({reading_flags(),
                  {local({"all", "", "Output", "show every column of a wide table"})}, output_flags()}),
          {"chainrule describe houses.csv", "zcat log.tsv.gz | chainrule describe - --json"}};
}

Command train_command() {
  std::vector<Flag> settings = setting_flags([](std::string_view) { return true; });
  Flag progress{"progress", "WHEN", "Output", "show the progress line", {"auto", "always", "never"}, "auto"};
  Flag find_rate = local({"find-lr", "", "Run", "try growing learning rates, show the curve, suggest one; trains nothing"});
  settings.erase(std::remove_if(settings.begin(), settings.end(), [](const Flag& f) { return f.name == "find-lr"; }), settings.end());
  return {"train", "fit a network to a table",
          "Fits a network and writes the model, with a record of the run and its epochs, and checkpoints to a folder. Everything the program "
          "chose by itself is printed. Ctrl-C ends the run with a checkpoint and, in a folder without a finished model, a usable "
          "one. A folder that holds a run is left alone unless --resume or --force says otherwise.",
          {{kData.name, kData.help, false, {}, true}},
          joined({settings,
                  {config_flag(),
                   local({"resume", "DIR", "Run", "continue the interrupted run in DIR; needs nothing else"}),
                   local({"force", "", "Run", "train in a folder that holds a run: its checkpoints go now, its model when the new one is finished"}),
                   find_rate,
                   local({"dry-run", "", "Run", "print every setting and where it came from; train nothing"})},
                  {progress}, output_flags()}),
          {"chainrule train houses.csv --target price",
           "chainrule train digits/ --hidden 512,512 --dropout 0.2 --epochs 20",
           "chainrule train --resume runs/1"}};
}

Command evaluate_command() {
  return {"evaluate", "measure a model on labelled rows",
          "Prints measures of all rows and, when DATA is what the model was trained on, of its training, validation and test rows apart "
          "(--json: trained_on, parts). These are the loss and, for classification, accuracy, area under the curve and the confusion matrix; for "
          "regression the errors in the target's own unit. --json has the matrix as confusion, [true class][predicted class]; with more "
          "than 200 classes as confusion_counts, a list of [true class, predicted class, rows] of the pairs that occur. Classes are "
          "numbered as in classes.",
          {kModel, kData},
          joined({reading_flags(), running_flags(), output_flags()}),
          {"chainrule evaluate runs/1 test.csv"}};
}

Command predict_command() {
  Flag output = local({"output", "FILE", "Output", "write here instead of standard output; a whole file or none"});
  output.letter = 'o';
  output.writes = true;
  Flag uncertainty{"uncertainty", "N", "Run",
                   "add the spread (standard deviation, divisor N - 1) over N predictions, at least 2, and 50 when it is left out, with dropout left on; predictions stay as they are", {}, "50"};
  uncertainty.optional_value = true;
  Command command{"predict", "answer for new rows",
                  "Writes CSV: `prediction,p_<class>,...` for classification (`score_<class>`, margins, for a model of the hinge "
                  "loss, which has no probabilities), `prediction` for regression, one line for every row of DATA. With --json, one JSON object for every row. Large files are read in parts, so memory "
                  "stays bounded; what a cell means depends on how the model learned its column, never on the file: "
                  "categories are compared as the texts they are written as (01 is not 1 where the model knows both).",
                  {kModel, kData},
                  joined({{output, uncertainty}, reading_flags(), running_flags(), output_flags()}),
                  {"chainrule predict runs/1 new.csv -o answers.csv", "chainrule predict runs/1 - --json < new.csv"}};
  for (Flag& flag : command.flags) {
    if (flag.name == "json") flag.help = "print one JSON object per row instead of CSV";
  }
  return command;
}

Command inspect_command() {
  return {"inspect", "show what is inside a model",
          "Layers, parameters, norms, how the weights are distributed, how columns become inputs, and how it was trained.",
          {kModel},
          joined({{local({"toml", "", "Output", "print only the network as TOML, as `train --spec` reads it"})}, output_flags()}),
          {"chainrule inspect runs/1", "chainrule inspect runs/1 --toml > network.toml"}};
}

Command check_command() {
  std::vector<Flag> settings =
      setting_flags([](std::string_view key) { return key != "out" && key != "find-lr" && key != "resume" && key != "dry-run"; });
  return {"check", "check gradients and the set-up before trusting a network",
          "Compares backpropagation with finite differences in fp64, repeats steps with other engines and threads, holds the first loss "
          "against what chance gives and fits one batch; looks for dead, saturated and symmetric units, vanishing gradients and a learning "
          "rate beyond its limit; and in the data for leaks, constant or unscaled columns, copies and rows on both sides of a split. With MODEL DATA it checks that model; with DATA --target COL the network that would "
          "be trained; alone, the engine. Exit code 1 when a check failed.",
          {{kModel.name, kModel.help, false, {}, true}, {kData.name, kData.help, false, {}, true}},
          joined({settings, {config_flag()}, output_flags()}),
          {"chainrule check", "chainrule check runs/1 houses.csv", "chainrule check houses.csv --target price"}};
}

Command explain_command() {
  Flag hold = local({"hold", "COL", "Explanation", "columns the counterfactual must leave alone"});
  hold.repeatable = true;
  Flag output = local({"output", "FILE", "Output", "write here instead of standard output; a whole file or none"});
  output.letter = 'o';
  output.writes = true;
  return {"explain", "take answers apart, weight by weight",
          "Shows labelled rows on their way through the network and back: sums, activations and gradients of every layer, the "
          "chain of factors behind one gradient, what is most to blame for the loss, and what the next training step would do, "
          "each with the predicted and the measured change of the loss. Everything is computed in fp64.",
          {kModel, kData},
          joined({{local({"row", "N", "Rows", "one row of DATA, counted from 0"}),
                   local({"rows", "A:B", "Rows", "rows A to B-1"}),
                   local({"batch", "N", "Rows", "batch N of the run's first epoch, as training drew it"}),
                   local({"all", "", "Rows", "every row; without any of these, the data set, sampled when it is large"}),
                   local({"by", "WHAT", "Explanation", "what blame is ranked by", {"weight", "unit", "layer", "column"}, "weight"}),
                   local({"top", "N", "Explanation", "entries of every ranking", {}, "10"}),
                   local({"weight", "NAME", "Explanation", "the weight to take apart, such as layers.1.weight[3,17] (default: the most blamed)"}),
                   local({"pulls", "", "Explanation", "rows that pull this weight up, and rows that pull it down"}),
                   local({"movers", "", "Explanation", "replay the start of training: which rows moved this weight"}),
                   local({"steps", "N", "Explanation", "training steps that --movers replays", {}, "50"}),
                   local({"counterfactual", "", "Explanation", "the smallest change of the row that changes the answer"}),
                   local({"until", "AMOUNT", "Explanation", "counterfactual of a regression: by how much the prediction is to move"}), hold},
                  reading_flags(),
                  {local({"format", "KIND", "Output", "how to show it", {"table", "json", "html", "dot"}, "table"}), output}, output_flags()}),
          {"chainrule explain runs/1 houses.csv --row 17", "chainrule explain runs/1 houses.csv --by column",
           "chainrule explain runs/1 houses.csv --weight 'layers.0.weight[3,2]' --pulls",
           "chainrule explain runs/1 houses.csv --row 17 --until -20000 --hold area",
           "chainrule explain runs/1 houses.csv --format html -o why.html"}};
}

Command learn_command() {
  constexpr std::array<std::string_view, 16> kNetworkKeys = {"target",  "task",  "validation", "hidden",    "activation", "init", "dropout", "norm",
                                                             "residual", "loss", "l2",         "optimizer", "lr",         "spec", "seed",    "threads"};
  Command command{"learn", "see the statements behind training hold, one experiment each",
                  "Lists the 47 statements of the lesson on back-propagation. With a statement (L24), runs it on the engine and shows the formula "
                  "with this run's numbers, plots, tables and whether it held; --data or --spec take your own network where that makes sense. "
                  "`learn check` runs all of them. Exit code 1 when a statement did not hold.",
                  {{"ID", "a statement such as L24, or check for all of them", false, {}}},
                  joined({{local({"quiz", "", "Run", "ask the statement's question, or all in random order, and explain wrong answers"}),
                           local({"seeds", "N", "Run", "`learn check`: run every statement with N seeds", {}, "1"}),
                           local({"data", "DATA", "Data", "run the statement on this table"})},
                          setting_flags([&](std::string_view key) { return among(kNetworkKeys, key); }), reading_flags(), output_flags()}),
                  {"chainrule learn L24", "chainrule learn L37 --data houses.csv --target price", "chainrule learn --quiz",
                   "chainrule learn check --seeds 20"}};
  return command;
}

Command bench_command() {
  return {"bench", "time training on this machine",
          "Trains the networks of the project's problem list on made-up data and prints rows per second. With --spec it trains your network "
          "instead, measures what this machine can do at most, and says what limits each part of a step: compute, L2, L3, DRAM, "
          "barriers, or what the cost model does not explain (other). --json gives shapes: [{shape, layers, batch, threads, "
          "samples_per_second, spread, gflops}]; with --spec each has also engine, share_of_peak, step_seconds, predicted_seconds, limit, "
          "shares: {compute, L2, L3, DRAM, barrier, other}, ceilings: {fma_gflops, l1_gbs, l2_gbs, l3_gbs, dram_gbs, barrier_ns, "
          "updates_per_second}, phases: [{name, gflop, l2_mb, l3_mb, dram_mb, barriers, seconds, limit}], notes: [text].",
          {},
          joined({{local({"spec", "FILE", "Run", "time the network of this TOML file (`inspect MODEL --toml` prints one)"}),
                   local({"batch", "N", "Run", "rows in a step, with --spec", {}, "256"}),
                   local({"seconds", "S", "Run", "time for each network and thread count, three steps at least; with --spec as long again for the machine", {}, "1"}),
                   local({"threads", "N,N", "Run", "thread counts to try (default: 1 and every core)"})},
                  output_flags()}),
          {"chainrule bench --seconds 3 --threads 1,2", "chainrule bench --spec net.toml --batch 128"}};
}

/// Settings of `train` for experiments of many runs, without those that the experiment sets itself or has no use for.
std::vector<Flag> experiment_flags(std::vector<std::string_view> own) {
  for (const std::string_view key : {"find-lr", "out", "checkpoint-every", "ensemble", "preset", "precision", "test"}) own.push_back(key);
  return setting_flags([&](std::string_view key) { return std::find(own.begin(), own.end(), key) == own.end(); });
}

std::vector<Flag> experiment_output_flags() {
  Flag svg = local({"svg", "FILE", "Output", "also draw the results into an SVG file"});
  svg.writes = true;
  return joined({{svg,
                  Flag{"progress", "WHEN", "Output", "show the progress line", {"auto", "always", "never"}, "auto"}},
                 output_flags()});
}

Command race_command() {
  const Flag optimizers = local({"optimizers", "NAMES", "Race", "who runs, with commas between; all: every kind", {}, "sgd,momentum,momentum:nesterov,rmsprop,adam"});
  std::vector<Flag> flags = {
      local({"surface", "NAME", "Race", "run on a function of two weights instead of data", {"valley", "saddle", "rosenbrock", "beale", "noisy-plateau", "all"}}),
      optimizers,
      local({"seeds", "N", "Race", "seeds of the race, each with its own start and batches", {}, "10"}),
      local({"tuning-seeds", "N", "Race", "other seeds, on which the learning rates are chosen (default: 10 on surfaces, 3 on data)"}),
      local({"trials", "N", "Race", "learning rates tried for each optimiser (default: 33 on surfaces, 15 on data)"}),
      local({"rates", "LOW,HIGH", "Race", "the range of learning rates", {}, "1e-5,10"}),
      local({"steps", "N", "Race", "steps on a surface (default: 40 to 500, by surface)"})};
  return {"race", "optimisers side by side, and how sure the winner is",
          "Tunes a learning rate for each optimiser with the same budget, then runs all of them on the same splits, starts and "
          "batches with many seeds, on DATA (the score is the lowest validation loss; 15 epochs unless --epochs says otherwise) or "
          "on a test surface. All pairs are compared seed by seed and corrected for their number; \"no clear winner\" is a verdict. "
          "Runs share all cores, and the results do not depend on how many there are.",
          {{kData.name, kData.help, false, {}, true}},
          joined({flags, experiment_flags({"optimizer", "lr", "early-stop"}), {config_flag()}, experiment_output_flags()}),
          {"chainrule race houses.csv --target price --hidden 64 --svg race.svg", "chainrule race --surface all",
           "chainrule race --surface beale --optimizers adam,nadam,radam --seeds 20"}};
}

Command dropout_command() {
  std::vector<Flag> flags = {
      local({"kinds", "NAMES", "Comparison", "inverted, standard, gaussian, alpha, dropconnect; commas between; all: every kind the network can have", {}, "all"}),
      local({"rates", "P,P", "Comparison", "rates to try with each kind", {}, "0.1,0.2,0.35,0.5"}),
      local({"seeds", "N", "Comparison", "seeds, each with its own split, start, batches and masks", {}, "10"}),
      local({"samples", "N", "Comparison", "predictions with dropout left on behind each interval of a regression", {}, "30"})};
  return {"dropout", "compare kinds and rates of dropout on a table",
          "Trains the network without dropout and with every kind and rate on the same splits, starts and batches, and shows the gap "
          "between training and validation loss, calibration, time and the measured share of units kept, each with a confidence "
          "interval. Differences from no dropout are paired by seed and corrected for their number. Says what to use and how sure that is.",
          {kData},
          joined({flags, experiment_flags({"dropout"}), {config_flag()}, experiment_output_flags()}),
          {"chainrule dropout houses.csv --target price --hidden 64,64",
           "chainrule dropout churn.csv --target left --rates 0.2,0.5"}};
}

Command version_command() {
  return {"version", "show the version, and the instruction set in use", "", {}, output_flags(), {}};
}

Command help_command() {
  Flag markdown = local({"markdown", "", "Output", "print every command as Markdown"});
  markdown.hidden = true;
  return {"help", "explain a command or an error code", "",
          {{"TOPIC", "a command, a code such as E0301, or errors for all codes", false, {}}},
          joined({{local({"man", "", "Output", "print the manual page (roff)"}), markdown}, output_flags()}),
          {"chainrule help train", "chainrule help E0301", "chainrule help --man | man -l -"}};
}

Command completions_command() {
  return {"completions", "print the completion script of a shell",
          "For bash: `chainrule completions bash > ~/.local/share/bash-completion/completions/chainrule`. For zsh: into a "
          "file named _chainrule in a folder of $fpath. For fish: into ~/.config/fish/completions/chainrule.fish.",
          {{"SHELL", "bash, zsh or fish", true, {"bash", "zsh", "fish"}}},
          output_flags(),
          {}};
}

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  for (const Command& command : commands()) names.push_back(command.name);
  return names;
}

}  // namespace

const Flag* Command::find(std::string_view flag) const {
  for (const Flag& candidate : flags) {
    if (candidate.name == flag) return &candidate;
  }
  return nullptr;
}

const std::vector<Command>& commands() {
  static const std::vector<Command> table = {describe_command(), train_command(),   evaluate_command(), predict_command(),
                                             inspect_command(),  check_command(),   explain_command(),  learn_command(),    race_command(),    dropout_command(), bench_command(),
                                             version_command(),  help_command(),    completions_command()};
  return table;
}

const Command& find_command(std::string_view name) {
  for (const Command& command : commands()) {
    if (command.name == name) return command;
  }
  throw Error("E0101", "", "there is no command \"" + std::string(name) + "\"",
              suggestion(name, command_names(), "", "run `chainrule help` for the list of commands"));
}

std::string variable_name(std::string_view flag) {
  std::string name = "CHAINRULE_";
  for (const char c : flag) name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

std::string suggestion(std::string_view text, const std::vector<std::string>& names, std::string_view prefix,
                       std::string_view fallback) {
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  const std::string nearest = nearest_name(text, candidates);
  if (nearest.empty()) return std::string(fallback);
  return "did you mean " + std::string(prefix) + nearest + "?";
}

}  // namespace chainrule::cli
