#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.hpp"
#include "core/text.hpp"
#include "data/import/define_format.hpp"
#include "data/import/format.hpp"
#include "data/import/openpmd_columns.hpp"
#include "data/import/openpmd_series.hpp"

namespace scorefield::data {

struct OpenpmdOptions {
  std::string species, records;
  double mass = 0;
};

namespace {

using openpmd::Column;
using openpmd::Series;
using openpmd::Species;

/// What tells species apart, as the file says it.
struct Kind {
  std::string name;
  std::optional<double> mass, charge;
  std::int64_t particles = 0;
};

std::optional<double> first_value(const Species& species, const std::string& record) {
  if (!species.has(record) || species.size() == 0) return std::nullopt;
  return species.read_per_particle(record, "", species.weights()).front();
}

/// kg; what the user says goes first, then the file, then the species' name.
std::optional<double> mass_of(const Series& series, std::size_t iteration, const std::string& name, double given) {
  if (given > 0) return given;
  if (const auto mass = first_value(series.species(iteration, name), "mass")) return mass;
  if (const auto mass = openpmd::known_mass(name)) return mass;
  return openpmd::known_mass(series.species_type(iteration, name));
}

/// Particles of one run: the species that were chosen, one after the other.
class OpenpmdSource : public ImportSource {
 public:
  OpenpmdSource(const RunFiles& files, const OpenpmdOptions& options) : series_(files.paths), options_(options) {
    choose_species();
    const std::string& first = species_.front();
    mass_ = mass_of(series_, 0, first, options_.mass).value_or(0);
    const Species particles = series_.species(0, first);
    columns_ = openpmd::columns_of(particles, options_.records, mass_ > 0 || particles.has("mass"));
    leave_out_constants();
    space_.dimension = static_cast<std::int64_t>(columns_.size());
    for (const Column& column : columns_) {
      space_.coordinates.push_back(column.name);
      space_.units.push_back(column.unit);
    }
    space_.has_velocities = find_velocities(particles);
    for (const auto& name : species_) {
      const Species each = series_.species(0, name);
      space_.has_weights = space_.has_weights || each.has("weighting") || each.has("weight");
    }
    set_charge();
    space_.has_id = species_.size() == 1 && particles.has("id") && !particles.id().empty();
    list_frames(files);
  }

  [[nodiscard]] ImportFrame read(std::int64_t /*run*/, std::int64_t frame) const override {
    ImportFrame all;
    for (const auto& name : species_) append(series_.species(static_cast<std::size_t>(frame), name), all);
    return all;
  }

  [[nodiscard]] std::optional<double> number(std::int64_t /*run*/, const std::string& name) const override {
    return series_.attribute(0, name);
  }

 private:
  /// The species of import.species; else the only one; else those that are alike, mass and charge, the lightest.
  void choose_species() {
    const auto names = series_.species_names(0);
    if (names.empty())
      throw FileError(
          series_.paths().front(),
          "is openPMD but iteration " + std::to_string(series_.iterations().front().number) + " holds no particles.");
    species_ = comma_separated(options_.species);
    for (const auto& name : species_)
      if (std::find(names.begin(), names.end(), name) == names.end())
        throw FileError(series_.paths().front(),
                        "has no species '" + name + "'; there are: " + comma_joined(names) + ".");
    if (!species_.empty()) return;
    if (names.size() == 1) species_ = names;
    else choose_lightest(names);
  }

  void choose_lightest(const std::vector<std::string>& names) {
    std::vector<Kind> kinds;
    for (const auto& name : names) {
      const Species species = series_.species(0, name);
      kinds.push_back({name, mass_of(series_, 0, name, 0), first_value(species, "charge"), species.size()});
      if (kinds.back().mass) continue;
      throw FileError(series_.paths().front(), "has several species, and the mass of '" + name +
                                                   "' is not in it: choose with --set import.species=NAME (" +
                                                   comma_joined(names) + "; \"A, B\" for several).");
    }
    const Kind& lightest =
        *std::min_element(kinds.begin(), kinds.end(), [](const Kind& a, const Kind& b) { return *a.mass < *b.mass; });
    const auto alike = [](std::optional<double> a, std::optional<double> b) {
      return a && b ? std::abs(*a - *b) <= 1e-6 * std::abs(*a) : !a && !b;
    };
    std::vector<std::string> left;
    for (const Kind& kind : kinds)
      (alike(kind.mass, lightest.mass) && alike(kind.charge, lightest.charge) ? species_ : left).push_back(kind.name);
    if (left.empty()) return;
    space_.notes.push_back("species " + comma_joined(species_) + " taken, " + comma_joined(left) +
                           " left out (import.species chooses others)");
  }

