// Specs as TOML: exact round trips, errors with line, column and suggestion, and no crash on damaged text.
#include <gtest/gtest.h>

#include <limits>

#include "chainrule/error.h"
#include "chainrule/network_spec.h"
#include "testing/error_of.h"

namespace chainrule {
namespace {

NetworkSpec odd_network() {
  NetworkSpec spec;
  spec.inputs = 12345678901;
  spec.input_scale = true;
  spec.input_noise = 0.1 + 0.2;
  spec.input_dropout = {DropoutKind::gaussian, 1.0 / 3};
  spec.layers.resize(2);
  spec.layers[0] = {7, Activation::gelu_tanh, 1e-300, Initializer::orthogonal, 5e-324, false, Norm::batch, true,
                    {DropoutKind::alpha, 0.05}};
  spec.layers[1].units = 3;
  spec.loss = {Loss::quantile, 0.9, 0.1, 1e-5, 1e22, 3};
  return spec;
}

TrainingSpec odd_training() {
  TrainingSpec spec;
  spec.optimizer.kind = Optimizer::lion;
  spec.optimizer.learning_rate = std::numeric_limits<double>::max();
  spec.optimizer.form = MomentumForm::nesterov;
  spec.optimizer.amsgrad = true;
  spec.learning_rate_schedule.kind = ScheduleKind::multi_step;
  spec.learning_rate_schedule.milestones = {30, 60.5, 1e9};
  spec.shards = 8;
  spec.precision = Precision::bf16;
  spec.seed = std::numeric_limits<std::uint64_t>::max();
  spec.ema = 0.9990000000000001;
  return spec;
}

Error spec_error(const std::string& text) {
  return error_of([&] { spec_from_toml(text, "net.toml"); });
}

TEST(SpecToml, EveryFieldSurvivesTheRoundTripExactly) {
  const ParsedSpec back = spec_from_toml(spec_to_toml(odd_network(), odd_training()));
  EXPECT_TRUE(back.network == odd_network());
  EXPECT_TRUE(back.training == odd_training());
}

TEST(SpecToml, EveryKindOfEveryConceptSurvives) {
  NetworkSpec network = odd_network();
  TrainingSpec training;
  const auto survives = [&](auto& field, auto kinds) {
    for (const auto kind : kinds) {
      field = kind;
      const ParsedSpec back = spec_from_toml(spec_to_toml(network, training));
      EXPECT_TRUE(back.network == network && back.training == training) << name(kind);
    }
  };
  survives(network.layers[0].activation, all<Activation>());
  survives(network.layers[0].initializer, all<Initializer>());
  survives(network.layers[0].dropout.kind, all<DropoutKind>());
  survives(network.layers[0].norm, all<Norm>());
  survives(network.loss.kind, all<Loss>());
  survives(training.optimizer.kind, all<Optimizer>());
  survives(training.optimizer.form, all<MomentumForm>());
  survives(training.dropout_schedule.kind, all<ScheduleKind>());
  survives(training.precision, all<Precision>());
}

TEST(SpecToml, TextWithoutPrecisionIsFp32) {
  std::string text = spec_to_toml(odd_network(), odd_training());
  const std::string line = "precision = \"bf16\"\n";
  ASSERT_NE(text.find(line), std::string::npos);
  text.erase(text.find(line), line.size());
  EXPECT_EQ(spec_from_toml(text).training.precision, Precision::fp32);
}

TEST(SpecToml, DoublesOfEveryMagnitudeAreExact) {
  NetworkSpec network = odd_network();
  double value = 1.2345678901234567e-308;
  for (int i = 0; i < 600; ++i, value *= 10.7) {
    network.input_noise = value;
    EXPECT_EQ(spec_from_toml(spec_to_toml(network, {})).network.input_noise, value);
  }
}

TEST(SpecToml, MissingFieldsKeepTheirDefaults) {
  const ParsedSpec parsed = spec_from_toml("[network]\ninputs = 3\nlayers = [{ units = 2, dropout = 0.5 }]\n");
  EXPECT_EQ(parsed.network.inputs, 3u);
  ASSERT_EQ(parsed.network.layers.size(), 1u);
  EXPECT_EQ(parsed.network.layers[0].dropout, (DropoutSpec{DropoutKind::inverted, 0.5}));
  EXPECT_TRUE(parsed.training == TrainingSpec{});
}

TEST(SpecToml, UnknownKeyNamesLineColumnAndTheNearestKey) {
  const Error error = spec_error("[network]\ninputs = 3\n[[network.layers]]\n  unit = 2\n");
  EXPECT_EQ(error.code(), "E0221");
  EXPECT_EQ(error.where(), "net.toml line 4, column 3 (network.layers[0])");
  EXPECT_NE(error.hint().find("\"units\""), std::string::npos) << error.hint();
  EXPECT_EQ(spec_error("[netwrk]\n").code(), "E0221");
}

TEST(SpecToml, UnknownKindNamesPlaceAndNearestName) {
  const Error error = spec_error("[network.loss]\nkind = \"hubber\"\n");
  EXPECT_EQ(error.code(), "E0202");
  EXPECT_NE(error.where().find("net.toml line 2"), std::string::npos) << error.where();
  EXPECT_NE(error.hint().find("huber"), std::string::npos) << error.hint();
}

TEST(SpecToml, WrongTypesAreNamedByPlace) {
  for (const char* text : {"network = 3", "[network]\ninputs = -1", "[network]\ninputs = 1.5", "[network]\ninputs = \"x\"",
                           "[network]\ninput_scale = 1", "[network]\nlayers = 3", "[network]\nlayers = [1]",
                           "[training]\nshards = 4294967296", "[training]\noptimizer = \"adam\"",
                           "[network]\ninput_noise = \"much\"", "[network.loss]\nkind = 1",
                           "[training.learning_rate_schedule]\nmilestones = 3", "[training]\nseed = 1979-05-27"}) {
    const Error error = spec_error(text);
    EXPECT_EQ(error.code(), "E0222") << text << ": " << error.what();
    EXPECT_NE(error.where().find("line"), std::string::npos) << text;
  }
}

TEST(SpecToml, BrokenTextNamesLineAndColumn) {
  const Error error = spec_error("[network]\ninputs = \n");
  EXPECT_EQ(error.code(), "E0220");
  EXPECT_NE(error.where().find("line 2, column"), std::string::npos) << error.where();
  EXPECT_EQ(spec_error(std::string(2 << 20, '#')).code(), "E0220");
  EXPECT_EQ(spec_error("a = " + std::string(100000, '[')).code(), "E0220");
}

TEST(SpecToml, DamagedTextIsAnErrorOrASpecButNeverACrash) {
  const std::string whole = spec_to_toml(odd_network(), odd_training());
  const auto parses = [](const std::string& text) {
    try {
      spec_from_toml(text);
    } catch (const Error&) {
    }
  };
  for (std::size_t cut = 0; cut < whole.size(); cut += 3) parses(whole.substr(0, cut));
  for (std::size_t at = 0; at < whole.size(); at += 2) {
    std::string text = whole;
    text[at] = static_cast<char>(text[at] ^ (1 << (at % 8)));
    parses(text);
  }
}

}  // namespace
}  // namespace chainrule
