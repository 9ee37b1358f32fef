#include "data/problems/stepwise.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <sstream>
#include <utility>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "data/atomic_file.hpp"

namespace scorefield::problems {

std::string text(double number) {
  std::ostringstream out;
  out << number;
  return out.str();
}

namespace {

/// The diagnostics of all runs, a row per step.
class Rows {
 public:
  explicit Rows(const StepwiseProblem& problem) : problem_(problem) {
    for (const auto& column : problem.columns) width_ += column.width;
  }

  [[nodiscard]] std::span<double> next() {
    values_.resize(values_.size() + static_cast<std::size_t>(width_));
    return std::span(values_).last(static_cast<std::size_t>(width_));
  }

  [[nodiscard]] data::Diagnostics finish() const {
    data::Diagnostics diagnostics;
    const std::int64_t runs = problem_.header.mu_count(), steps = problem_.grid.steps + 1;
    for (std::int64_t i = 0; i < steps; ++i) diagnostics.time.push_back(static_cast<double>(i) * problem_.grid.dt);
    std::int64_t first = 0;
    for (const auto& [name, width] : problem_.columns) {
      auto& series = diagnostics.series[name];
      series.shape = {runs, steps};
      if (width > 1) series.shape.push_back(width);
      for (std::int64_t row = 0; row < runs * steps; ++row) {
        const auto begin = values_.begin() + row * width_ + first;
        series.values.insert(series.values.end(), begin, begin + width);
      }
      first += width;
    }
    return diagnostics;
  }

  void save(h5::File& file) const {
    file.write<double>("/rows", values_, {static_cast<std::int64_t>(values_.size()) / width_, width_});
  }
  void restore(const h5::File& file) { values_ = file.read<double>("/rows"); }

 private:
  const StepwiseProblem& problem_;
  std::int64_t width_ = 0;
  std::vector<double> values_;  ///< [rows, width]
};

/// Where a generation is: which mu, what it has measured, and what it has written.
class Generation {
 public:
  Generation(const StepwiseProblem& problem, const GenerateOptions& options, const std::string& path,
             const ProgressObserver& observer)
      : problem_(problem), options_(options), observer_(observer), writer_(path, problem.header), rows_(problem) {}

  void restore() {
    const auto file = h5::File::open(options_.checkpoint);
    check_same_configuration(data::read_provenance(file, {data::kCheckpointFormat}));
    writer_.restore_frames(file);
    rows_.restore(file);
    mu_index_ = file.integer_attribute("/run", "mu_index");
    if (mu_index_ < 0 || mu_index_ >= problem_.header.mu_count())
      throw FileError(file.path(), "names mu number " + std::to_string(mu_index_) + ". Generate without resuming.");
    run_ = problem_.restore(mu(), file, "/run");
  }

  void complete() {
    for (; mu_index_ < problem_.header.mu_count(); ++mu_index_) {
      if (!run_) run_ = problem_.start(mu());
      complete_run();
      run_.reset();
    }
    writer_.write_diagnostics(rows_.finish());
    writer_.commit();
    std::error_code ignored;
    if (!options_.checkpoint.empty()) std::filesystem::remove(options_.checkpoint, ignored);
  }

 private:
  [[nodiscard]] double mu() const { return problem_.header.mu[static_cast<std::size_t>(mu_index_)].front(); }
  [[nodiscard]] std::string stage() const { return problem_.name + " mu = " + text(mu()); }

  void complete_run() {
    for (;; run_->advance(rows_.next())) {
      if (run_->step() % problem_.grid.steps_per_frame == 0) write_frame();
      if (run_->step() == problem_.grid.steps) break;
      if (interrupt_requested()) stop();
      save_when_due();
    }
    run_->measure(rows_.next());
  }

  void write_frame() {
    const auto size = static_cast<std::size_t>(problem_.header.frame_size());
    samples_.resize(size);
    rates_.resize(problem_.header.has_velocities ? size : 0);
    run_->read(samples_, rates_);
    const std::int64_t frame = run_->step() / problem_.grid.steps_per_frame;
    writer_.write_frame(mu_index_, frame, samples_, rates_);
    if (observer_) observer_({stage(), frame + 1, problem_.header.frames(), ""});
  }

  void save_when_due() {
    if (options_.checkpoint.empty() || options_.checkpoint_interval <= 0) return;
    const auto now = std::chrono::steady_clock::now();
    if (std::chrono::duration<double>(now - saved_).count() < options_.checkpoint_interval) return;
    save();
    saved_ = std::chrono::steady_clock::now();
  }

