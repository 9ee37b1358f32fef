#include "models/options.hpp"

#include <algorithm>

#include "core/require.hpp"

namespace scorefield::models {

void bind(OptionSet& set, ModelOptions& options) {
  set.add("model.width", options.width, in(1, 4096), "neurons per hidden layer");
  set.add("model.depth", options.depth, in(1, 62), "hidden layers");
  set.add("model.harmonics", options.harmonics, in(1, 64), "sin/cos pairs of every periodic coordinate");
  set.add("model.modulation", options.modulation,
          {{"colora", ModulationKind::colora},
           {"film", ModulationKind::film},
           {"hypernetwork", ModulationKind::hypernetwork},
           {"none", ModulationKind::none}},
          "how (mu, t) changes the network: low rank, scale and shift, all weights, or as further inputs");
  set.add("model.rank", options.rank, in(1, 256), "colora: rank of the modulation of every layer's weights");
  set.add("model.alpha", options.alpha, {{"per-rank", AlphaKind::per_rank}, {"scalar", AlphaKind::scalar}},
          "colora: one alpha for every rank, or one for all ranks of a layer");
  set.add("model.modulated_layers", options.modulated_layers, at_least(1).whole(),
          "linear layers that (mu, t) changes, e.g. [1, 4], 1 the first and depth + 1 the output; [] = all");
  set.add("model.bias_latents", options.bias_latents, in(0, 1024), "colora: latents of the bias modulation; 0 = none");
  set.add("model.hypernetwork_width", options.hypernetwork_width, in(1, 4096),
          "neurons per hidden layer of the hypernetwork");
  set.add("model.hypernetwork_depth", options.hypernetwork_depth, in(1, 16), "hidden layers of the hypernetwork");
  set.add("model.time_features", options.time_features, in(0, 256), "sin/cos pairs of time that the hypernetwork sees");
  set.add("model.quadratic", options.quadratic,
          "add a quadratic potential with coefficients of (mu, t) to the network: moves and contracts any number of "
          "coordinates");
  set.add("model.known_drift", options.known_drift,
          {{"none", KnownDriftKind::none}, {"free-streaming", KnownDriftKind::free_streaming}},
          "part of the drift that is known, so that the network learns the rest: positions move with their velocities");
  set.add("model.metric", options.metric, above(0),
          "length unit of each coordinate in standard deviations, e.g. [1, 1]; sets the metric of the gradient field");
}

bool is_modulated(const ModelOptions& options, std::int64_t layer) {
  const auto& layers = options.modulated_layers;
  return layers.empty() || std::find(layers.begin(), layers.end(), static_cast<double>(layer + 1)) != layers.end();
}

void validate(const ModelOptions& options) {
  check_ranges(options);
  for (const double layer : options.modulated_layers)
    require(layer <= static_cast<double>(options.depth + 1), "a number of option 'model.modulated_layers'", layer,
            "a layer from 1 to " + std::to_string(options.depth + 1) + " (model.depth + 1)");
}

}  // namespace scorefield::models