  /// One charge of all species, in C.
  void set_charge() {
    constexpr double kPermittivity = 8.8541878188e-12;  // F/m
    space_.permittivity = kPermittivity;
    for (const auto& name : species_) {
      const auto charge = first_value(series_.species(0, name), "charge");
      const bool same = charge && (!space_.charge || std::abs(*charge - *space_.charge) <= 1e-6 * std::abs(*charge));
      if (!same) {
        space_.charge.reset();
        return;
      }
      space_.charge = charge;
    }
  }

  /// Components that all particles share at all times say nothing, unless they were asked for.
  void leave_out_constants() {
    if (!options_.records.empty()) return;
    std::vector<Column> kept;
    std::vector<std::string> left;
    for (const Column& column : columns_) {
      std::optional<double> shared = shared_value(0, column);
      for (std::size_t k = 1; shared && k < series_.iterations().size(); ++k)
        if (shared_value(k, column) != shared) shared.reset();
      if (shared) left.push_back(column.name);
      else kept.push_back(column);
    }
    if (kept.empty() || left.empty()) return;
    space_.notes.push_back("coordinate " + comma_joined(left) +
                           " left out: one value for all particles (import.records takes it)");
    columns_ = std::move(kept);
  }

  [[nodiscard]] std::optional<double> shared_value(std::size_t iteration, const Column& column) const {
    std::optional<double> value;
    for (const auto& name : species_) {
      const auto one = series_.species(iteration, name).constant(column.record, column.component);
      if (!one || (value && *value != *one)) return std::nullopt;
      value = one;
    }
    return value;
  }

  /// Positions alone have the particles' velocities as their derivatives; what `export` has written has its own.
  bool find_velocities(const Species& particles) {
    if (particles.has("timeDerivative") && options_.records.empty()) {
      for (const Column& column : columns_)
        if (!particles.has("timeDerivative", column.record + "_" + column.component)) return false;
      for (const Column& column : columns_)
        rates_.push_back({Column::Kind::record, "timeDerivative", column.record + "_" + column.component, "", ""});
      return true;
    }
    const bool known = particles.has("velocity") || (particles.has("momentum") && (mass_ > 0 || particles.has("mass")));
    for (const Column& column : columns_)
      if (!known || column.record != "position") return false;
    for (const Column& column : columns_)
      rates_.push_back({Column::Kind::velocity, "velocity", column.component, "", ""});
    return true;
  }

  void list_frames(const RunFiles& files) {
    ImportRun run{.origin = files.origin, .mu = {}, .time = {}, .particles = {}};
    bool all_timed = true;
    for (std::size_t k = 0; k < series_.iterations().size(); ++k) {
      std::int64_t count = 0;
      for (const auto& name : species_) {
        const Species species = series_.species(k, name);
        count += species.size();
      }
      run.particles.push_back(count);
      run.steps.push_back(static_cast<double>(series_.iterations()[k].number));
      const auto seconds = series_.iterations()[k].seconds ? series_.iterations()[k].seconds : mean_time(k);
      all_timed = all_timed && seconds;
      run.time.push_back(seconds.value_or(0));
    }
    if (!all_timed) run.time.clear();
    space_.time_units = series_.time_unit(0);
    if (!all_timed) space_.time_units.clear();
    for (const auto& [name, value] : files.mu) {
      space_.mu_names.push_back(name);
      run.mu.push_back(value);
    }
    for (const Column& column : columns_) run.periods.push_back(period_of(column));
    runs_.push_back(std::move(run));
  }

  /// What `export` has noted, else the box of the meshes.
  [[nodiscard]] double period_of(const Column& column) const {
    if (const auto noted = series_.species(0, species_.front()).number(column.record, column.component, "period"))
      return *noted;
    return column.record == "position" ? series_.period(0, column.component) : 0;
  }

  /// Beam codes give a time to each particle, as it passes a screen.
  [[nodiscard]] std::optional<double> mean_time(std::size_t iteration) const {
    const Species species = series_.species(iteration, species_.front());
    if (!species.has("time") || species.size() == 0) return std::nullopt;
    const auto times = species.read("time", "");
    return std::accumulate(times.begin(), times.end(), 0.0) / static_cast<double>(times.size());
  }

