// The commands: each takes its arguments, writes to the console and returns the exit code.
#pragma once

#include "arguments.h"
#include "chainrule/model.h"
#include "console.h"

namespace chainrule::cli {

int run_describe(const Arguments& arguments, Console& console);
int run_train(const Arguments& arguments, Console& console);
int run_evaluate(const Arguments& arguments, Console& console);
int run_predict(const Arguments& arguments, Console& console);
int run_inspect(const Arguments& arguments, Console& console);
int run_check(const Arguments& arguments, Console& console);
int run_explain(const Arguments& arguments, Console& console);
int run_learn(const Arguments& arguments, Console& console);
int run_race(const Arguments& arguments, Console& console);
int run_dropout(const Arguments& arguments, Console& console);
int run_bench(const Arguments& arguments, Console& console);
int run_version(const Arguments& arguments, Console& console);
int run_help(const Arguments& arguments, Console& console);
int run_completions(const Arguments& arguments, Console& console);

/// Parts of `train` with files of their own.
int run_dry_run(const Arguments& arguments, Console& console);
int run_rate_search(const Arguments& arguments, Console& console);

/// Loads the MODEL argument; what its user should know of it goes to stderr.
Model load_model(const Arguments& arguments, const PlanOptions& options, Console& console);

/// Model::read() with the reading flags; what they change against the model is told on stderr.
Table read_labelled(const Model& model, const std::string& path, const Arguments& arguments, Console& console);

/// Reads the DATA argument; standard input that is closed is Error E0401, a terminal gets a word on stderr.
Table read_data(const std::string& path, const Arguments& arguments, Console& console);
/// The checks of read_data() alone, for commands whose library call reads the file.
void check_stdin(const std::string& path, Console& console);

}  // namespace chainrule::cli
