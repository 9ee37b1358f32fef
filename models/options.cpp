#include "models/options.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"

namespace scorefield::models {

void bind(OptionSet& set, ModelOptions& options) {
  set.add("model.width", options.width, "neurons per hidden layer");
  set.add("model.depth", options.depth, "hidden layers");
  set.add("model.harmonics", options.harmonics, "sin/cos pairs of every periodic coordinate");
  set.add("model.modulation", options.modulation,
          {{"colora", ModulationKind::colora},
           {"film", ModulationKind::film},
           {"hypernetwork", ModulationKind::hypernetwork},
           {"none", ModulationKind::none}},
          "how (mu, t) changes the network: low rank, scale and shift, all weights, or as further inputs");
  set.add("model.rank", options.rank, "colora: rank of the modulation of every layer's weights");
  set.add("model.alpha", options.alpha, {{"per-rank", AlphaKind::per_rank}, {"scalar", AlphaKind::scalar}},
          "colora: one alpha for every rank, or one for all ranks of a layer");
  set.add("model.modulated_layers", options.modulated_layers,
          "linear layers that (mu, t) changes, e.g. [1, 4], 1 the first and depth + 1 the output; [] = all");
  set.add("model.bias_latents", options.bias_latents, "colora: latents of the bias modulation; 0 = none");
  set.add("model.hypernetwork_width", options.hypernetwork_width, "neurons per hidden layer of the hypernetwork");
  set.add("model.hypernetwork_depth", options.hypernetwork_depth, "hidden layers of the hypernetwork");
  set.add("model.time_features", options.time_features, "sin/cos pairs of time that the hypernetwork sees");
  set.add("model.quadratic", options.quadratic,
          "add a quadratic potential with coefficients of (mu, t) to the network: moves and contracts any number of "
          "coordinates");
  set.add("model.known_drift", options.known_drift,
          {{"none", KnownDriftKind::none}, {"free-streaming", KnownDriftKind::free_streaming}},
          "part of the drift that is known, so that the network learns the rest: positions move with their velocities");
  set.add("model.metric", options.metric,
          "length unit of each coordinate in standard deviations, e.g. [1, 1]; sets the metric of the gradient field");
}

namespace {

void check_range(const char* key, std::int64_t value, std::int64_t low, std::int64_t high) {
  if (value < low || value > high)
    throw UsageError("option '" + std::string(key) + "' must lie in [" + std::to_string(low) + ", " +
                     std::to_string(high) + "], got " + std::to_string(value) + ".");
}

}  // namespace

bool is_modulated(const ModelOptions& options, std::int64_t layer) {
  const auto& layers = options.modulated_layers;
  return layers.empty() || std::find(layers.begin(), layers.end(), static_cast<double>(layer + 1)) != layers.end();
}

void validate(const ModelOptions& options) {
  check_range("model.width", options.width, 1, 4096);
  check_range("model.depth", options.depth, 1, 62);
  check_range("model.harmonics", options.harmonics, 1, 64);
  check_range("model.rank", options.rank, 1, 256);
  check_range("model.bias_latents", options.bias_latents, 0, 1024);
  check_range("model.hypernetwork_width", options.hypernetwork_width, 1, 4096);
  check_range("model.hypernetwork_depth", options.hypernetwork_depth, 1, 16);
  check_range("model.time_features", options.time_features, 0, 256);
  for (const double layer : options.modulated_layers)
    if (layer != std::floor(layer) || layer < 1 || layer > static_cast<double>(options.depth + 1))
      throw UsageError("option 'model.modulated_layers' expects numbers from 1 to " +
                       std::to_string(options.depth + 1) + " (model.depth + 1).");
  for (const double unit : options.metric)
    if (!(unit > 0)) throw UsageError("option 'model.metric' expects positive numbers.");
}

}  // namespace scorefield::models
