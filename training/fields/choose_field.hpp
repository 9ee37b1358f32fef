#pragma once

#include <string>

#include "data/dataset.hpp"
#include "training/config.hpp"

namespace scorefield::training {

/// Why a field and a loss were chosen, the ends of sentences for the user; empty where they were named.
struct ChoiceReasons {
  std::string field, loss;
};

/// Puts choices by what the data have in the place of model.field = auto and loss.name = auto. Where an option of
/// networks is named (a loss, a width, a batch), the field is the one that takes all data.
ChoiceReasons resolve_choices(TrainConfig& config, const data::DatasetReader& reader);

}  // namespace scorefield::training
