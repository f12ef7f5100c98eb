// L40: dropout works against over-fitting.
#include "lesson/generalisation.h"
#include "lesson/text.h"

namespace chainrule::lesson::l40 {
namespace {

constexpr double kRate = 0.5;

LessonOutcome run(const LessonSetting& setting) {
  return compare_gaps(setting, "dropout of " + number(kRate), [](NetworkSpec& network) {
    for (std::size_t l = 0; l + 1 < network.layers.size(); ++l) network.layers[l].dropout = {DropoutKind::inverted, kRate};
  });
}

}  // namespace

extern const LessonStatement kStatement{
    40, LessonGroup::dropout,
    "Dropout is a form of regularisation: a network whose units are now and then missing cannot rely on learning its rows by heart.",
    "Why does dropping units at random while training help on rows the network has never seen?",
    "No unit can count on a certain other unit being there, so what is learned must work in many thinned networks at once.",
    {{{"The finished network is smaller and therefore simpler.",
       "Nothing is removed for good. At prediction every unit takes part and the network is as large as before."},
      {"Dropped units save so much time that more epochs fit in.",
       "The time per step hardly changes, and a network with dropout often needs more epochs, not fewer."},
      {"It removes the noise from the training rows.",
       "It adds noise, inside the network. The rows stay as they are, wrong labels included."}}},
    true, run};

}  // namespace chainrule::lesson::l40
