// Why a network answers as it does: blame, the chain of factors, the next training step, and the rows behind one weight.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chainrule/table.h"

namespace chainrule {

class Model;

/// Which rows of a table are explained; their loss is the weighted mean, as in training.
struct RowScope {
  enum class Kind { data_set, row, range, batch } kind = Kind::data_set;
  std::size_t first = 0, last = 0;  ///< row: `first`; range: [first, last); batch: the run's first epoch's batch number `first`, from 0
  bool every_row = false;           ///< data_set: all rows even when that takes long; else at most some thousand, evenly spaced, and said
};

/// What blame is ranked by. A unit owns its incoming weights, bias and norm parameters; a column of the table all inputs it became.
enum class BlameBy { weight, unit, layer, column };

struct ExplainRequest {
  RowScope scope;
  BlameBy by = BlameBy::weight;
  std::size_t top = 10;             ///< entries of every ranking
  std::string weight;               ///< "layers.1.weight[3,17]": the weight to take apart; "": the one most to blame
  bool pulls = false;               ///< rows that pull this weight up, rows that pull it down
  bool movers = false;              ///< replay the run's first `steps` steps in fp64: which rows moved this weight
  std::size_t steps = 50;
  bool counterfactual = false;      ///< scope row: the smallest change of the row that changes the answer
  double until = 0;                 ///< counterfactual of a regression: by how much the prediction is to move, with its sign
  std::vector<std::string> hold;    ///< columns the counterfactual must leave alone
};

struct BlameEntry {
  std::string weight;            ///< "layers.1.weight[3,17]"; by unit "layers.1.unit[3]", by layer "layers.1", by column its name
  double value = 0, gradient = 0;  ///< of a group: 0, and the length of its gradient
  std::string direction;         ///< "lower" when the gradient is positive, "raise" when negative; "" where a group has no one direction
  double predicted = 0, measured = 0;  ///< change of the loss for the same small nudge: first order, and by running it
  double share = 0;              ///< of the squared length of the whole gradient; all groups together give 1
};

struct ChainFactor { std::string name; double value = 0; };

struct LayerTrace {
  std::string name, activation;
  std::vector<double> z, a, dz, da;    ///< of this row; dz = dL/dz, da = dL/da
  double da_norm = 0, dz_norm = 0;
};

/// A layer over all rows explained. Lengths are over rows and units.
struct LayerSummary {
  std::string name, activation;
  std::size_t units = 0, silent = 0;   ///< silent: units that gave 0 for every row
  double active = 0;                   ///< share of the outputs that are not 0
  double largest_z = 0, largest_a = 0, da_norm = 0, dz_norm = 0;
};

/// One row's part of a gradient as a product.
struct RowChain {
  std::size_t row = 0;
  std::uint64_t line = 0;              ///< in the file
  std::vector<ChainFactor> factors;
  double product = 0;
};

/// The same nudge, halved again and again.
struct NudgePoint { double size = 0, predicted = 0, measured = 0; };

/// A weight's part of an optimiser step; predicted and measured when it moves alone.
struct StepEntry { std::string weight; double value = 0, gradient = 0, step = 0, predicted = 0, measured = 0; };

/// The update that training would make on these rows, in training mode (masks and batch statistics of step 1).
struct StepForecast {
  std::string optimizer;               ///< with rate, and what the state is
  double loss = 0, length = 0;         ///< before the step; Euclidean length of the step
  double predicted = 0;                ///< first order: gradient times step
  double curved = 0;                   ///< second order: mean of the gradients before and after, times step
  double measured = 0;
  std::vector<StepEntry> entries;      ///< largest |predicted| first
};

/// What one row wants of a weight: gradient of the row's own part of the loss.
struct RowPull { std::size_t row = 0; std::uint64_t line = 0; double gradient = 0, loss = 0; std::string truth; };
struct Pulls {
  std::string weight;
  std::size_t raising = 0, lowering = 0, indifferent = 0;
  double raise_sum = 0, lower_sum = 0;   ///< of |gradient|
  double net = 0, agreement = 0;         ///< the gradient itself; |net| / (raise_sum + lower_sum)
  std::vector<RowPull> raise, lower;     ///< strongest first
};

/// How far one row, or something that is no row, moved a weight.
struct RowMovement { std::size_t row = 0; std::uint64_t line = 0; double moved = 0; std::uint64_t visits = 0; std::string truth; };
struct WeightMovement {
  std::string weight, optimizer;
  bool exact = false;                    ///< every step was linear in the gradients; else it was shared by parts of its numerator
  std::uint64_t steps = 0;
  std::size_t rows = 0, batch = 0;
  double start = 0, end = 0;
  double moved = 0, sum = 0, gap = 0;    ///< end - start; all contributions added; |sum - moved| / |moved|
  double raised = 0, lowered = 0;        ///< what rows added and took away, in all
  std::vector<RowMovement> movers;       ///< largest |moved| first
  std::vector<ChainFactor> others;       ///< weight decay, penalties, max-norm
  std::vector<std::string> notes;        ///< which rows and settings were replayed
};

struct CellChange { std::string column, from, to; double distance = 0; };  ///< distance in scaled feature space
struct CounterfactualRow {
  bool found = false;                    ///< verified by running the model on the changed row
  std::string answer;                    ///< what the model says then
  double score = 0;                      ///< probability of that answer; regression: the predicted value
  double distance = 0;
  std::vector<CellChange> changes;       ///< largest first
};
struct Counterfactual {
  std::string before, goal;
  double score = 0;                      ///< probability of `before`; regression: the predicted value
  CounterfactualRow closest, fewest;     ///< smallest distance; fewest columns changed
  std::vector<std::string> notes;
};

/// A weight as an edge of the drawn network: from input or unit `from` to unit `to` of layer `layer`.
struct BlameEdge { std::size_t layer = 0, from = 0, to = 0; double value = 0, gradient = 0; };

struct Explanation {
  std::string digest;                  ///< of the model
  std::size_t row = 0;                 ///< scope row; with its prediction and truth
  std::string prediction, truth;
  double loss = 0;
  std::vector<LayerTrace> layers;      ///< scope row only
  std::vector<BlameEntry> blame;       ///< ranked by |gradient|
  std::string chain_weight;            ///< the weight whose gradient is taken apart
  std::vector<ChainFactor> chain;      ///< of the row with the largest part; their product is chain_product
  double chain_product = 0, chain_gradient = 0;

