// The table of findings; docs/check.md says the same at more length.
#include "explain/finding_kinds.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <sstream>

namespace chainrule::explain {
namespace {

constexpr FindingKind kKinds[] = {
    {"gradient", "back-propagation equals finite differences",
     "The largest relative difference between back-propagated and measured gradients, in fp64 with frozen masks.",
     "This is a fault of the program, not of the data: please report it with the network's spec."},
    {"determinism", "any number of threads and the reference engine give the same bits",
     "How many parameters differ in any bit between thread counts and engines after a few steps.",
     "This is a fault of the program or of the machine's memory: please report it with the output of `chainrule version`."},
    {"initial_loss", "the loss before training is that of knowing nothing, or the first steps bring it there",
     "The loss of the untrained network, against that of equal scores for all answers (ln K for K classes); if it is far above, the loss after "
     "the first steps.",
     "Use a smaller initialisation (--init), scale the target, or look for extreme inputs."},
    {"overfit_one_batch", "a few rows can be learned by heart",
     "The share of the learnable loss that is left after training on a handful of rows that all differ.",
     "A network that cannot do this cannot learn more either: look at its initialisation, activations, width and loss."},
    {"zero_inputs", "the inputs help: with zeros in their place the rows cannot be learned",
     "The loss reached on a few rows, against what the same network reaches when every input is zero.",
     "The inputs do not reach the outputs: look for dead or saturated layers, and for inputs that are all alike."},
    {"symmetric_units", "units differ from each other",
     "The largest share of a layer's units that have a twin with exactly the same incoming weights after a few steps.",
     "Twins get equal gradients and never part: draw the weights at random (--init auto) instead of zeros or a constant."},
    {"dead_units", "units react to some row",
     "The largest share of a layer's units whose output does not move with their input on any row.",
     "Lower the learning rate, use leaky_relu or gelu, and avoid negative constant weights or biases."},
    {"saturated_units", "units are not stuck at the ends of their range",
     "The largest share of a layer's units whose slope is below 1 % of its maximum on at least 95 % of the rows.",
     "Use smaller initial weights, a norm (--norm layer), scaled inputs, or an unbounded activation such as relu."},
    {"gradient_flow", "the error reaches every layer",
     "The smallest and largest size of dL/dz of a hidden layer, against that at the output.",
     "Use fewer layers, relu or gelu instead of sigmoid or tanh, --norm layer, or --residual."},
    {"learning_rate", "the learning rate is below its stability limit",
     "The rate over the largest one that is stable along the steepest direction: 2 / lambda_max of the (preconditioned) curvature, with the "
     "optimiser's momentum taken into account. Above 1 steps overshoot; whether that is fatal is seen by taking the first steps, and then "
     "the number is their loss.",
     "Lower --lr below the limit, try --find-lr, or limit the gradient with --clip 1."},
    {"wrong_loss", "loss and target fit together",
     "How many distinct values the target has: squared error wants a quantity, cross-entropy wants a few classes.",
     "Give --task classification or --task regression, and a loss that suits it."},
    {"leak", "no single column gives the answer away",
     "How well one column alone predicts rows it has not seen: 1 is perfectly, 0 no better than guessing.",
     "If that column is only known once the answer is, leave it out with --drop."},
    {"constant_column", "every column varies", "How many columns have the same value in every row.",
     "They carry nothing and are left out; --drop them, or look for what went wrong when the table was made."},
    {"unscaled_column", "columns have comparable scales",
     "The largest distance of a value from its column's middle, in spreads of the column's middle half, or of inputs as the network sees them.",
     "Correct the value or its unit, or drop the column (--drop); one such value flattens all others once the column is scaled."},
    {"missing_cells", "no stray cells are missing",
     "How many cells are missing in columns that are otherwise complete, or most cells of a column.",
     "Look at the named cells: fill them in, drop the rows, or --drop a column that is mostly empty."},
    {"duplicate_rows", "rows are not repeated", "The share of rows that repeat an earlier row, cell for cell.",
     "Remove the copies, or make sure that copies stay on one side of the split (--split group:COL)."},
    {"split_overlap", "validation and test rows are not training rows",
     "The share of validation and test rows that occur, cell for cell, among the training rows too.",
     "Their scores flatter the model: remove the copies before splitting."},
};

}  // namespace

std::span<const FindingKind> finding_kinds() noexcept { return kKinds; }

CheckItem finding(std::string_view id, Verdict verdict, double value, double limit, std::string detail, bool at_least) {
  const FindingKind* kind = std::find_if(std::begin(kKinds), std::end(kKinds), [&](const FindingKind& k) { return k.id == id; });
  assert(kind != std::end(kKinds));
  CheckItem item;
  item.id = id;
  item.title = kind->title;
  item.detail = std::move(detail);
  item.passed = verdict != Verdict::failed;
  item.value = value;
  item.limit = limit;
  item.severity = verdict == Verdict::failed ? "failed" : verdict == Verdict::warning ? "warning" : "passed";
  item.meaning = kind->meaning;
  item.advice = kind->advice;
  item.at_least = at_least;
  assert(std::isnan(value) || agrees(item));
  return item;
}

bool agrees(const CheckItem& item) noexcept {
  const bool good = item.severity == "passed", equal = item.value == item.limit;
  return equal || good == (item.at_least ? item.value > item.limit : item.value < item.limit);
}

std::string number_words(double value) {
  std::ostringstream out;
  out.precision(4);
  out << value;
  return out.str();
}

}  // namespace chainrule::explain
