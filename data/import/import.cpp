#include "data/import/import.hpp"

#include <algorithm>
#include <limits>
#include <sstream>

#include "core/error.hpp"
#include "core/require.hpp"
#include "core/rows.hpp"
#include "core/text.hpp"
#include "data/import/charge.hpp"
#include "data/import/population.hpp"
#include "data/import/runs.hpp"

namespace scorefield::data {
namespace {

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

/// @throws FileError unless all runs have the coordinates and velocities of the first, and its times
void check_agreement(const std::vector<Run>& runs, const ImportOptions& options) {
  const Run& first = runs[0];
  const std::string remedy = " (--set import.particles=all, the default, keeps them as they are.)";
  for (const Run& run : runs) {
    if (run.space().dimension != first.space().dimension)
      throw FileError(run.origin(), "has " + std::to_string(run.space().dimension) + " coordinates, " + first.origin() +
                                        " has " + std::to_string(first.space().dimension) + ": they must agree.");
    if (run.space().has_velocities != first.space().has_velocities)
      throw FileError(run.origin(), "and " + first.origin() +
                                        ": only one has velocities. Leave them out with --set import.velocities=none.");
    if (options.particles == ImportParticles::all) continue;
    if (run.frames() != first.frames())
      throw FileError(run.origin(), "has " + std::to_string(run.frames()) + " times, " + first.origin() + " has " +
                                        std::to_string(first.frames()) + "." + remedy);
    if (!same_times(times_of(first, options), times_of(run, options)))
      throw FileError(run.origin(), "has other times than " + first.origin() + "." + remedy);
  }
}

/// Everything that is known before the second pass.
struct Plan {
  std::vector<Population> populations;  ///< [M]
  Parameters parameters;
  Box box;
  bool trajectories = false, permuted = false;
  bool all = false;            ///< particles with their weights and ids
  std::int64_t particles = 0;  ///< per frame, unless all are taken

