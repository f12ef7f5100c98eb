// Makes masks visible. Unit masks: a layer with weights 0 and biases 1 gives a = 1 before dropout, and an identity layer behind it passes
// a*m on. DropConnect: weights 1 and one-hot rows give W*m. Layers in front only shift the layer's number, which the draws depend on.
#include "laboratory/mask_check.h"

#include <algorithm>
#include <cmath>

#include "engine/plan.h"
#include "laboratory/statistics.h"
#include "math/activations.h"
#include "math/dropout.h"

namespace chainrule::laboratory {
namespace {

constexpr std::size_t kRows = 64, kUnits = 256, kConnections = 64;
constexpr std::uint64_t kDraws = 40000;
constexpr std::size_t kSampleRows = 4, kSampleUnits = 48;

class MaskProbe {
 public:
  explicit MaskProbe(const MaskRequest& request) : request_(request), connections_(request.dropout.kind == DropoutKind::dropconnect) {
    units_ = std::min(request.units, connections_ ? kConnections : kUnits);
    inputs_ = connections_ ? std::min(request.fan_in, kConnections) : 1;
    rows_ = connections_ ? inputs_ : kRows;
    build_network();
    PlanOptions options;
    options.threads = 1;
    options.max_batch = rows_;
    training_.seed = request.seed;
    training_.optimizer = default_optimizer("sgd");
    plan_ = engine::make_plan(network_, training_, options);
    plan_->load(engine::Part::parameters, parameters());
    x_ = connections_ ? identity(inputs_, inputs_) : std::vector<float>(rows_, 1.0f);
    targets_.assign(rows_ * units_, 0.0f);
    for (std::uint32_t row = 0; row < rows_; ++row) order_.push_back(row);
  }

  std::size_t units() const { return units_; }

  /// [rows, units]: what becomes of a 1 (alpha: of selu(1)) in this step.
  std::span<const float> factors(std::uint64_t step) {
    Samples samples;
    samples.x = x_.data();
    samples.y = targets_.data();
    samples.rows = rows_;
    samples.inputs = inputs_;
    samples.targets = units_;
    engine::StepControl control;
    control.step = step;
    return plan_->forward(samples, order_, engine::Mode::train, control);
  }

 private:
  static std::vector<float> identity(std::size_t rows, std::size_t columns) {
    std::vector<float> values(rows * columns, 0.0f);
    for (std::size_t i = 0; i < std::min(rows, columns); ++i) values[i * columns + i] = 1;
    return values;
  }

  void build_network() {
    LayerSpec plain;
    plain.activation = Activation::identity;
    plain.bias = false;
    plain.units = inputs_;
    network_.inputs = inputs_;
    network_.layers.assign(request_.layer, plain);
    LayerSpec probed = plain;
    probed.units = units_;
    probed.bias = !connections_;
    probed.dropout = request_.dropout;
    if (request_.dropout.kind == DropoutKind::alpha) probed.activation = Activation::selu;
    network_.layers.push_back(probed);
    plain.units = units_;
    network_.layers.push_back(plain);
  }

  std::vector<float> parameters() const {
    const net::ParameterLayout layout(network_);
    std::vector<float> values(layout.size, 0.0f);
    for (const net::Tensor& tensor : layout.tensors) {
      const std::string layer = "layers." + std::to_string(request_.layer) + ".";
      const auto begin = values.begin() + static_cast<std::ptrdiff_t>(tensor.info.offset);
      if (tensor.info.name.rfind(layer, 0) == 0) {
        const bool ones = connections_ || tensor.info.name == layer + "bias";
        std::fill_n(begin, tensor.info.size, ones ? 1.0f : 0.0f);
      } else {
        const std::vector<float> pass = identity(tensor.info.shape[0], tensor.info.shape[1]);
        std::copy(pass.begin(), pass.end(), begin);
      }
    }
    return values;
  }

