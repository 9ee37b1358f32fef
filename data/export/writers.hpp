#pragma once

#include <string>
#include <vector>

#include "data/dataset.hpp"
#include "data/export/export.hpp"

namespace scorefield::data {

/// A named array of a samples file, as a target declares it.
struct SampleVariable {
  std::string name, role;      ///< role: "parameter", "transformed parameter", "generated quantity"
  h5::Dims shape;              ///< of one particle; {}: a number
  std::vector<double> values;  ///< [N, shape...]
};

/// What a samples file holds: particles that stand for a density.
struct SampleCloud {
  std::int64_t particles = 0, dimension = 0;
  std::vector<double> samples;            ///< [N, d]
  std::vector<double> weights, log_prob;  ///< [N] or empty
  std::vector<std::int64_t> replica;      ///< [N], which independent run a particle is of, or empty: of one
  std::vector<std::string> names;         ///< [d] of the coordinates, or empty
  std::vector<SampleVariable> variables;
  std::string method, target;
  Provenance provenance;
};

/// @throws FileError
[[nodiscard]] SampleCloud read_cloud(const std::string& path);

[[nodiscard]] std::vector<std::string> write_openpmd(const DatasetReader& reader, const std::string& output,
                                                     const ExportOptions& options);
void write_openpmd(const SampleCloud& cloud, const std::string& output, const ExportOptions& options);

void write_npz(const DatasetReader& reader, const std::string& output);
void write_npz(const SampleCloud& cloud, const std::string& output);

void write_netcdf(const DatasetReader& reader, const std::string& output);
void write_netcdf(const SampleCloud& cloud, const std::string& output, std::uint64_t seed);

}  // namespace scorefield::data