  RowScope::Kind scope = RowScope::Kind::row;
  std::string rows_text;               ///< "row 17 (houses.csv line 19)"
  std::size_t rows = 1, rows_of = 1;   ///< explained, of so many in the table
  std::vector<std::size_t> row_numbers;  ///< empty for a whole data set
  BlameBy by = BlameBy::weight;
  double gradient_norm = 0;            ///< of what blame ranks: all parameters, or by column all inputs of all rows
  std::vector<LayerSummary> summary;
  std::vector<RowChain> row_chains;    ///< several rows: those with the largest parts of chain_gradient
  double other_rows = 0;               ///< chain_gradient minus their products
  std::vector<NudgePoint> nudges;      ///< of chain_weight
  std::optional<StepForecast> step;    ///< absent for L-BFGS, which has no step of its own for some rows
  std::optional<Pulls> pulls;
  std::optional<WeightMovement> movement;
  std::optional<Counterfactual> counterfactual;
  std::vector<BlameEdge> edges;        ///< the most blamed of all weight matrices
  std::vector<std::string> input_names;
  std::vector<std::string> notes;
};

/// Everything in fp64 on the reference engine. Needs the target column. Throws Error E0111 (unknown weight), E0112 (a part that this model
/// or scope cannot have), E0329 (no such row or batch), E0310 (unknown column in `hold`).
Explanation explain_rows(Model& model, const Table& table, const ExplainRequest& request);

/// explain_rows() of one row: blame by weight.
Explanation explain_row(Model& model, const Table& table, std::size_t row, std::size_t top = 10);

}  // namespace chainrule
