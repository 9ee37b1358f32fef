#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/dataset.hpp"
#include "data/h5.hpp"

namespace scorefield::data {

/// What a model file says of itself, without its arrays of weights.
struct ModelHeader {
  Provenance provenance{};
  DatasetHeader data{};  ///< mu, times (of all mu), coordinates, units, periods of the training data; its configuration
  std::string options{};       ///< of the network, TOML
  std::string kind = "drift";  ///< what the network is: drift, score, ...; files without it are older and hold drifts
  double sigma = 0;            ///< diffusion that the model was trained with, normalised units
  double growth = 0;           ///< lambda where mass grows at the rate g = s/lambda; 0: it is conserved
  std::int64_t step = 0;       ///< of the training
  std::int64_t parameters = 0, network_parameters = 0;  ///< in all, and without the modulation; 0: an older file
};

/// Writes the root attributes, what describes the training data and the network into /model, the step into /training.
void write_model_header(h5::File& file, const ModelHeader& header);

/// @throws FileError on a file that is not a model of this version, or that contradicts itself
[[nodiscard]] ModelHeader read_model_header(const h5::File& file);

/// ModelHeader::kind alone.
[[nodiscard]] std::string read_model_kind(const h5::File& file);

}  // namespace scorefield::data
