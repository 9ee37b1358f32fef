#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <memory>
#include <numeric>
#include <set>
#include <span>

#include "core/error.hpp"
#include "core/version.hpp"
#include "data/export/writers.hpp"

namespace scorefield::data {
namespace {

/// Where a coordinate lies: a component of a vector record, or a scalar record of its own (component "").
struct Place {
  std::string record, component;

  [[nodiscard]] std::string path() const { return component.empty() ? record : record + "/" + component; }
  [[nodiscard]] std::string joined() const { return record + "_" + component; }
};

/// Letters, digits and underscores, as the standard wants names.
std::string clean_name(const std::string& name) {
  std::string clean;
  for (const char c : name) clean += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return clean.empty() ? "_" : clean;
}

bool is_axis(const std::string& name) { return name == "x" || name == "y" || name == "z"; }

/// x, y, z are positions, vx or v velocities, px momenta; what is left, scalars of their own. Without any position, all
/// coordinates are components of it, under their names.
std::vector<Place> places_of(const std::vector<std::string>& coordinates) {
  std::vector<Place> places;
  bool has_position = false;
  for (const auto& name : coordinates) {
    const std::string axis = name.size() == 1 ? "x" : name.substr(std::min<std::size_t>(1, name.size()));
    if (is_axis(name)) places.push_back({"position", name});
    else if (is_axis(axis) && name.size() <= 2 && name[0] == 'v') places.push_back({"velocity", axis});
    else if (is_axis(axis) && name.size() <= 2 && name[0] == 'p') places.push_back({"momentum", axis});
    else places.push_back({clean_name(name), ""});
    has_position = has_position || is_axis(name);
  }
  if (!has_position)
    for (std::size_t c = 0; c < places.size(); ++c) places[c] = {"position", clean_name(coordinates[c])};
  std::set<std::string> taken;
  for (std::size_t c = 0; c < places.size(); ++c)
    if (!taken.insert(places[c].path()).second) places[c].component.append("_").append(std::to_string(c));
  return places;
}

/// Powers of length, mass, time, current, temperature, amount and luminous intensity; none for other units than SI.
std::vector<double> dimension_of(const std::string& record, const std::string& unit) {
  if (record == "position" && unit == "m") return {1, 0, 0, 0, 0, 0, 0};
  if (record == "velocity" && unit == "m/s") return {1, 0, -1, 0, 0, 0, 0};
  if (record == "momentum" && unit == "kg m/s") return {1, 1, -1, 0, 0, 0, 0};
  return std::vector<double>(7);
}

/// One HDF5 file of the standard's version 1.1, group-based.
class OpenpmdFile {
 public:
  OpenpmdFile(const std::string& path, const ExportOptions& options)
      : destination_(path), file_(h5::File::create(destination_.temporary_path(), path)) {
    file_.set_text("/", "openPMD", "1.1.0");
    file_.set_unsigned("/", "openPMDextension", 0);
    file_.set_text("/", "basePath", "/data/%T/");
    file_.set_text("/", "particlesPath", "particles/");
    file_.set_text("/", "iterationEncoding", "groupBased");
    file_.set_text("/", "iterationFormat", "/data/%T/");
    file_.set_text("/", "author", options.author.empty() ? "scorefield" : options.author);
    file_.set_text("/", "software", "scorefield");
    file_.set_text("/", "softwareVersion", version());
    file_.set_text("/", "date", date());
  }
  h5::File& file() { return file_; }

  void begin_iteration(std::int64_t number, double time, double step, const std::string& unit) {
    group_ = "/data/" + std::to_string(number);
    file_.create_group(group_);
    file_.set_attribute(group_, "time", time);
    file_.set_attribute(group_, "dt", step);
    file_.set_attribute(group_, "timeUnitSI", 1.0);
    file_.set_text(group_, "timeUnit", unit);
  }
  void begin_species(const std::string& name, std::int64_t particles) {
    group_ += "/particles/" + name;
    particles_ = particles;
    file_.create_group(group_);
  }
  template <class T>
  void component(const Place& place, const std::vector<T>& values, const std::vector<double>& dimension) {
    const std::string path = group_ + "/" + place.path();
    file_.write<T>(path, values, {particles_});
    file_.set_attribute(path, "unitSI", 1.0);
    describe_record(place.record, dimension);
  }
  void constant(const Place& place, double value, const std::vector<double>& dimension) {
    const std::string path = group_ + "/" + place.path();
    file_.create_group(path);
    file_.set_attribute(path, "value", value);
    file_.set_unsigned(path, "shape", std::vector<std::uint64_t>{static_cast<std::uint64_t>(particles_)});
    file_.set_attribute(path, "unitSI", 1.0);
    describe_record(place.record, dimension);
  }
  /// One patch with all particles: the box that they lie in along this axis.
  void patch(const std::string& axis, double lowest, double highest) {
    const std::string path = group_ + "/particlePatches";
    if (!file_.exists(path)) {
      file_.write<std::uint64_t>(path + "/numParticles",
                                 std::vector<std::uint64_t>{static_cast<std::uint64_t>(particles_)}, {1});
      file_.write<std::uint64_t>(path + "/numParticlesOffset", std::vector<std::uint64_t>{0}, {1});
    }
    const std::string offset = path + "/offset/" + axis, extent = path + "/extent/" + axis;
    file_.write<double>(offset, std::vector<double>{lowest}, {1});
    file_.write<double>(extent, std::vector<double>{highest - lowest}, {1});
    file_.set_attribute(offset, "unitSI", 1.0);
    file_.set_attribute(extent, "unitSI", 1.0);
  }
  void note(const Place& place, const std::string& name, const std::string& text) {
    file_.set_text(group_ + "/" + place.path(), name, text);
  }
  void note(const Place& place, const std::string& name, double value) {
    file_.set_attribute(group_ + "/" + place.path(), name, value);
  }
  /// The attributes by which a record of weights is one.
  void mark_weighting() {
    file_.set_unsigned(group_ + "/weighting", "macroWeighted", 1);
    file_.set_attribute(group_ + "/weighting", "weightingPower", 1.0);
  }
  void close() { file_.close(); }
  void commit() { destination_.commit(); }

