#include "data/schema.hpp"

#include <algorithm>
#include <filesystem>

#include "core/error.hpp"
#include "core/version.hpp"
#include "data/shapes.hpp"

namespace scorefield::data {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) text += (i ? " or " : "") + words[i];
  return text;
}

}  // namespace

void write_provenance(h5::File& file, const Provenance& provenance) {
  file.set_attribute("/", "format", provenance.format);
  file.set_attribute("/", "format_version", provenance.format_version);
  file.set_attribute("/", "scorefield_version", version());
  file.set_attribute("/", "seed", provenance.seed);
  file.set_attribute("/", "config", provenance.config);
  if (!provenance.source_config.empty()) file.set_attribute("/", "source_config", provenance.source_config);
  file.set_attribute("/", "created", iso8601_now());
}

bool is_provenance(const std::string& attribute) {
  for (const char* name :
       {"format", "format_version", "scorefield_version", "seed", "config", "source_config", "created"})
    if (attribute == name) return true;
  return false;
}

Provenance read_provenance(const h5::File& file, const std::vector<std::string>& expected) {
  const std::string& path = file.path();
  if (!file.has_attribute("/", "format"))
    throw FileError(path,
                    "is HDF5 but not a scorefield file: it has no root attribute 'format'. Convert foreign data "
                    "with: scorefield import " +
                        path + " --output DATA.h5");
  Provenance provenance;
  provenance.format = file.string_attribute("/", "format");
  if (!provenance.format.starts_with("scorefield/"))
    throw FileError(path, "has format '" + provenance.format +
                              "', expected a scorefield file. Convert foreign data "
                              "with: scorefield import " +
                              path + " --output DATA.h5");
  if (!expected.empty() && std::find(expected.begin(), expected.end(), provenance.format) == expected.end())
    throw FileError(path, "holds " + provenance.format + ", expected " + joined(expected) +
                              ". See what it is with: scorefield inspect " + path);
  if (file.extra_bytes() > 0)
    throw FileError(path, "is truncated (truncated file: eof = " + std::to_string(std::filesystem::file_size(path)) +
                              ", within its checksums). Copy or generate it again.");
  const std::int64_t found = file.integer_attribute("/", "format_version");
  const bool dataset = provenance.format == kDatasetFormat || provenance.format == kRolloutFormat;
  const std::int64_t newest = dataset ? kDatasetVersion : kFormatVersion;
  if (found < 1 || found > newest)
    throw FileError(path, "has format version " + std::to_string(found) + ", this program (" + version() +
                              ") reads version " + (newest > 1 ? "1 to " : "") + std::to_string(newest) + ". " +
                              (found > newest ? "Use a newer scorefield." : "Generate it again."));
  provenance.format_version = found;
  provenance.scorefield_version = file.string_attribute("/", "scorefield_version");
  provenance.seed = file.integer_attribute("/", "seed");
  provenance.config = file.string_attribute("/", "config");
  if (file.has_attribute("/", "source_config")) provenance.source_config = file.string_attribute("/", "source_config");
  provenance.created = file.string_attribute("/", "created");
  return provenance;
}

void write_mu(h5::File& file, const std::string& name, const std::vector<std::vector<double>>& mu) {
  std::vector<double> flat;
  for (const auto& row : mu) flat.insert(flat.end(), row.begin(), row.end());
  file.write<double>(name, flat, {static_cast<std::int64_t>(mu.size()), static_cast<std::int64_t>(mu.front().size())});
}

std::vector<std::vector<double>> read_mu(const h5::File& file, const std::string& name) {
  const auto flat = read_finite(file, name, 2, "[M, p]", " Make the file again.");
  const auto dims = file.dims(name);
  std::vector<std::vector<double>> mu;
  for (std::int64_t m = 0; m < dims[0]; ++m)
    mu.emplace_back(flat.begin() + m * dims[1], flat.begin() + (m + 1) * dims[1]);
  return mu;
}

}  // namespace scorefield::data