  /// Of frame k of run m.
  [[nodiscard]] std::int64_t particles_at(std::size_t m, std::size_t k) const {
    if (!all) return particles;
    return trajectories ? static_cast<std::int64_t>(populations[m].followed.size()) : populations[m].finite[k];
  }
};

bool choose_trajectories(const std::vector<Run>& runs, const std::vector<Population>& populations,
                         const ImportOptions& options) {
  if (options.identity == ImportIdentity::marginals) return false;
  bool followed = runs[0].frames() > 1;
  for (std::size_t m = 0; m < runs.size(); ++m) {
    const bool by_id = runs[m].space().has_id;
    if (options.identity == ImportIdentity::trajectories && by_id && !populations[m].unique_id)
      throw FileError(runs[m].origin(), "has an id twice at one time: particles cannot be followed by their ids.");
    followed = followed && populations[m].unique_id &&
               ((by_id && populations[m].same_id) || runs[m].space().identity == Identity::trajectories);
  }
  return followed || options.identity == ImportIdentity::trajectories;
}

/// Ids are an order of their own: codes give them cell by cell.
bool choose_permutation(const std::vector<Run>& runs, const Plan& plan, const ImportOptions& options) {
  if (options.order != ImportOrder::automatic) return options.order == ImportOrder::permuted;
  if (plan.trajectories && runs[0].space().has_id) return true;
  return std::any_of(plan.populations.begin(), plan.populations.end(),
                     [](const Population& each) { return each.ordered; });
}

/// Particles of every frame: as many as the smallest has.
std::int64_t particles_per_frame(const std::vector<Run>& runs, const Plan& plan) {
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  for (std::size_t m = 0; m < runs.size(); ++m) {
    const Population& population = plan.populations[m];
    if (plan.trajectories) least = std::min(least, static_cast<std::int64_t>(population.followed.size()));
    else least = std::min(least, *std::min_element(population.finite.begin(), population.finite.end()));
    if (least < 1)
      throw FileError(runs[m].origin(), plan.trajectories
                                            ? "has no particle that is there at all times. Import without identities: "
                                              "--set import.identity=marginals."
                                            : "has a time at which no particle is finite.");
  }
  return least;
}

/// Times and numbers of particles: one list for all mu where they agree.
void add_frames(const std::vector<Run>& runs, const ImportOptions& options, const Plan& plan, DatasetHeader& header) {
  bool ragged = false;
  for (std::size_t m = 0; m < runs.size(); ++m) {
    header.has_weights =
        header.has_weights || (plan.all && runs[m].space().has_weights && !plan.populations[m].uniform);
    header.has_id = plan.all && runs[0].space().has_id;
    DatasetHeader::Run run{times_of(runs[m], options), {}};
    for (std::size_t k = 0; k < run.time.size(); ++k) run.particles.push_back(plan.particles_at(m, k));
    header.runs.push_back(std::move(run));
    const auto& first = header.runs.front();
    ragged = ragged || !same_times(first.time, header.runs.back().time) ||
             header.runs.back().particles !=
                 std::vector<std::int64_t>(header.runs.back().time.size(), first.particles.front());
  }
  if (ragged || (header.has_id && !plan.trajectories)) return;  // ids of frames that are alike stand once per run
  header.time = header.runs.front().time;
  header.particles = header.runs.front().particles.front();
  header.runs.clear();
}

DatasetHeader header_of(const std::vector<Run>& runs, const ImportOptions& options, const Provenance& provenance,
                        const Plan& plan) {
  const ImportSpace& space = runs[0].space();
  const auto d = static_cast<std::size_t>(space.dimension);
  DatasetHeader header;
  header.provenance = provenance;
  header.time_units = options.time_units.empty() ? space.time_units : options.time_units;
  if (header.time_units.empty()) header.time_units = "1";
  header.mu = plan.parameters.values;
  header.mu_names = plan.parameters.names;
  header.coordinates = words_of(options.coordinates, "import.coordinates", space.coordinates, d,
                                [](std::size_t i) { return "x" + std::to_string(i); });
  header.units = words_of(options.units, "import.units", space.units, d, [](std::size_t) { return "1"; });
  if (!options.box.empty() || plan.box.differs)
    for (std::size_t c = 0; c < d; ++c)
      if (plan.box.periods[c] > 0) header.units[c] = "box";
  header.periods = plan.box.periods;
  header.identity = plan.trajectories ? Identity::trajectories : Identity::marginals;
  header.has_velocities = space.has_velocities;
  add_frames(runs, options, plan, header);
  header.field = charged_box_of(runs, options, plan.populations, plan.box, header);
  return header;
}

std::vector<float> chosen(const std::vector<double>& values, const std::vector<std::size_t>& rows,
                          const std::vector<double>& lengths) {
  std::vector<float> result;
  result.reserve(rows.size() * lengths.size());
  if (values.empty()) return result;
  for (const std::size_t n : rows)
    for (std::size_t c = 0; c < lengths.size(); ++c)
      result.push_back(static_cast<float>(values[n * lengths.size() + c] / lengths[c]));
  return result;
}

void write_run(const Run& run, const Plan& plan, std::size_t m, DatasetWriter& writer) {
  const DatasetHeader& header = writer.header();
  const auto index = static_cast<std::int64_t>(m);
  const auto& lengths = plan.box.lengths[m];
  Selection selection(run, plan.populations[m], {plan.trajectories, plan.permuted, plan.all, plan.particles},
                      static_cast<std::uint64_t>(header.provenance.seed), index);
  for (std::int64_t k = 0; k < run.frames(); ++k) {
    const ImportFrame frame = run.read(k);
    const auto rows = selection.rows(frame, k);
    std::vector<float> weights;
    if (header.has_weights) weights.assign(rows.size(), 1);
    for (std::size_t i = 0; i < weights.size() && !frame.weights.empty(); ++i)
      weights[i] = static_cast<float>(frame.weights[rows[i]]);
    writer.write_frame(index, k, chosen(frame.samples, rows, lengths), chosen(frame.velocities, rows, lengths), weights,
                       header.has_id ? picked_rows(frame.id, rows) : std::vector<std::int64_t>{});
  }
}

/// Histories of all runs together; nothing unless all runs have the same, at the same times.
std::optional<Diagnostics> diagnostics_of(const std::vector<Run>& runs, const ImportOptions& options) {
  std::optional<Diagnostics> all;
  for (std::size_t m = 0; m < runs.size(); ++m) {
    const auto one = runs[m].source->read_diagnostics(runs[m].index, options.diagnostics, options.diagnostics_time);
    if (!one || (all && !same_times(all->time, one->time))) return std::nullopt;
    if (m == 0) {
      all = one;
      continue;
    }
    for (auto& [name, series] : all->series) {
      const auto found = one->series.find(name);
      if (found == one->series.end()) return std::nullopt;
      series.values.insert(series.values.end(), found->second.values.begin(), found->second.values.end());
      series.shape[0] += 1;
    }
  }
  return all;
}

void add_notes(const std::vector<Run>& runs, const Plan& plan, ImportResult& result) {
  std::int64_t lost = 0, most = 0;
  bool weighted = false;
  for (std::size_t m = 0; m < runs.size(); ++m) {
    const Population& population = plan.populations[m];
    lost += population.lost;
    most = std::max(most, *std::max_element(population.finite.begin(), population.finite.end()));
    weighted = weighted || (runs[m].space().has_weights && !population.uniform);
    for (const auto& note : runs[m].space().notes)
      if (std::find(result.notes.begin(), result.notes.end(), note) == result.notes.end()) result.notes.push_back(note);
  }
  const std::string kept = std::to_string(plan.particles);
  if (plan.trajectories && runs[0].space().has_id)
    result.notes.push_back("trajectories by the particles' ids, whatever their order in the files");
  if (plan.permuted)
    result.notes.push_back("the particles lay in some order (cells, species, ids): permuted by the seed");
  if (lost > 0) result.notes.push_back(std::to_string(lost) + " samples of lost particles (not finite) left out");
  if (!plan.all && most > plan.particles)
    result.notes.push_back("frames hold up to " + std::to_string(most) + " particles: " + kept + " of each taken" +
                           (plan.trajectories ? ", those that are there at all times" : ", drawn by the seed"));
  if (!plan.all && weighted)
    result.notes.push_back("the weights of the particles differ: " + kept +
                           " of equal weight drawn from each frame by them");
  if (const auto& field = result.header.field)
    result.notes.push_back("electric energy from the particles' charge in the periodic box of " +
                           comma_joined(field->coordinates));
  if (plan.box.differs) result.notes.push_back("the runs' boxes differ: positions are in box lengths");
  for (std::size_t c = 0; c < result.header.coordinates.size(); ++c) {
    double coarseness = 0;
    for (const Population& population : plan.populations) coarseness = std::max(coarseness, population.coarseness[c]);
    if (coarseness < 1e-3) continue;
    std::ostringstream warning;
    warning.precision(2);
    warning << "coordinate " << result.header.coordinates[c] << " lies so far from 0 that float32 moves it by up to "
            << coarseness << " of its deviation. Subtract an offset from it first.";
    result.warnings.push_back(warning.str());
  }
}

}  // namespace

void bind(OptionSet& set, ImportOptions& options) {
  set.add("import.samples", options.names.samples,
          "array of the samples, [times, particles, coordinates], mu before them where there are several; \"x, v\": an "
          "array per coordinate; with %T: an array per time");
  set.add("import.velocities", options.names.velocities, "array(s) of their time derivatives; not needed");
  set.add("import.time", options.names.time, "array or attribute of the times; not needed");
  set.add("import.mu", options.names.mu,
          "array or attribute of the physics parameters, a row per mu; \"k, T\": several");
  set.add("import.weights", options.names.weights, "array of the particles' weights; not needed");
  set.add("import.id", options.names.id, "array of the particles' ids; not needed");
  set.add("import.mu_values", options.mu_values, any_number(),
          "the numbers of each mu, one after the other, instead of that array");
  set.add("import.mu_table", options.mu_table,
          "CSV with a header and a row per run, or with a column 'file' that tells which");
  set.add("import.mu_name", options.mu_name, "names of the parameters, as in \"beta, k\"; empty: the file's, else mu");
  set.add("import.duration", options.duration, above(0),
          "last time of evenly spaced frames where there is no array of times");
  set.add("import.time_units", options.time_units, "unit of the times; empty: the file's, else 1");
  set.add("import.coordinates", options.coordinates,
          "names of the coordinates, as in \"x, v\"; empty: the file's, else x1, x2, ..");
  set.add("import.units", options.units, "their units; empty: the file's, else 1");
  set.add("import.periods", options.periods, at_least(0),
          "their periods, 0 where not periodic; empty: the file's, else none is");
  set.add("import.box", options.box,
          "lengths of a periodic box that differs between runs, as in \"L, 0\": parameters, arrays, attributes or "
          "numbers; coordinates are divided by them and have the period 1");
  set.add("import.identity", options.identity,
          {{"auto", ImportIdentity::automatic},
           {"marginals", ImportIdentity::marginals},
           {"trajectories", ImportIdentity::trajectories}},
          "whether sample n is the same particle at all times: trajectories, by id or else by row; auto: where every "
          "frame has the same ids");
  set.add("import.order", options.order,
          {{"auto", ImportOrder::automatic}, {"permuted", ImportOrder::permuted}, {"kept", ImportOrder::kept}},
          "order of the particles in the dataset; auto: permuted by the seed where their order in the files says "
          "something of them");
  set.add(
      "import.particles", options.particles, {{"all", ImportParticles::all}, {"equal", ImportParticles::equal}},
      "all: every one with its weight and id, frames and times as they are; equal: as many particles of each frame, "
      "of equal weight, at the same times of all runs");
  set.add("import.charge", options.charge, any_number(),
          "charge of a particle, times its weight where it has one: with it the electric energy is computed from the "
          "particles in their periodic box; 0: the file's (openPMD), else no field");
  set.add(
      "import.density", options.density, at_least(0),
      "mean density of the particles in the units of charge and length; 0: their number, or sum of weights, over the "
      "box");
  set.add("import.permittivity", options.permittivity, at_least(0),
          "permittivity of the vacuum in these units; 0: 8.8541878188e-12 for openPMD, else 1");
  set.add("import.diagnostics", options.diagnostics,
          "recorded histories to take where there are, NAME or NAME=ARRAY, [times] or [mu, times]");
  set.add("import.diagnostics_time", options.diagnostics_time,
          "array of their times; where there is none: those of the frames");
  for (const auto& format : options.formats) format->bind(set);
}

ImportResult import_files(const std::vector<std::string>& files, const ImportOptions& options,
                          const Provenance& provenance, const std::string& output) {
  check_ranges(options);
  const Runs opened = open_runs(files, options);
  const auto& runs = opened.all;
  check_agreement(runs, options);
  Plan plan;
  plan.parameters = parameters_of(runs, options);
  plan.box = box_of(runs, options, plan.parameters);
  for (const Run& run : runs) plan.populations.push_back(survey(run));
  plan.trajectories = choose_trajectories(runs, plan.populations, options);
  plan.permuted = choose_permutation(runs, plan, options);
  plan.all = options.particles == ImportParticles::all;
  plan.particles = particles_per_frame(runs, plan);

  DatasetWriter writer(output, header_of(runs, options, provenance, plan));
  for (std::size_t m = 0; m < runs.size(); ++m) write_run(runs[m], plan, m, writer);
  if (const auto diagnostics = diagnostics_of(runs, options)) writer.write_diagnostics(*diagnostics);
  ImportResult result{writer.header(), {}, {}};
  add_notes(runs, plan, result);
  writer.commit();
  return result;
}

}  // namespace scorefield::data
