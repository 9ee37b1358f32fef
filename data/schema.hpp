#pragma once

#include <cstdint>
#include <string>

#include "data/h5.hpp"

namespace scorefield::data {

/// Version of all scorefield file formats; a reader accepts exactly this one.
inline constexpr std::int64_t kFormatVersion = 1;

inline constexpr const char* kDatasetFormat = "scorefield/dataset";
inline constexpr const char* kRolloutFormat = "scorefield/rollout";
inline constexpr const char* kModelFormat = "scorefield/model";
inline constexpr const char* kSamplesFormat = "scorefield/samples";
inline constexpr const char* kCheckpointFormat = "scorefield/checkpoint";  ///< of a generator that was stopped

/// The root attributes that every scorefield file carries.
struct Provenance {
  std::string format{};  ///< one of the k*Format names
  std::int64_t seed = 0;
  std::string config{};              ///< complete resolved configuration, TOML
  std::string scorefield_version{};  ///< filled in by write_provenance
  std::string created{};             ///< ISO 8601, filled in by write_provenance
};

void write_provenance(h5::File& file, const Provenance& provenance);

/// Reads the root attributes and checks that the format is one of `expected` (empty: any scorefield format) and
/// the version ours. @throws FileError saying what the file is instead and what to do.
[[nodiscard]] Provenance read_provenance(const h5::File& file, const std::vector<std::string>& expected);

}  // namespace scorefield::data
