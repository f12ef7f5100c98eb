// The JSON objects of --json, one function per command; numbers that are not finite become null.
#pragma once

#include <exception>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/explain.h"
#include "chainrule/machine.h"
#include "chainrule/model.h"
#include "chainrule/table.h"
#include "chainrule/train.h"

namespace chainrule::cli {

/// One setting as --dry-run shows it.
struct SettingOrigin {
  std::string key, group, value, source, where;  ///< source: "flag", "environment", "config", "spec" (the value is in that file), "default"
};

// Each returns one object without a newline at the end.
/// Column by column: there may be very many.
void write_description(const Description& description, std::ostream& out);
std::string train_json(const TrainResult& result);
std::string metrics_json(const Metrics& metrics);
std::string evaluation_json(const Evaluation& evaluation);
std::string model_json(const ModelInfo& info);
std::string check_json(const CheckReport& report);
std::string explanation_json(const Explanation& explanation);
std::string bench_json(const std::vector<BenchRow>& rows, const VersionInfo& version);
std::string version_json(const VersionInfo& version);
std::string rate_search_json(const RateSearch& search);
std::string dry_run_json(const std::vector<SettingOrigin>& settings, const std::string& data, const TrainPreview& preview);
std::string help_json();
/// What a command that failed prints in place of its result.
std::string error_json(const std::exception_ptr& failure, int exit_code);

/// Text as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD.
std::string json_string(std::string_view text);

}  // namespace chainrule::cli
