#pragma once

#include <span>
#include <string>

namespace scorefield::training {

/// A named set of training options, as a TOML document.
struct Preset {
  const char* name;
  const char* summary;
  const char* toml;
};

[[nodiscard]] std::span<const Preset> presets();

/// @throws UsageError naming the nearest known preset.
[[nodiscard]] const Preset& find_preset(const std::string& name);

}  // namespace scorefield::training
