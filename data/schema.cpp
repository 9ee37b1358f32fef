#include "data/schema.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/version.hpp"

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
  file.set_attribute("/", "format_version", kFormatVersion);
  file.set_attribute("/", "scorefield_version", version());
  file.set_attribute("/", "seed", provenance.seed);
  file.set_attribute("/", "config", provenance.config);
  file.set_attribute("/", "created", iso8601_now());
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
  const std::int64_t found = file.integer_attribute("/", "format_version");
  if (found != kFormatVersion)
    throw FileError(path, "has format version " + std::to_string(found) + ", this program (" + version() +
                              ") reads version " + std::to_string(kFormatVersion) + ". " +
                              (found > kFormatVersion ? "Use a newer scorefield." : "Generate it again."));
  provenance.scorefield_version = file.string_attribute("/", "scorefield_version");
  provenance.seed = file.integer_attribute("/", "seed");
  provenance.config = file.string_attribute("/", "config");
  provenance.created = file.string_attribute("/", "created");
  return provenance;
}

}  // namespace scorefield::data
