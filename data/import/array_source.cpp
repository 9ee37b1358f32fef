#include "data/import/array_source.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"
#include "data/import/array_set.hpp"

namespace scorefield::data {
namespace {

std::string quoted(const std::string& name) { return "array '" + name + "'"; }

/// Splits the numbers of an array of mu among runs. @throws FileError where they do not go in
void assign_mu(const std::string& path, const std::string& name, const std::vector<double>& values,
               std::vector<ImportRun>& runs) {
  if (values.empty() || values.size() % runs.size() != 0)
    throw FileError(path, quoted(name) + " has " + std::to_string(values.size()) + " values, expected " +
                              std::to_string(runs.size()) + " or a multiple.");
  const auto width = static_cast<std::ptrdiff_t>(values.size() / runs.size());
  auto row = values.begin();
  for (ImportRun& each : runs) {
    each.mu.assign(row, row + width);
    row += width;
  }
}

/// Numbers under a name: an array's, else an attribute's.
std::optional<std::vector<double>> numbers(const ArrayFile& file, const std::string& name) {
  if (file.has(name)) return file.array(name)->read_all();
  return file.attribute(name);
}

/// What the sources of both kinds share: parameters and side arrays.
class ArraySourceBase : public ImportSource {
 public:
  ArraySourceBase(const RunFiles& files, const ArrayNames& names) : files_(files), names_(names) {}

 protected:
  void set_mu(const ArrayFile& file) {
    for (const auto& [name, value] : files_.mu) space_.mu_names.push_back(name);
    for (ImportRun& run : runs_)
      for (const auto& [name, value] : files_.mu) run.mu.push_back(value);
    if (!files_.mu.empty()) return;
    for (const auto& name : comma_separated(names_.mu)) {
      const auto values = numbers(file, name);
      if (!values) return;
      std::vector<ImportRun> part = runs_;
      assign_mu(files_.paths.front(), name, *values, part);
      for (std::size_t i = 0; i < runs_.size(); ++i)
        runs_[i].mu.insert(runs_[i].mu.end(), part[i].mu.begin(), part[i].mu.end());
    }
    if (names_.mu != ArrayNames{}.mu) space_.mu_names = comma_separated(names_.mu);
    if (!runs_.empty() && space_.mu_names.size() != runs_[0].mu.size()) space_.mu_names.clear();
  }

  /// Where the side array `name` (weights, ids) of frame `frame` of run `run` begins: it may be [N], [K, N], [M, N] or
  /// [M, K, N].
  [[nodiscard]] std::int64_t side_offset(const std::string& path, const std::string& name, const ForeignArray& array,
                                         const h5::Dims& shape, std::int64_t run, std::int64_t frame) const {
    const std::int64_t m = shape[0], k = shape[1], n = shape[2];
    if (array.size() == n) return 0;
    if (array.size() == m * k * n) return (run * k + frame) * n;
    if (array.size() == m * n) return run * n;
    if (array.size() == k * n) return frame * n;
    throw FileError(path, quoted(name) + " has shape " + h5::to_text(array.dims()) +
                              ", expected one value per particle, [" + std::to_string(n) + "], or per sample, [" +
                              std::to_string(k) + ", " + std::to_string(n) + "].");
  }

  RunFiles files_;
  ArrayNames names_;
};

/// All times of some runs in one file.
class StackedSource : public ArraySourceBase {
 public:
  StackedSource(const RunFiles& files, std::unique_ptr<ArrayFile> file, const ArrayNames& names)
      : ArraySourceBase(files, names), path_(files.paths.front()), file_(std::move(file)) {
    time_name_ = known_name(*file_, names.time);
    const auto time = time_name_.empty() ? std::vector<double>{} : file_->array(time_name_)->read_all();
    samples_ = std::make_unique<ArraySet>(*file_, path_, sample_names(*file_, names.samples), ArraySet::Layout::stacked,
                                          static_cast<std::int64_t>(time.size()));
    open_velocities();
    space_.dimension = samples_->dimension();
    space_.coordinates = samples_->coordinates();
    weights_ = side_array(names.weights);
    id_ = side_array(names.id);
    space_.has_weights = weights_ != nullptr;
    space_.has_id = id_ != nullptr;
    set_runs(time);
    set_mu(*file_);
  }

  [[nodiscard]] ImportFrame read(std::int64_t run, std::int64_t frame) const override {
    const std::int64_t n = samples_->particles(), index = run * samples_->frames() + frame;
    ImportFrame result{samples_->read(index), {}, {}, {}};
    if (velocities_) result.velocities = velocities_->read(index);
    if (weights_)
      result.weights = weights_->read(side_offset(path_, names_.weights, *weights_, samples_->shape(), run, frame), n);
    if (id_) result.id = id_->read_integers(side_offset(path_, names_.id, *id_, samples_->shape(), run, frame), n);
    return result;
  }

  [[nodiscard]] std::optional<double> number(std::int64_t run, const std::string& name) const override {
    const auto values = numbers(*file_, name);
    if (!values || values->empty()) return std::nullopt;
    if (values->size() == 1) return values->front();
    if (values->size() == runs_.size()) return (*values)[static_cast<std::size_t>(run)];
    return std::nullopt;
  }