  void save() const {
    data::AtomicFile destination(options_.checkpoint);
    auto file = h5::File::create(destination.temporary_path(), options_.checkpoint);
    data::Provenance provenance = problem_.header.provenance;
    provenance.format = data::kCheckpointFormat;
    data::write_provenance(file, provenance);
    writer_.save_frames(file);
    rows_.save(file);
    run_->save(file, "/run");
    file.set_attribute("/run", "mu_index", mu_index_);
    file.close();
    destination.commit();
  }

  [[noreturn]] void stop() const {
    const std::string where = "interrupted at " + stage() + ", step " + std::to_string(run_->step()) + " of " +
                              std::to_string(problem_.grid.steps);
    if (options_.checkpoint.empty()) throw Interrupted(where + "; no file was written.");
    save();
    throw Interrupted(where + "; the same command with --resume continues from " + options_.checkpoint + ".");
  }

  void check_same_configuration(const data::Provenance& found) const {
    std::istringstream then(found.config), now(problem_.header.provenance.config);
    std::string before, after;
    while (true) {
      const bool more = static_cast<bool>(std::getline(then, before));
      if (!std::getline(now, after)) after.clear();
      if (!more) before.clear();
      if (before != after)
        throw UsageError(options_.checkpoint + " was left by a run with '" + before + "', this one has '" + after +
                         "'. Resume with the same options, or generate without --resume.");
      if (!more && !now) break;
    }
    if (found.seed != problem_.header.provenance.seed)
      throw UsageError(options_.checkpoint + " was left by a run with seed " + std::to_string(found.seed) + ", not " +
                       std::to_string(problem_.header.provenance.seed) + ".");
  }

  const StepwiseProblem& problem_;
  const GenerateOptions& options_;
  const ProgressObserver& observer_;
  data::DatasetWriter writer_;
  Rows rows_;
  std::int64_t mu_index_ = 0;
  std::unique_ptr<StepwiseRun> run_;
  std::vector<float> samples_, rates_;
  std::chrono::steady_clock::time_point saved_ = std::chrono::steady_clock::now();
};

}  // namespace

TimeGrid time_grid(double duration, double dt, std::int64_t frames) {
  const double interval = duration / static_cast<double>(frames - 1);
  TimeGrid grid;
  // The small number forgives the rounding of, say, 0.2 / 0.01.
  grid.steps_per_frame = std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(interval / dt - 1e-6)));
  grid.steps = grid.steps_per_frame * (frames - 1);
  grid.dt = duration / static_cast<double>(grid.steps);
  return grid;
}

void validate_request(const GenerateOptions& options) {
  if (options.particles < 1)
    throw UsageError("generate.particles is " + std::to_string(options.particles) + ", expected at least 1.");
  if (options.frames < 2)
    throw UsageError("generate.frames is " + std::to_string(options.frames) +
                     ", expected at least 2: both ends of the time interval are stored.");
  if (!(options.checkpoint_interval >= 0) || !std::isfinite(options.checkpoint_interval))
    throw UsageError("generate.checkpoint_interval is " + text(options.checkpoint_interval) +
                     ", expected seconds, or 0 for none.");
  std::vector<double> sorted = options.mu;
  std::sort(sorted.begin(), sorted.end());
  if (const auto twice = std::adjacent_find(sorted.begin(), sorted.end()); twice != sorted.end())
    throw UsageError("mu = " + text(*twice) + " is asked for twice; every mu is one run.");
}

data::DatasetHeader make_header(const GenerateOptions& options, const std::string& config, double duration) {
  data::DatasetHeader header;
  header.provenance.format = data::kDatasetFormat;
  header.provenance.seed = options.seed;
  header.provenance.config = config;
  for (const double mu : options.mu) header.mu.push_back({mu});
  header.mu_names = {"mu"};
  for (std::int64_t k = 0; k < options.frames; ++k)
    header.time.push_back(duration * static_cast<double>(k) / static_cast<double>(options.frames - 1));
  header.time_units = "inverse plasma frequency at mu = 1";
  header.particles = options.particles;
  header.identity = data::Identity::trajectories;
  header.has_velocities = options.velocities;
  return header;
}

void generate_stepwise(const StepwiseProblem& problem, const GenerateOptions& options, const std::string& path,
                       const ProgressObserver& observer) {
  if (options.resume && !std::filesystem::exists(options.checkpoint))
    throw FileError(options.checkpoint, "no such file: there is no stopped run to resume. Generate without --resume.");
  Generation generation(problem, options, path, observer);
  if (options.resume) generation.restore();
  generation.complete();
}

}  // namespace scorefield::problems