  const MaskRequest& request_;
  bool connections_;
  std::size_t units_ = 0, inputs_ = 0, rows_ = 0;
  NetworkSpec network_;
  TrainingSpec training_;
  std::unique_ptr<engine::Plan> plan_;
  std::vector<float> x_, targets_;
  std::vector<std::uint32_t> order_;
};

/// Whether a factor is one of a kept unit.
class KeptTest {
 public:
  explicit KeptTest(const DropoutSpec& dropout) : alpha_(dropout.kind == DropoutKind::alpha) {
    const math::DropoutConstants c = math::dropout_constants(dropout.kind, dropout.rate);
    constexpr double kSeluOfOne = 1.0507009873554805;
    middle_ = c.alpha_shift + c.alpha_scale * 0.5 * (c.alpha_value + kSeluOfOne);
  }
  bool operator()(float factor) const { return alpha_ ? static_cast<double>(factor) > middle_ : factor != 0; }

 private:
  bool alpha_;
  double middle_;
};

char sample_letter(const DropoutSpec& dropout, float factor, bool kept) {
  if (dropout.kind != DropoutKind::gaussian) return kept ? '#' : '.';
  return static_cast<char>('0' + std::clamp(static_cast<int>(factor * 5), 0, 9));
}

std::vector<std::string> sample_of(const DropoutSpec& dropout, std::span<const float> factors, std::size_t units) {
  const KeptTest kept(dropout);
  std::vector<std::string> lines;
  for (std::size_t row = 0; row < std::min(kSampleRows, factors.size() / units); ++row) {
    std::string line;
    for (std::size_t u = 0; u < std::min(kSampleUnits, units); ++u) {
      const float factor = factors[row * units + u];
      line += sample_letter(dropout, factor, kept(factor));
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

/// The share the draws are meant to keep: words below rate * 2^32 drop.
double nominal_share(double rate) { return 1 - std::floor(rate * 4294967296.0) / 4294967296.0; }

void judge_share(MaskCheck& check, double tail) {
  check.nominal = nominal_share(check.dropout.rate);
  check.measured = static_cast<double>(check.kept) / static_cast<double>(check.draws);
  const Bounds bounds = share_bounds(check.kept, check.draws, tail);
  check.low = bounds.low;
  check.high = bounds.high;
}

/// Gaussian factors have mean 1; the bounds are normal ones, for there are thousands of draws.
void judge_factors(MaskCheck& check, double sum, double squares, double tail) {
  const double n = static_cast<double>(check.draws);
  check.nominal = 1;
  check.measured = sum / n;
  check.nominal_deviation = std::sqrt(check.dropout.rate / (1 - check.dropout.rate));
  check.deviation = std::sqrt(std::max(0.0, squares / n - check.measured * check.measured));
  const double error = student_critical(tail, n - 1) * check.deviation / std::sqrt(n);
  check.low = check.measured - error;
  check.high = check.measured + error;
}

}  // namespace

MaskCheck check_masks(const MaskRequest& request) {
  MaskProbe probe(request);
  const KeptTest kept(request.dropout);
  MaskCheck check;
  check.dropout = request.dropout;
  check.layer = request.layer;
  double sum = 0, squares = 0;
  for (std::uint64_t step = 1; check.draws < kDraws; ++step) {
    const std::span<const float> factors = probe.factors(step);
    if (step == 1) check.sample = sample_of(request.dropout, factors, probe.units());
    check.draws += factors.size();
    for (const float factor : factors) {
      check.kept += kept(factor);
      sum += static_cast<double>(factor);
      squares += static_cast<double>(factor) * static_cast<double>(factor);
    }
  }
  if (request.dropout.kind == DropoutKind::gaussian) judge_factors(check, sum, squares, request.tail);
  else judge_share(check, request.tail);
  check.holds = check.low <= check.nominal && check.nominal <= check.high;
  return check;
}

}  // namespace chainrule::laboratory
