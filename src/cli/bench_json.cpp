// The JSON object of `chainrule bench --spec --json`.
#include "bench_json.h"

#include <cmath>

#include <nlohmann/json.hpp>

namespace chainrule::cli {
namespace {

using Json = nlohmann::ordered_json;

/// null when it is not finite.
Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

}  // namespace

std::string network_bench_json(const std::vector<NetworkBench>& benches, const VersionInfo& version) {
  Json json = {{"instruction_set", version.instruction_set}, {"cores", version.cores}, {"shapes", Json::array()}};
  for (const NetworkBench& b : benches) {
    Json phases = Json::array(), shares = Json::object();
    for (const BenchPhase& p : b.phases) {
      phases.push_back({{"name", p.name}, {"gflop", number(p.gflop)}, {"l2_mb", number(p.l2_mb)}, {"l3_mb", number(p.l3_mb)},
                        {"dram_mb", number(p.dram_mb)}, {"barriers", number(p.barriers)}, {"seconds", number(p.seconds)}, {"limit", p.limit}});
    }
    for (const auto& [limit, share] : b.shares) shares[limit] = number(share);
    json["shapes"].push_back(
        {{"shape", b.row.shape}, {"layers", b.row.layers}, {"batch", b.row.batch}, {"threads", b.row.threads}, {"engine", b.engine},
         {"samples_per_second", number(b.row.samples_per_second)}, {"spread", number(b.row.spread)}, {"gflops", number(b.row.gflops)},
         {"share_of_peak", number(b.share_of_peak)}, {"step_seconds", number(b.step_seconds)}, {"predicted_seconds", number(b.predicted_seconds)},
         {"limit", b.limit.empty() ? Json(nullptr) : Json(b.limit)}, {"shares", shares},
         {"ceilings", {{"fma_gflops", number(b.fma_gflops)}, {"l1_gbs", number(b.l1_gbs)}, {"l2_gbs", number(b.l2_gbs)}, {"l3_gbs", number(b.l3_gbs)},
                       {"dram_gbs", number(b.dram_gbs)}, {"barrier_ns", number(b.barrier_ns)}, {"updates_per_second", number(b.updates_per_second)}}},
         {"phases", phases}, {"notes", b.notes}});
  }
  return json.dump();
}

}  // namespace chainrule::cli
