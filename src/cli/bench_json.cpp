// The JSON object of `chainrule bench --spec --json`.
#include "bench_json.h"

#include "report/json.h"

namespace chainrule::cli {

using report::Json;

std::string network_bench_json(const std::vector<NetworkBench>& benches, const VersionInfo& version) {
  Json json = {{"instruction_set", version.instruction_set}, {"cores", version.cores}, {"shapes", Json::array()}};
  for (const NetworkBench& b : benches) {
    Json phases = Json::array(), shares = Json::object();
    for (const BenchPhase& p : b.phases) {
      phases.push_back({{"name", p.name}, {"gflop", p.gflop}, {"l2_mb", p.l2_mb}, {"l3_mb", p.l3_mb},
                        {"dram_mb", p.dram_mb}, {"barriers", p.barriers}, {"seconds", p.seconds}, {"limit", p.limit}});
    }
    for (const auto& [limit, share] : b.shares) shares[limit] = share;
    json["shapes"].push_back(
        {{"shape", b.row.shape}, {"layers", b.row.layers}, {"batch", b.row.batch}, {"threads", b.row.threads}, {"engine", b.engine},
         {"samples_per_second", b.row.samples_per_second}, {"spread", b.row.spread}, {"gflops", b.row.gflops},
         {"share_of_peak", b.share_of_peak}, {"step_seconds", b.step_seconds}, {"predicted_seconds", b.predicted_seconds},
         {"limit", b.limit.empty() ? Json(nullptr) : Json(b.limit)}, {"shares", shares},
         {"ceilings", {{"fma_gflops", b.fma_gflops}, {"l1_gbs", b.l1_gbs}, {"l2_gbs", b.l2_gbs}, {"l3_gbs", b.l3_gbs},
                       {"dram_gbs", b.dram_gbs}, {"barrier_ns", b.barrier_ns}, {"updates_per_second", b.updates_per_second}}},
         {"phases", phases}, {"notes", b.notes}});
  }
  return json.dump();
}

}  // namespace chainrule::cli
