// What a loaded model is made of; for the bodies in src/api.
#pragma once

#include <string>

#include "chainrule/model.h"
#include "chainrule/network.h"
#include "model/model_file.h"
#include "train/metrics.h"

namespace chainrule {

struct Model::Impl {
  std::string path;
  model::ModelFile file;
  training::TargetUnit unit;
  PlanOptions options;  ///< as asked for
  std::vector<std::string> notes = {};
  NetworkSpec predicting;  ///< file.network with the dropout rates that it predicts with
  Network network;  ///< of `predicting`; holds the file's parameters, and their running mean when there is one

  Impl(std::string path_, model::ModelFile file_, const PlanOptions& options_);
  /// The file as it would be written now, with the weights the network has. Throws Error E0414 when the network has another shape.
  model::ModelFile now();
};

}  // namespace chainrule
