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
  std::string digest = {};
  Network network;  ///< holds the file's parameters, and their running mean when there is one

  Impl(std::string path_, model::ModelFile file_, const PlanOptions& options_);
};

}  // namespace chainrule
