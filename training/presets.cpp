#include "training/presets.hpp"

#include <array>
#include <vector>

#include "core/error.hpp"

namespace scorefield::training {
namespace {

constexpr std::array kPresets{
    Preset{"demo", "two-stream in three minutes on two cores, velocity form",
           R"([training]
steps = 10000
log_every = 250
[batch]
mu = 8
nodes = 8
particles = 256
jitter = 0.05
)"},
    Preset{"two-stream", "two-stream well within thirty minutes on two cores, velocity form",
           R"([training]
steps = 14000
log_every = 500
[batch]
mu = 8
nodes = 8
particles = 256
jitter = 0.05
)"},
    Preset{"two-stream-quadrature",
           "two-stream from snapshots without identity: action matching with moving Simpson panels",
           R"([training]
steps = 14000
log_every = 500
[loss]
name = "action-matching"
gauge = 4
[quadrature]
rule = "moving-simpson"
nodes = 101
end_groups = 4
[batch]
mu = 2
particles = 76
jitter = 0.05
identity = "ignore"
)"},
    Preset{"snapshots",
           "few snapshots of a few thousand points, in minutes of two cores: pairings of neighbouring frames",
           R"([training]
steps = 2000
log_every = 250
[loss]
name = "transport"
[model]
width = 48
depth = 4
[batch]
mu = 12
nodes = 3
particles = 64
jitter = 0.1
identity = "ignore"
)"},
    Preset{
        "growth",
        "few snapshots of a population whose mass may grow, such as cells: an autonomous drift and growth, in minutes",
        R"([training]
steps = 500
log_every = 50
ema_decay = 0.98
[model]
field = "growth"
[batch]
identity = "ignore"
)"},
    Preset{"landau",
           "Landau damping, weak to strong, two or six dimensions, in a minute of one core: free streaming is known, "
           "velocity form",
           R"([training]
steps = 2000
log_every = 250
[model]
known_drift = "free-streaming"
[batch]
mu = 8
nodes = 8
particles = 256
)"},
    Preset{"bump-on-tail", "bump-on-tail in a minute of one core: free streaming is known, velocity form",
           R"([training]
steps = 2000
log_every = 250
[model]
known_drift = "free-streaming"
metric = [0.4, 1.0]
[batch]
mu = 8
nodes = 8
particles = 256
jitter = 0.05
)"},
};

}  // namespace

std::span<const Preset> presets() { return kPresets; }

const Preset& find_preset(const std::string& name) {
  std::vector<std::string> names;
  for (const auto& preset : kPresets) {
    if (preset.name == name) return preset;
    names.emplace_back(preset.name);
  }
  throw UsageError(unknown_name_message("preset", name, names));
}

}  // namespace scorefield::training