  [[nodiscard]] std::optional<Diagnostics> read_diagnostics(std::int64_t run, const std::string& names,
                                                            const std::string& time) const override {
    Diagnostics diagnostics;
    if (!time.empty() && file_->has(time)) diagnostics.time = file_->array(time)->read_all();
    else if (!time_name_.empty()) diagnostics.time = runs_[static_cast<std::size_t>(run)].time;
    const std::size_t steps = diagnostics.time.size();
    for (const auto& word : comma_separated(names)) {
      const auto equals = word.find('=');
      const std::string array = trimmed(word.substr(equals == std::string::npos ? 0 : equals + 1));
      if (steps == 0 || !file_->has(array)) continue;
      const auto values = file_->array(array)->read_all();
      const std::size_t all = steps * runs_.size();
      if (values.size() != steps && values.size() != all) continue;
      const auto first = values.begin() + (values.size() == all ? run * static_cast<std::int64_t>(steps) : 0);
      diagnostics.series[trimmed(word.substr(0, equals))] = {{1, static_cast<std::int64_t>(steps)},
                                                             {first, first + static_cast<std::ptrdiff_t>(steps)}};
    }
    return diagnostics.series.empty() ? std::nullopt : std::optional(std::move(diagnostics));
  }

 private:
  void open_velocities() {
    for (const auto& name : comma_separated(names_.velocities))
      if (!file_->has(name)) return;
    velocities_ = std::make_unique<ArraySet>(*file_, path_, comma_separated(names_.velocities),
                                             ArraySet::Layout::stacked, samples_->frames());
    if (!velocities_->same_shape(*samples_))
      throw FileError(path_, quoted(names_.velocities) + " has shape " + h5::to_text(velocities_->stored_shape()) +
                                 ", expected that of '" + names_.samples + "', " +
                                 h5::to_text(samples_->stored_shape()) + ".");
    space_.has_velocities = true;
  }

  [[nodiscard]] std::unique_ptr<ForeignArray> side_array(const std::string& wanted) const {
    const std::string name = known_name(*file_, wanted);
    if (name.empty()) return nullptr;
    auto array = file_->array(name);
    static_cast<void>(side_offset(path_, name, *array, samples_->shape(), 0, 0));
    return array;
  }

  void set_runs(const std::vector<double>& time) {
    const std::int64_t frames = samples_->frames();
    if (!time.empty() && static_cast<std::int64_t>(time.size()) != frames)
      throw FileError(path_, quoted(time_name_) + " has " + std::to_string(time.size()) +
                                 " values, expected one per time of the samples, " + std::to_string(frames) + ".");
    ImportRun run{.origin = path_, .mu = {}, .time = time, .particles = {}};
    run.particles.assign(static_cast<std::size_t>(frames), samples_->particles());
    runs_.assign(static_cast<std::size_t>(samples_->runs()), run);
  }

  std::string path_, time_name_;
  std::unique_ptr<ArrayFile> file_;
  std::unique_ptr<ArraySet> samples_, velocities_;
  std::unique_ptr<ForeignArray> weights_, id_;
};

/// One run with an array per time, in files of their own or under names with %T in one file.
class FrameSource : public ArraySourceBase {
 public:
  FrameSource(const RunFiles& files, const ArrayFormat& format, const ArrayNames& names)
      : ArraySourceBase(files, names), format_(format) {
    list_frames();
    ImportRun run{.origin = files.origin, .mu = {}, .time = {}, .particles = {}};
    for (std::size_t k = 0; k < frames_.size(); ++k) {
      const ArraySet samples = open_set(k, names.samples);
      if (k == 0) {
        space_.dimension = samples.dimension();
        space_.coordinates = samples.coordinates();
        set_side_arrays();
      }
      if (samples.dimension() != space_.dimension)
        throw FileError(path(k), "has " + std::to_string(samples.dimension()) + " coordinates, " + path(0) + " has " +
                                     std::to_string(space_.dimension) + ".");
      run.particles.push_back(samples.particles());
      run.steps.push_back(static_cast<double>(frames_[k].number));
      add_time(k, run.time);
    }
    if (run.time.size() != frames_.size()) run.time = times_of_one_file();
    runs_.push_back(std::move(run));
    set_mu(file(0));
  }

  [[nodiscard]] ImportFrame read(std::int64_t /*run*/, std::int64_t frame) const override {
    const auto k = static_cast<std::size_t>(frame);
    ImportFrame result{open_set(k, names_.samples).read(0), {}, {}, {}};
    const std::int64_t n = runs_[0].particles[k];
    if (space_.has_velocities) result.velocities = open_set(k, names_.velocities).read(0);
    if (space_.has_weights) result.weights = side(k, names_.weights, n)->read(0, n);
    if (space_.has_id) result.id = side(k, names_.id, n)->read_integers(0, n);
    if (space_.has_velocities && result.velocities.size() != result.samples.size())
      throw FileError(path(k), "has velocities of another shape than the samples.");
    return result;
  }

