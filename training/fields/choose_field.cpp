#include "training/fields/choose_field.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace scorefield::training {
namespace {

/// Tables whose keys are about networks and how they are trained.
constexpr std::array<std::string_view, 6> kOfNetworks{"model.", "loss.",      "quadrature.",
                                                      "batch.", "optimizer.", "training."};
/// Keys of those tables that are not.
constexpr std::array<std::string_view, 4> kOfAll{"model.field", "batch.identity", "training.leave_out",
                                                 "training.memory_limit"};

bool about_networks(const std::string& key) {
  return std::find(kOfAll.begin(), kOfAll.end(), key) == kOfAll.end() &&
         std::any_of(kOfNetworks.begin(), kOfNetworks.end(), [&](auto table) { return key.starts_with(table); });
}

/// Whether an option of networks has another value than its default: who gives one wants a network.
bool asks_for_a_network(TrainConfig config) {
  TrainConfig plain;
  OptionSet asked, defaults;
  bind(asked, config);
  bind(defaults, plain);
  for (std::size_t i = 0; i < asked.entries().size(); ++i)
    if (about_networks(asked.entries()[i].key) && asked.entries()[i].get() != defaults.entries()[i].get()) return true;
  return false;
}

}  // namespace

ChoiceReasons resolve_choices(TrainConfig& config, const data::DatasetReader& reader) {
  ChoiceReasons reasons;
  if (config.field.name == kAutomaticField) {
    const auto& all = config.field.list.all();
    config.field.name = all.back()->name();
    const bool network = asks_for_a_network(config);
    for (const auto& field : all) {
      const auto reason = field->suits(reader, config);
      if (!reason || (network && field != all.back())) continue;
      config.field.name = field->name();
      if (field != all.back()) reasons.field = *reason;
      break;
    }
  }
  reasons.loss = config.field.chosen().clone()->resolve(config, reader);
  return reasons;
}

}  // namespace scorefield::training
