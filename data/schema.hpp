#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/h5.hpp"

namespace scorefield::data {

/// Version of the file formats. Datasets and rollouts with weights, ids or frames that differ have the second one.
inline constexpr std::int64_t kFormatVersion = 1;
inline constexpr std::int64_t kDatasetVersion = 2;

inline constexpr const char* kDatasetFormat = "scorefield/dataset";
inline constexpr const char* kRolloutFormat = "scorefield/rollout";
inline constexpr const char* kModelFormat = "scorefield/model";
inline constexpr const char* kSamplesFormat = "scorefield/samples";
inline constexpr const char* kFramesLayout = "frames";  ///< root attribute `layout` of datasets whose frames differ
inline constexpr const char* kCheckpointFormat = "scorefield/checkpoint";  ///< of a generator that was stopped

/// The root attributes that every scorefield file carries.
struct Provenance {
  std::string format{};  ///< one of the k*Format names
  std::int64_t seed = 0;
  std::string config{};              ///< complete resolved configuration, TOML
  std::string source_config{};       ///< of the dataset whose particles were chosen from; empty: no such
  std::string scorefield_version{};  ///< filled in by write_provenance
  std::string created{};             ///< ISO 8601, filled in by write_provenance
  std::int64_t format_version = kFormatVersion;
};

void write_provenance(h5::File& file, const Provenance& provenance);

/// Whether a root attribute is one of these.
[[nodiscard]] bool is_provenance(const std::string& attribute);

/// Reads the root attributes and checks that the format is one of `expected` (empty: any scorefield format) and
/// the version one that we know. @throws FileError saying what the file is instead and what to do.
[[nodiscard]] Provenance read_provenance(const h5::File& file, const std::vector<std::string>& expected);

/// mu [M][p] as an array [M, p].
void write_mu(h5::File& file, const std::string& name, const std::vector<std::vector<double>>& mu);
/// Finite. @throws FileError unless it has two axes that are not empty
[[nodiscard]] std::vector<std::vector<double>> read_mu(const h5::File& file, const std::string& name);

}  // namespace scorefield::data