  [[nodiscard]] std::optional<double> number(std::int64_t /*run*/, const std::string& name) const override {
    const auto values = numbers(file(0), name);
    return values && values->size() == 1 ? std::optional(values->front()) : std::nullopt;
  }

 private:
  struct Place {
    std::size_t file;     ///< index of the path
    std::int64_t number;  ///< %T
    std::string digits;   ///< %T as names in the file spell it
  };

  void list_frames() {
    if (files_.paths.size() > 1 || !has_time_mark(names_.samples)) {
      for (std::size_t i = 0; i < files_.paths.size(); ++i)
        frames_.push_back({i, files_.numbers.empty() ? static_cast<std::int64_t>(i) : files_.numbers[i], ""});
      return;
    }
    const std::string pattern = comma_separated(names_.samples).front();
    for (const auto& name : file(0).all_names()) {
      NameMatch match;
      if (!match_name(pattern, name, match)) continue;
      const auto mark = pattern.find('%');
      const auto digits = name.find_first_not_of("0123456789", mark);
      frames_.push_back({0, match.numbers.front(), name.substr(mark, digits - mark)});
    }
    if (frames_.empty())
      throw FileError(path(0), "has no array '" + pattern +
                                   "' (%T: the number of a time); there are: " + comma_joined(file(0).names()) + ".");
    std::sort(frames_.begin(), frames_.end(), [](const Place& a, const Place& b) { return a.number < b.number; });
  }

  [[nodiscard]] const std::string& path(std::size_t k) const { return files_.paths[frames_[k].file]; }

  [[nodiscard]] const ArrayFile& file(std::size_t k) const {
    const std::size_t index = frames_.empty() ? 0 : frames_[k].file;
    if (!open_ || open_index_ != index) {
      open_ = format_.open_file(files_.paths[index]);
      open_index_ = index;
    }
    return *open_;
  }

  /// The name at time k: its %T filled in.
  [[nodiscard]] std::string at(std::size_t k, const std::string& name) const {
    const auto mark = has_time_mark(name) ? name.find('%') : std::string::npos;
    if (mark == std::string::npos) return name;
    return name.substr(0, mark) + frames_[k].digits + name.substr(name.find('T', mark) + 1);
  }

  [[nodiscard]] ArraySet open_set(std::size_t k, const std::string& names) const {
    const ArrayFile& open = file(k);
    std::vector<std::string> all;
    for (const auto& name : sample_names(open, names)) all.push_back(at(k, name));
    return {open, path(k), all, ArraySet::Layout::frame, 0};
  }

  [[nodiscard]] std::unique_ptr<ForeignArray> side(std::size_t k, const std::string& name, std::int64_t n) const {
    const ArrayFile& open = file(k);
    auto array = open.array(has_time_mark(name) ? at(k, name) : known_name(open, name));
    if (array->size() != n)
      throw FileError(path(k), quoted(name) + " has " + std::to_string(array->size()) +
                                   " values, expected one per particle, " + std::to_string(n) + ".");
    return array;
  }

  void set_side_arrays() {
    const auto there = [&](const std::string& name) {
      return has_time_mark(name) ? file(0).has(at(0, name)) : !known_name(file(0), name).empty();
    };
    space_.has_velocities = true;
    for (const auto& name : comma_separated(names_.velocities))
      space_.has_velocities = space_.has_velocities && file(0).has(at(0, name));
    space_.has_weights = there(names_.weights);
    space_.has_id = there(names_.id);
  }

  /// A time per file, or an array with the time of one name.
  void add_time(std::size_t k, std::vector<double>& time) const {
    if (files_.paths.size() == 1 && !has_time_mark(names_.time)) return;
    const ArrayFile& open = file(k);
    const std::string name = has_time_mark(names_.time) ? at(k, names_.time) : known_name(open, names_.time);
    auto values = name.empty() ? open.attribute(names_.time) : numbers(open, name);
    if (!values && names_.time == ArrayNames{}.time) values = open.attribute("t");
    if (values && values->size() == 1) time.push_back(values->front());
  }

  [[nodiscard]] std::vector<double> times_of_one_file() const {
    const std::string name = known_name(file(0), names_.time);
    auto times = files_.paths.size() == 1 && !name.empty() ? file(0).array(name)->read_all() : std::vector<double>{};
    return times.size() == frames_.size() ? times : std::vector<double>{};
  }

  const ArrayFormat& format_;
  std::vector<Place> frames_;
  mutable std::unique_ptr<ArrayFile> open_;
  mutable std::size_t open_index_ = 0;
};

}  // namespace

std::vector<std::unique_ptr<ImportSource>> ArrayFormat::open(const std::vector<RunFiles>& runs,
                                                             const ArrayNames& names) const {
  std::vector<std::unique_ptr<ImportSource>> sources;
  for (const RunFiles& files : runs) {
    if (files.paths.size() > 1 || !files.numbers.empty() || has_time_mark(names.samples))
      sources.push_back(std::make_unique<FrameSource>(files, *this, names));
    else sources.push_back(std::make_unique<StackedSource>(files, open_file(files.paths.front()), names));
  }
  return sources;
}

}  // namespace scorefield::data
