#include "training/fields/choose_field.hpp"

namespace scorefield::training {

ChoiceReasons resolve_choices(TrainConfig& config, const data::DatasetReader& reader) {
  ChoiceReasons reasons;
  if (config.field.name == kAutomaticField) config.field.name = "potential";
  reasons.loss = config.field.chosen().clone()->resolve(config, reader);
  return reasons;
}

}  // namespace scorefield::training