 private:
  static std::string date() {
    std::string now = iso8601_now();  // 2026-11-27T17:20:07Z
    std::replace(now.begin(), now.end(), 'T', ' ');
    if (now.ends_with('Z')) now.replace(now.size() - 1, 1, " +0000");
    return now;
  }
  void describe_record(const std::string& record, const std::vector<double>& dimension) {
    const std::string path = group_ + "/" + record;
    if (file_.has_attribute(path, "unitDimension")) return;
    file_.set_attribute(path, "unitDimension", dimension);
    file_.set_attribute(path, "timeOffset", 0.0);
    file_.set_unsigned(path, "macroWeighted", 0);
    file_.set_attribute(path, "weightingPower", 0.0);
  }

  AtomicFile destination_;
  h5::File file_;
  std::string group_;
  std::int64_t particles_ = 0;
};

/// Column c of rows [N, d].
template <class T>
std::vector<T> column(const std::vector<T>& rows, std::size_t d, std::size_t c) {
  std::vector<T> values;
  values.reserve(rows.size() / d);
  for (std::size_t i = c; i < rows.size(); i += d) values.push_back(rows[i]);
  return values;
}

/// What all frames of a file share.
struct Scheme {
  std::vector<Place> places;
  std::vector<std::string> coordinates, units;
  std::vector<double> periods;
};

/// One frame of a dataset; what it lacks is empty.
template <class T>
struct ExportFrame {
  std::vector<T> samples, velocities;  ///< [n, d]
  std::vector<T> weights;              ///< [n]
  std::vector<std::uint64_t> id;       ///< [n]
};

template <class T>
void write_coordinates(OpenpmdFile& file, const Scheme& scheme, const std::vector<T>& samples) {
  const std::size_t d = scheme.places.size();
  for (std::size_t c = 0; c < d; ++c) {
    const Place& place = scheme.places[c];
    const auto dimension = dimension_of(place.record, scheme.units[c]);
    const auto values = column(samples, d, c);
    file.component(place, values, dimension);
    file.note(place, "coordinate", scheme.coordinates[c]);
    file.note(place, "coordinateIndex", std::to_string(c));
    file.note(place, "coordinateUnit", scheme.units[c]);
    if (scheme.periods[c] > 0) file.note(place, "period", scheme.periods[c]);
    if (place.record != "position") continue;
    file.constant({"positionOffset", place.component}, 0, dimension);
    const auto [lowest, highest] = std::minmax_element(values.begin(), values.end());
    file.patch(place.component, *lowest, *highest);
  }
}

std::string number_text(double value) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return {text.data(), end};
}

void replace_all(std::string& text, const std::string& what, const std::string& by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
}

/// The file of run m.
std::string run_path(const DatasetHeader& header, std::string pattern, std::size_t m) {
  if (header.mu_count() > 1 && pattern.find('{') == std::string::npos) {
    const auto slash = pattern.rfind('/');
    auto dot = pattern.rfind('.');
    if (dot == std::string::npos || (slash != std::string::npos && dot < slash)) dot = pattern.size();
    std::string marks;
    for (const auto& name : header.mu_names) marks.append("_").append(name).append("{").append(name).append("}");
    pattern.insert(dot, marks);
  }
  for (std::size_t i = 0; i < header.mu_names.size(); ++i)
    replace_all(pattern, "{" + header.mu_names[i] + "}", number_text(header.mu[m][i]));
  replace_all(pattern, "{run}", std::to_string(m));
  return pattern;
}

/// One per mu, all different.
std::vector<std::string> run_paths(const DatasetHeader& header, const std::string& output) {
  std::vector<std::string> paths;
  for (std::size_t m = 0; m < header.mu.size(); ++m) {
    paths.push_back(run_path(header, output, m));
    if (std::count(paths.begin(), paths.end(), paths.back()) > 1)
      throw UsageError("--output " + output + " gives two runs the file " + paths.back() +
                       ": tell them apart by {run}, their index, as in run_{run}.h5.");
  }
  return paths;
}

template <class T>
void write_export_frame(OpenpmdFile& file, const Scheme& scheme, const ExportFrame<T>& frame) {
  const std::size_t d = scheme.places.size();
  write_coordinates(file, scheme, frame.samples);
  for (std::size_t c = 0; c < d && !frame.velocities.empty(); ++c)
    file.component({"timeDerivative", scheme.places[c].joined()}, column(frame.velocities, d, c),
                   std::vector<double>(7));
  if (!frame.weights.empty()) {
    file.component({"weighting", ""}, frame.weights, std::vector<double>(7));
    file.mark_weighting();
  }
  if (!frame.id.empty()) file.component({"id", ""}, frame.id, std::vector<double>(7));
}

/// Ids of the file, else the rows of trajectories; nothing for marginals.
std::vector<std::uint64_t> read_ids(const DatasetReader& reader, std::int64_t m, std::int64_t k, std::size_t n) {
  const DatasetHeader& header = reader.header();
  std::vector<std::uint64_t> id;
  if (header.has_id) {
    std::vector<std::int64_t> stored(n);
    reader.read_id(m, k, stored);
    for (const std::int64_t each : stored) id.push_back(std::bit_cast<std::uint64_t>(each));
  } else if (header.identity == Identity::trajectories) {
    id.resize(n);
    std::iota(id.begin(), id.end(), std::uint64_t{0});
  }
  return id;
}

template <class T>
ExportFrame<T> read_export_frame(const DatasetReader& reader, std::int64_t m, std::int64_t k) {
  const DatasetHeader& header = reader.header();
  const auto n = static_cast<std::size_t>(header.particles_at(m, k));
  ExportFrame<T> frame;
  frame.samples.resize(n * header.coordinates.size());
  reader.read_samples(m, k, std::span<T>(frame.samples));
  if (header.has_velocities) {
    frame.velocities.resize(frame.samples.size());
    reader.read_velocities(m, k, std::span<T>(frame.velocities));
  }
  if (header.has_weights) {
    frame.weights.resize(n);
    reader.read_weights(m, k, std::span<T>(frame.weights));
  }
  frame.id = read_ids(reader, m, k, n);
  return frame;
}

void write_run(const DatasetReader& reader, std::size_t m, const ExportOptions& options, OpenpmdFile& file) {
  const DatasetHeader& header = reader.header();
  const Scheme scheme{places_of(header.coordinates), header.coordinates, header.units, header.periods};
  for (std::size_t i = 0; i < header.mu_names.size(); ++i)
    file.file().set_attribute("/", clean_name(header.mu_names[i]), header.mu[m][i]);
  const auto run = static_cast<std::int64_t>(m);
  const auto& times = header.times(run);
  for (std::size_t k = 0; k < times.size(); ++k) {
    const auto number = static_cast<std::int64_t>(k);
    const std::size_t next = k + 1 < times.size() ? k + 1 : k, before = next > 0 ? next - 1 : 0;
    file.begin_iteration(number, times[k], times[next] - times[before], header.time_units);
    file.begin_species(options.species, header.particles_at(run, number));
    if (header.double_precision) write_export_frame(file, scheme, read_export_frame<double>(reader, run, number));
    else write_export_frame(file, scheme, read_export_frame<float>(reader, run, number));
  }
}

}  // namespace

