#pragma once

#include <cstdint>
#include <vector>

#include "core/options.hpp"

namespace scorefield::models {

enum class ModulationKind { colora, film, hypernetwork, none };
enum class AlphaKind { per_rank, scalar };
enum class KnownDriftKind { none, free_streaming };

/// Size of the reduced model; all defaults can be changed from the command line as model.*.
struct ModelOptions {
  std::int64_t width = 64;     ///< neurons per hidden layer
  std::int64_t depth = 6;      ///< hidden layers
  std::int64_t harmonics = 3;  ///< sin/cos pairs of every periodic coordinate
  ModulationKind modulation = ModulationKind::colora;
  std::int64_t rank = 4;                  ///< columns of A and rows of B, with one alpha each
  AlphaKind alpha = AlphaKind::per_rank;  ///< colora: one alpha per rank, or one for all ranks of a layer
  std::vector<double>
      modulated_layers;            ///< numbers of the linear layers, 1 the first, depth + 1 the output; empty: all
  std::int64_t bias_latents = 16;  ///< latents z of the bias modulation b + C z(mu, t); 0: none
  std::int64_t hypernetwork_width = 48;
  std::int64_t hypernetwork_depth = 2;                ///< hidden layers
  std::int64_t time_features = 8;                     ///< sin/cos pairs of t at frequencies pi/2, pi, 3 pi/2, ...
  bool quadratic = false;                             ///< a quadratic part of the potential beside the network
  KnownDriftKind known_drift = KnownDriftKind::none;  ///< what moves the population besides grad s
  bool vector = false;         ///< the outputs are a field rather than a potential; no key: model.field says it
  std::vector<double> metric;  ///< length unit of each coordinate relative to its standard deviation; empty: 1
};

/// Adds the keys model.*.
void bind(OptionSet& set, ModelOptions& options);

/// Whether (mu, t) changes the linear layer with this index, counted from 0.
[[nodiscard]] bool is_modulated(const ModelOptions& options, std::int64_t layer);

/// @throws UsageError naming the key and the allowed range.
void validate(const ModelOptions& options);

}  // namespace scorefield::models
