#pragma once

#include <string>

#include "data/dataset.hpp"
#include "training/config.hpp"

namespace scorefield::training {

/// Why a field and a loss were chosen, the ends of sentences for the user; empty where they were named.
struct ChoiceReasons {
  std::string field, loss;
};

/// Puts choices by what the data have in the place of model.field = auto and loss.name = auto. A loss that is named
/// is one of a potential, which is then the field.
ChoiceReasons resolve_choices(TrainConfig& config, const data::DatasetReader& reader);

}  // namespace scorefield::training