std::vector<std::string> write_openpmd(const DatasetReader& reader, const std::string& output,
                                       const ExportOptions& options) {
  const auto paths = run_paths(reader.header(), output);
  std::vector<std::unique_ptr<OpenpmdFile>> files;
  for (std::size_t m = 0; m < paths.size(); ++m) {
    files.push_back(std::make_unique<OpenpmdFile>(paths[m], options));
    write_run(reader, m, options, *files.back());
    files.back()->close();
  }
  for (const auto& file : files) file->commit();
  return paths;
}

void write_openpmd(const SampleCloud& cloud, const std::string& output, const ExportOptions& options) {
  Scheme scheme;
  for (std::int64_t c = 1; c <= cloud.dimension; ++c)
    scheme.coordinates.push_back(std::string("x").append(std::to_string(c)));
  scheme.places = places_of(scheme.coordinates);
  scheme.units.assign(scheme.places.size(), "1");
  scheme.periods.assign(scheme.places.size(), 0);
  OpenpmdFile file(output, options);
  file.begin_iteration(0, 0, 0, "1");
  file.begin_species(options.species, cloud.particles);
  write_coordinates(file, scheme, cloud.samples);
  if (!cloud.weights.empty()) {
    file.component({"weighting", ""}, cloud.weights, std::vector<double>(7));
    file.mark_weighting();
  }
  if (!cloud.log_prob.empty()) file.component({"log_prob", ""}, cloud.log_prob, std::vector<double>(7));
  file.close();
  file.commit();
}

}  // namespace scorefield::data