  void append(const Species& species, ImportFrame& all) const {
    const auto n = static_cast<std::size_t>(species.size());
    std::vector<double> weights = species.weights();
    auto samples = side_by_side(species, columns_, weights);
    const auto rates = rates_.empty() ? std::vector<double>{} : side_by_side(species, rates_, weights);
    mark_lost(species, samples);
    all.samples.insert(all.samples.end(), samples.begin(), samples.end());
    all.velocities.insert(all.velocities.end(), rates.begin(), rates.end());
    if (weights.empty()) weights.assign(n, 1);
    if (space_.has_weights) all.weights.insert(all.weights.end(), weights.begin(), weights.end());
    if (!space_.has_id) return;
    const auto id = species.id();
    if (id.size() != n)
      throw FileError(species.path(), "'" + species.group() + "/id' names " + std::to_string(id.size()) + " of " +
                                          std::to_string(n) + " particles, and at the first time all have names. " +
                                          "Particles are followed by their names: give all of them one, or none.");
    all.id.insert(all.id.end(), id.begin(), id.end());
  }

  /// [N, columns]
  [[nodiscard]] std::vector<double> side_by_side(const Species& species, const std::vector<Column>& columns,
                                                 const std::vector<double>& weights) const {
    const auto n = static_cast<std::size_t>(species.size());
    std::vector<double> rows(n * columns.size());
    for (std::size_t c = 0; c < columns.size() && n > 0; ++c) {
      const auto values = openpmd::read_column(species, columns[c], mass_, weights);
      for (std::size_t i = 0; i < n; ++i) rows[i * columns.size() + c] = values[i];
    }
    return rows;
  }

  /// BeamPhysics: particleStatus 1 is alive.
  void mark_lost(const Species& species, std::vector<double>& samples) const {
    if (!species.has("particleStatus") || species.size() == 0) return;
    const auto status = species.read("particleStatus", "");
    const std::size_t d = columns_.size();
    for (std::size_t i = 0; i < status.size(); ++i)
      if (status[i] != 1) samples[i * d] = std::nan("");
  }

  Series series_;
  OpenpmdOptions options_;
  std::vector<std::string> species_;
  double mass_ = 0;
  std::vector<Column> columns_, rates_;
};

}  // namespace

class OpenpmdFormat : public ImportFormat {
 public:
  [[nodiscard]] std::string name() const override { return "openpmd"; }
  [[nodiscard]] std::string summary() const override {
    return "openPMD series in HDF5: one file, or one per time (data_%T.h5)";
  }
  void bind(OptionSet& set) override {
    set.add("import.species", options_.species,
            "openPMD: the species, as in \"beam1, beam2\"; empty: the only one, else the lightest and those like it");
    set.add("import.records", options_.records,
            "openPMD: records that become coordinates, as in \"position, u\" or \"position/z, u/z\" (u: p/(m c); "
            "velocity: from the momentum where there is no such record); empty: position, and u where a mass is known");
    set.add("import.mass", options_.mass, at_least(0),
            "openPMD: mass of a particle in kg where the file has none; 0: by the name of the species");
  }
  [[nodiscard]] bool recognises(const std::string& path, const std::string& start) const override {
    return start.starts_with("\x89HDF") && openpmd::is_openpmd(path);
  }
  [[nodiscard]] std::vector<std::unique_ptr<ImportSource>> open(const std::vector<RunFiles>& runs,
                                                                const ArrayNames& /*names*/) const override {
    std::vector<std::unique_ptr<ImportSource>> sources;
    for (const RunFiles& files : one_run_each(runs))
      sources.push_back(std::make_unique<OpenpmdSource>(files, options_));
    return sources;
  }

 private:
  /// Files that were named one by one but are times of one run come together.
  static std::vector<RunFiles> one_run_each(const std::vector<RunFiles>& runs) {
    std::vector<RunFiles> joined;
    std::vector<std::string> single;
    for (const RunFiles& files : runs)
      if (files.numbers.empty()) single.push_back(files.paths.front());
    const auto groups = openpmd::runs_of_files(single);
    for (const RunFiles& files : runs) {
      if (!files.numbers.empty()) {
        joined.push_back(files);
        continue;
      }
      for (const auto& group : groups)
        if (group.front() == files.paths.front()) joined.push_back({files.origin, group, {}, files.mu});
    }
    return joined;
  }

  OpenpmdOptions options_;
};

template std::unique_ptr<ImportFormat> make_format<OpenpmdFormat>();

}  // namespace scorefield::data
