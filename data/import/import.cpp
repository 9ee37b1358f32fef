#include "data/import/import.hpp"

#include <fstream>

#include "core/error.hpp"
#include "core/require.hpp"
#include "core/text.hpp"

namespace scorefield::data {
namespace {

using Sources = std::vector<std::unique_ptr<ImportSource>>;

const ImportFormat& format_of(const std::string& path, const ImportOptions& options) {
  std::string start(16, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(start.data(), static_cast<std::streamsize>(start.size()));
  start.resize(static_cast<std::size_t>(file.gcount()));
  for (const auto& format : options.formats)
    if (format->recognises(path, start)) return *format;
  throw FileError(path, "is of no format that can be imported.");
}

/// Neighbouring files of one format are opened together.
Sources open_sources(const std::vector<std::string>& files, const ImportOptions& options) {
  Sources sources;
  for (std::size_t i = 0; i < files.size();) {
    const ImportFormat& format = format_of(files[i], options);
    std::vector<std::string> group;
    for (; i < files.size() && &format_of(files[i], options) == &format; ++i) group.push_back(files[i]);
    for (auto& source : format.open(group, options.names)) sources.push_back(std::move(source));
  }
  return sources;
}

/// One run of one source.
struct Run {
  const ImportSource* source;
  std::int64_t index;  ///< in the source

  [[nodiscard]] const ImportRun& facts() const { return source->runs()[static_cast<std::size_t>(index)]; }
  [[nodiscard]] const std::string& origin() const { return facts().origin; }
  [[nodiscard]] std::int64_t frames() const { return static_cast<std::int64_t>(facts().particles.size()); }
};

std::vector<Run> all_runs(const Sources& sources) {
  std::vector<Run> runs;
  for (const auto& source : sources)
    for (std::size_t i = 0; i < source->runs().size(); ++i)
      runs.push_back({source.get(), static_cast<std::int64_t>(i)});
  return runs;
}

h5::Dims shape_of(const Run& run) { return {run.frames(), run.facts().particles[0], run.source->space().dimension}; }

std::vector<double> times_of(const Run& run, const ImportOptions& options) {
  if (!run.facts().time.empty()) return run.facts().time;
  std::vector<double> times(static_cast<std::size_t>(run.frames()));
  for (std::size_t k = 1; k < times.size(); ++k)
    times[k] = options.duration * static_cast<double>(k) / static_cast<double>(run.frames() - 1);
  return times;
}

/// [M][p], from import.mu_values or the files.
std::vector<std::vector<double>> mu_of(const std::vector<Run>& runs, const ImportOptions& options) {
  std::vector<std::vector<double>> mu;
  const std::string count = std::to_string(runs.size());
  if (!options.mu_values.empty()) {
    require(options.mu_values.size() == runs.size(), "number of import.mu_values", options.mu_values.size(),
            count + ", one per mu in the files");
    for (const double value : options.mu_values) mu.push_back({value});
    return mu;
  }
  for (const Run& run : runs) {
    mu.push_back(run.facts().mu);
    if (mu.back().empty())
      throw UsageError(run.origin() + " does not say its mu (no array '" + options.names.mu +
                       "'): give --mu, one number per mu (" + count + ").");
    if (mu.back().size() != mu.front().size())
      throw FileError(run.origin(), "has " + std::to_string(mu.back().size()) + " parameters, " + runs[0].origin() +
                                        " has " + std::to_string(mu.front().size()) + ".");
  }
  return mu;
}

/// The words of the option `key`, else those of the file, else `fallback` for every one of `count`.
template <class Fallback>
std::vector<std::string> words_of(const std::string& option, const std::string& key,
                                  const std::vector<std::string>& file, std::size_t count, Fallback&& fallback) {
  auto words = comma_separated(option);
  if (words.empty()) words = file;
  if (words.empty())
    for (std::size_t i = 1; i <= count; ++i) words.push_back(fallback(i));
  require(words.size() == count, "number of words in option '" + key + "'", words.size(),
          std::to_string(count) + ", one each");
  return words;
}

std::vector<double> periods_of(const std::vector<Run>& runs, const ImportOptions& options, std::size_t d) {
  if (!options.periods.empty()) {
    require(options.periods.size() == d, "number of import.periods", options.periods.size(),
            std::to_string(d) + ", one per coordinate (0: not periodic)");
    return options.periods;
  }
  const auto& first = runs[0].facts().periods;
  for (const Run& run : runs)
    if (run.facts().periods != first)
      throw FileError(run.origin(), "has other periods than " + runs[0].origin() +
                                        ": a dataset has one box. Scale the positions by it first.");
  return first.empty() ? std::vector<double>(d) : first;
}

/// @throws FileError unless all runs have the times, numbers of particles and coordinates of the first
void check_agreement(const std::vector<Run>& runs, const ImportOptions& options) {
  const Run& first = runs[0];
  for (const Run& run : runs) {
    for (const std::int64_t particles : run.facts().particles)
      if (particles != run.facts().particles[0])
        throw FileError(run.origin(), "has " + std::to_string(particles) + " particles at one time and " +
                                          std::to_string(run.facts().particles[0]) + " at the first.");
    if (shape_of(run) != shape_of(first))
      throw FileError(run.origin(), "has runs of shape " + h5::to_text(shape_of(run)) + ", " + first.origin() + " of " +
                                        h5::to_text(shape_of(first)) +
                                        ": times, particles and coordinates must agree.");
    if (times_of(run, options) != times_of(first, options))
      throw FileError(run.origin(), "has other times than " + first.origin() + ".");
    if (run.source->space().has_velocities != first.source->space().has_velocities)
      throw FileError(run.origin(), "and " + first.origin() +
                                        ": only one has velocities. Leave them out with --set import.velocities=none.");
  }
}

DatasetHeader header_of(const std::vector<Run>& runs, const ImportOptions& options, const Provenance& provenance) {
  const Run& first = runs[0];
  const ImportSpace& space = first.source->space();
  const auto d = static_cast<std::size_t>(space.dimension);
  DatasetHeader header;
  header.provenance = provenance;
  header.time = times_of(first, options);
  header.time_units = options.time_units.empty() ? space.time_units : options.time_units;
  if (header.time_units.empty()) header.time_units = "1";
  header.mu = mu_of(runs, options);
  const std::size_t p = header.mu[0].size();
  header.mu_names = words_of(options.mu_name, "import.mu_name", space.mu_names, p,
                             [p](std::size_t i) { return p == 1 ? "mu" : "mu" + std::to_string(i); });
  header.particles = first.facts().particles[0];
  header.coordinates = words_of(options.coordinates, "import.coordinates", space.coordinates, d,
                                [](std::size_t i) { return "x" + std::to_string(i); });
  header.units = words_of(options.units, "import.units", space.units, d, [](std::size_t) { return "1"; });
  header.periods = periods_of(runs, options, d);
  header.identity = space.trajectories ? Identity::trajectories : options.identity;
  header.has_velocities = space.has_velocities;
  return header;
}

}  // namespace

void bind(OptionSet& set, ImportOptions& options) {
  set.add("import.samples", options.names.samples,
          "array of the samples, [times, particles, coordinates], mu before them where there are several");
  set.add("import.velocities", options.names.velocities, "array of their time derivatives; not needed");
  set.add("import.time", options.names.time, "array of the times; not needed");
  set.add("import.mu", options.names.mu, "array of the physics parameters, a row per mu");
  set.add("import.mu_values", options.mu_values, any_number(), "one number per mu instead of that array");
  set.add("import.mu_name", options.mu_name, "names of the parameters, as in \"beta, k\"; empty: the file's, else mu");
  set.add("import.duration", options.duration, above(0),
          "last time of evenly spaced frames where there is no array of times");
  set.add("import.time_units", options.time_units, "unit of the times; empty: the file's, else 1");
  set.add("import.coordinates", options.coordinates,
          "names of the coordinates, as in \"x, v\"; empty: the file's, else x1, x2, ..");
  set.add("import.units", options.units, "their units; empty: the file's, else 1");
  set.add("import.periods", options.periods, at_least(0),
          "their periods, 0 where not periodic; empty: the file's, else none is");
  set.add("import.identity", options.identity,
          {{"marginals", Identity::marginals}, {"trajectories", Identity::trajectories}},
          "whether sample n is the same particle at all times (trajectories), where the file does not say so");
  for (const auto& format : options.formats) format->bind(set);
}

DatasetHeader import_files(const std::vector<std::string>& files, const ImportOptions& options,
                           const Provenance& provenance, const std::string& output) {
  const Sources sources = open_sources(files, options);
  const auto runs = all_runs(sources);
  check_agreement(runs, options);
  DatasetWriter writer(output, header_of(runs, options, provenance));
  DatasetHeader header = writer.header();
  for (std::int64_t m = 0; m < header.mu_count(); ++m) {
    const Run& run = runs[static_cast<std::size_t>(m)];
    for (std::int64_t k = 0; k < header.frames(); ++k) {
      const ImportFrame frame = run.source->read(run.index, k);
      writer.write_frame(m, k, frame.samples, frame.velocities);
    }
  }
  writer.commit();
  return header;
}

}  // namespace scorefield::data
