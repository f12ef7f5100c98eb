// Tests of the name tables: every name parses to its kind, mistakes get a suggestion.
#include "chainrule/kinds.h"

#include <gtest/gtest.h>

#include <set>

#include "chainrule/error.h"
#include "testing/error_of.h"

namespace chainrule {
namespace {

template <class E>
class Kinds : public testing::Test {};
using Enums = testing::Types<Activation, Loss, Initializer, DropoutKind, Norm, Optimizer, MomentumForm, ScheduleKind, Task, EngineKind,
                             Precision, SplitKind>;
TYPED_TEST_SUITE(Kinds, Enums);

TYPED_TEST(Kinds, EveryNameParsesToItsKindAndIsUnique) {
  std::set<std::string_view> seen;
  for (const auto kind : all<TypeParam>()) {
    EXPECT_EQ(parse_kind<TypeParam>(name(kind)), kind);
    EXPECT_TRUE(seen.insert(name(kind)).second) << name(kind);
  }
  EXPECT_FALSE(concept_name<TypeParam>().empty());
}

TYPED_TEST(Kinds, UnknownNameIsE0202WithPlaceAndKnownNames) {
  for (const std::string text : {"", "zzzzzzzz", "relu ", "\xff"}) {
    const Error error = error_of([&] { parse_kind<TypeParam>(text, "here"); });
    EXPECT_EQ(error.code(), "E0202") << text;
    EXPECT_EQ(error.where(), "here");
    EXPECT_NE(error.hint().find(name(static_cast<TypeParam>(0))), std::string::npos);
  }
}

TYPED_TEST(Kinds, OneMistakeStillFindsTheName) {
  for (const auto kind : all<TypeParam>()) {
    const std::string word(name(kind));
    if (word.size() < 5) continue;
    EXPECT_EQ(nearest_name(word + "x", names<TypeParam>()), word);
    EXPECT_EQ(nearest_name(word.substr(0, 3) + "_" + word.substr(3), names<TypeParam>()), word);
  }
}

TEST(NearestName, KnowsCommonMistakes) {
  EXPECT_EQ(nearest_name("rleu", names<Activation>()), "relu");
  EXPECT_EQ(nearest_name("Leaky-ReLU", names<Activation>()), "leaky_relu");
  EXPECT_EQ(nearest_name("addam", names<Optimizer>()), "adam");
  EXPECT_EQ(nearest_name("banana", names<Activation>()), "");
  EXPECT_EQ(nearest_name("", names<Activation>()), "");
  EXPECT_EQ(nearest_name(std::string(100000, 'a'), names<Activation>()), "");
}

TEST(Kinds, NamesAreThoseOfTheEnum) {
  EXPECT_EQ(name(Activation::gelu_tanh), "gelu_tanh");
  EXPECT_EQ(name(Optimizer::adamw), "adamw");
  EXPECT_EQ(name(Loss::cross_entropy), "cross_entropy");
  EXPECT_EQ(name(ScheduleKind::flat_cos), "flat_cos");
  EXPECT_EQ(name(Initializer::automatic), "automatic");
  EXPECT_EQ(parse_kind<Initializer>("auto"), Initializer::automatic);
}

}  // namespace
}  // namespace chainrule
