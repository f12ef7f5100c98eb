// The JSON object of `chainrule bench --spec --json`; its fields are listed in the command's help.
#pragma once

#include <string>
#include <vector>

#include "chainrule/machine.h"

namespace chainrule::cli {

/// Without a newline at the end.
std::string network_bench_json(const std::vector<NetworkBench>& benches, const VersionInfo& version);

}  // namespace chainrule::cli
