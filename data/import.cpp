#include "data/import.hpp"

#include <memory>

#include "core/error.hpp"
#include "core/require.hpp"
#include "core/text.hpp"
#include "data/arrays.hpp"

namespace scorefield::data {
namespace {

/// The arrays of one file that make up samples, and where their mu begin in the dataset.
struct Source {
  std::string path;
  std::unique_ptr<ArrayFile> file;
  std::unique_ptr<ForeignArray> samples, velocities;
  std::int64_t runs = 1;  ///< values of mu
};

Source open_source(const std::string& path, const ImportOptions& options) {
  Source source{path, ArrayFile::open(path), nullptr, nullptr};
  source.samples = source.file->array(options.samples);
  const auto& dims = source.samples->dims();
  if (dims.size() != 3 && dims.size() != 4)
    throw FileError(path, "array '" + options.samples + "' has shape " + h5::to_text(dims) +
                              ", expected [times, particles, coordinates] or [mu, times, particles, coordinates].");
  for (const std::int64_t size : dims)
    if (size < 1) throw FileError(path, "array '" + options.samples + "' is empty: " + h5::to_text(dims) + ".");
  if (dims.size() == 4) source.runs = dims[0];
  if (source.file->has(options.velocities)) {
    source.velocities = source.file->array(options.velocities);
    if (source.velocities->dims() != dims)
      throw FileError(path, "array '" + options.velocities + "' has shape " + h5::to_text(source.velocities->dims()) +
                                ", expected that of '" + options.samples + "', " + h5::to_text(dims) + ".");
  }
  return source;
}

h5::Dims frame_dims(const Source& source) {
  const auto& dims = source.samples->dims();
  return {dims.end() - 3, dims.end()};
}

std::vector<double> times_of(const Source& source, const ImportOptions& options) {
  const std::int64_t count = frame_dims(source)[0];
  if (!source.file->has(options.time)) {
    std::vector<double> times(static_cast<std::size_t>(count));
    for (std::size_t k = 1; k < times.size(); ++k)
      times[k] = options.duration * static_cast<double>(k) / static_cast<double>(count - 1);
    return times;
  }
  auto times = source.file->array(options.time)->read_all();
  if (static_cast<std::int64_t>(times.size()) != count)
    throw FileError(source.path, "array '" + options.time + "' has " + std::to_string(times.size()) +
                                     " values, expected one per time of the samples, " + std::to_string(count) + ".");
  return times;
}

/// [M][p], from import.mu_values or the files.
std::vector<std::vector<double>> mu_of(const std::vector<Source>& sources, const ImportOptions& options) {
  std::vector<std::vector<double>> mu;
  std::int64_t runs = 0;
  for (const Source& source : sources) runs += source.runs;
  if (!options.mu_values.empty()) {
    require(static_cast<std::int64_t>(options.mu_values.size()) == runs, "number of import.mu_values",
            options.mu_values.size(), std::to_string(runs) + ", one per mu in the files");
    for (const double value : options.mu_values) mu.push_back({value});
    return mu;
  }
  for (const Source& source : sources) {
    if (!source.file->has(options.mu))
      throw UsageError(source.path + " has no array '" + options.mu + "': give --mu, one number per mu (" +
                       std::to_string(runs) + ").");
    const auto values = source.file->array(options.mu)->read_all();
    const auto count = static_cast<std::int64_t>(values.size());
    if (count == 0 || count % source.runs != 0)
      throw FileError(source.path, "array '" + options.mu + "' has " + std::to_string(count) + " values, expected " +
                                       std::to_string(source.runs) + " or a multiple.");
    const auto width = static_cast<std::ptrdiff_t>(count / source.runs);
    for (auto row = values.begin(); row != values.end(); row += width) mu.emplace_back(row, row + width);
    if (mu.back().size() != mu.front().size())
      throw FileError(source.path, "has " + std::to_string(mu.back().size()) + " parameters, " + sources[0].path +
                                       " has " + std::to_string(mu.front().size()) + ".");
  }
  return mu;
}

std::vector<std::string> names_or(const std::string& text, const std::string& key, std::size_t count,
                                  const std::string& prefix, bool number) {
  auto names = comma_separated(text);
  if (names.empty())
    for (std::size_t i = 1; i <= count; ++i) names.push_back(prefix + (number ? std::to_string(i) : ""));
  require(names.size() == count, "number of words in option '" + key + "'", names.size(),
          std::to_string(count) + ", one each");
  return names;
}

DatasetHeader header_of(const std::vector<Source>& sources, const ImportOptions& options,
                        const Provenance& provenance) {
  const Source& first = sources.front();
  const auto dims = frame_dims(first);
  const auto d = static_cast<std::size_t>(dims[2]);
  DatasetHeader header;
  header.provenance = provenance;
  header.time = times_of(first, options);
  for (const Source& source : sources) {
    if (frame_dims(source) != dims)
      throw FileError(source.path, "has runs of shape " + h5::to_text(frame_dims(source)) + ", " + first.path + " of " +
                                       h5::to_text(dims) + ": times, particles and coordinates must agree.");
    if (times_of(source, options) != header.time)
      throw FileError(source.path, "has other times than " + first.path + ".");
    if ((source.velocities == nullptr) != (first.velocities == nullptr))
      throw FileError(source.path, "and " + first.path + ": only one has an array '" + options.velocities +
                                       "'. Leave them out with --set import.velocities=none.");
  }
  header.mu = mu_of(sources, options);
  header.mu_names = names_or(options.mu_name, "import.mu_name", header.mu[0].size(), "mu", true);
  header.time_units = options.time_units;
  header.particles = dims[1];
  header.coordinates = names_or(options.coordinates, "import.coordinates", d, "x", true);
  header.units = names_or(options.units, "import.units", d, "1", false);
  header.periods = options.periods.empty() ? std::vector<double>(d) : options.periods;
  require(header.periods.size() == d, "number of import.periods", header.periods.size(),
          std::to_string(d) + ", one per coordinate (0: not periodic)");
  header.identity = options.identity;
  header.has_velocities = first.velocities != nullptr;
  return header;
}

}  // namespace

void bind(OptionSet& set, ImportOptions& options) {
  set.add("import.samples", options.samples,
          "array of the samples, [times, particles, coordinates], mu before them where there are several");
  set.add("import.velocities", options.velocities, "array of their time derivatives; not needed");
  set.add("import.time", options.time, "array of the times; not needed");
  set.add("import.mu", options.mu, "array of the physics parameters, a row per mu");
  set.add("import.mu_values", options.mu_values, "one number per mu instead of that array");
  set.add("import.mu_name", options.mu_name, "names of the parameters, as in \"beta, k\"");
  set.add("import.duration", options.duration, "last time of evenly spaced frames where there is no array of times");
  set.add("import.time_units", options.time_units, "unit of the times");
  set.add("import.coordinates", options.coordinates, "names of the coordinates, as in \"x, v\"; empty: x1, x2, ..");
  set.add("import.units", options.units, "their units; empty: 1");
  set.add("import.periods", options.periods, "their periods, 0 where not periodic; empty: none is");
  set.add("import.identity", options.identity,
          {{"marginals", Identity::marginals}, {"trajectories", Identity::trajectories}},
          "whether sample n is the same particle at all times (trajectories)");
}

DatasetHeader import_arrays(const std::vector<std::string>& files, const ImportOptions& options,
                            const Provenance& provenance, const std::string& output) {
  require_positive("option 'import.duration'", options.duration);
  std::vector<Source> sources;
  for (const auto& path : files) sources.push_back(open_source(path, options));
  DatasetWriter writer(output, header_of(sources, options, provenance));
  const DatasetHeader& header = writer.header();
  const std::int64_t size = header.frame_size();
  std::int64_t m = 0;
  for (const Source& source : sources)
    for (std::int64_t run = 0; run < source.runs; ++run, ++m)
      for (std::int64_t k = 0; k < header.frames(); ++k) {
        const std::int64_t offset = (run * header.frames() + k) * size;
        writer.write_frame(m, k, source.samples->read(offset, size),
                           source.velocities ? source.velocities->read(offset, size) : std::vector<float>{});
      }
  DatasetHeader result = header;
  writer.commit();
  return result;
}

}  // namespace scorefield::data
