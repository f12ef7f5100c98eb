// Names that flags have in other programs: the same meaning is accepted, a near one gets the right hint.
#include <algorithm>

#include "flags.h"

namespace chainrule::cli {
namespace {

struct OtherName {
  std::string_view other, flag;
};

constexpr OtherName kSameMeaning[] = {
    {"learning-rate", "lr"}, {"learning_rate", "lr"}, {"lrate", "lr"}, {"batch-size", "batch"}, {"batch_size", "batch"}, {"exclude", "drop"},
    {"ignore", "drop"}, {"hidden-layers", "hidden"}, {"hidden-layer-sizes", "hidden"}, {"max-epochs", "epochs"}, {"num-epochs", "epochs"},
    {"n-epochs", "epochs"}, {"patience", "early-stop"}, {"early-stopping", "early-stop"}, {"random-state", "seed"}, {"random-seed", "seed"},
    {"n-jobs", "threads"}, {"num-threads", "threads"}, {"sep", "separator"}, {"delimiter", "separator"}, {"na-values", "missing"},
    {"optim", "optimizer"}, {"optimiser", "optimizer"}, {"lr-schedule", "schedule"}, {"scheduler", "schedule"}, {"warmup-steps", "warmup"},
    {"epsilon", "eps"}, {"beta-1", "beta1"}, {"beta-2", "beta2"}, {"class-weight", "class-weights"}, {"sample-weight", "weight-column"},
    {"clip-norm", "clip"}, {"clipnorm", "clip"}, {"clipvalue", "clip-value"}, {"output-dir", "out"}, {"label-column", "target"}, {"objective", "loss"},
    {"val-split", "validation"}, {"validation-split", "validation"}, {"test-size", "test"}, {"initializer", "init"}};

constexpr OtherName kAdvice[] = {
    {"quiet", "--progress never hides the progress line, and > /dev/null what is printed"},
    {"q", "--progress never hides the progress line, and > /dev/null what is printed"},
    {"verbose", "everything that was decided is printed already; --progress always shows the progress line"},
    {"v", "everything that was decided is printed already; --progress always shows the progress line"},
    {"metric", "every metric is printed; what is minimised is --loss"},
    {"metrics", "every metric is printed; what is minimised is --loss"},
    {"t", "did you mean --target?"},
    {"o", "did you mean --out?"},
    {"device", "there is one device, the processor; --threads says how much of it"},
    {"gpu", "there is one device, the processor; --threads says how much of it"}};

}  // namespace

std::string flag_behind(const Command& command, std::string_view name) {
  for (const OtherName& entry : kSameMeaning) {
    if (entry.other == name && command.find(name) == nullptr && command.find(entry.flag) != nullptr) return std::string(entry.flag);
  }
  return "";
}

std::string advice_for(const Command& command, std::string_view name) {
  for (const OtherName& entry : kAdvice) {
    const std::size_t dashes = entry.flag.find("--");
    const std::string flag(entry.flag.substr(dashes + 2, entry.flag.find_first_of(" ?;", dashes) - dashes - 2));
    if (entry.other == name && command.find(flag) != nullptr) return std::string(entry.flag);
  }
  return "";
}

}  // namespace chainrule::cli
