// L38: regularisation works against over-fitting.
#include "lesson/generalisation.h"
#include "lesson/text.h"

namespace chainrule::lesson::l38 {
namespace {

constexpr double kPenalty = 0.02;

LessonOutcome run(const LessonSetting& setting) {
  return compare_gaps(setting, "an L2 penalty of " + number(kPenalty), [](NetworkSpec& network) { network.loss.l2 = kPenalty; });
}

}  // namespace

extern const LessonStatement kStatement{
    38, LessonGroup::regularisation,
    "Regularisation is what one does against over-fitting: against a network that knows its training rows but not the rule behind them.",
    "A network's loss is tiny on the rows it was trained on and large on new ones. What is regularisation meant to change?",
    "It narrows the gap between the two: the loss on new rows falls, even though the loss on the training rows rises.",
    {{{"It lowers the training loss further.",
       "The training loss is low already, that is the trouble; a regularised network usually fits its training rows a little worse."},
      {"It makes each training step cheaper.", "A step costs the same or a little more; what changes is where the steps lead."},
      {"It finds mistakes in the labels and corrects them.",
       "It never touches the data. It only makes it costly or hard for the network to bend itself around single rows."}}},
    true, run};

}  // namespace chainrule::lesson::l38
