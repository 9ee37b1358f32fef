#include "data/problems/stepwise.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <sstream>
#include <utility>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "core/parallel.hpp"
#include "core/text.hpp"
#include "data/atomic_file.hpp"
#include "data/problems/run_checkpoint.hpp"
#include "data/shapes.hpp"

namespace scorefield::problems {

namespace {

/// The diagnostics of one run, a row per step.
class Rows {
 public:
  [[nodiscard]] std::span<double> next(std::int64_t width) {
    values_.resize(values_.size() + static_cast<std::size_t>(width));
    return std::span(values_).last(static_cast<std::size_t>(width));
  }
  [[nodiscard]] const std::vector<double>& values() const { return values_; }

  void save(h5::File& file, const std::string& name) const {
    if (!values_.empty()) file.write<double>(name, values_, {static_cast<std::int64_t>(values_.size())});
  }
  /// @throws FileError unless there are `rows` of them, finite
  void restore(const h5::File& file, const std::string& name, std::int64_t rows, std::int64_t width) {
    values_ = data::read_state<double>(file, name, rows * width);
  }

 private:
  std::vector<double> values_;  ///< [rows, width]
};

/// A run under way.
struct Lane {
  std::int64_t mu_index;
  std::unique_ptr<StepwiseRun> run;
};

/// Where a generation is: which runs are under way, what has been measured, and what has been written.
class Generation {
 public:
  Generation(const StepwiseProblem& problem, const GenerateOptions& options, FrameSink& sink,
             const ProgressObserver& observer)
      : problem_(problem),
        options_(options),
        observer_(observer),
        sink_(sink),
        rows_(static_cast<std::size_t>(problem.header.mu_count())) {
    sink_.begin(problem.header);
    for (const auto& column : problem.columns) width_ += column.width;
  }

  void restore() {
    const auto file = h5::File::open(options_.checkpoint);
    check_same_run(file, problem_.header.provenance);
    sink_.restore(file);
    next_ = data::read_count(file, "/run", "next_mu", 0, problem_.header.mu_count());
    for (std::int64_t m = 0; m < next_; ++m) {
      std::int64_t rows = problem_.grid.steps + 1;  // of a run that is finished
      if (file.exists(run_name(m))) {
        rows = data::read_count(file, run_name(m), "step", 0, problem_.grid.steps);
        lanes_.push_back({m, problem_.restore(mu(m), file, run_name(m))});
      }
      rows_[static_cast<std::size_t>(m)].restore(file, rows_name(m), rows, width_);
    }
  }

  /// As many runs as there are threads go side by side, meeting whenever frames are to be written; a single one has the
  /// threads for itself.
  void complete() {
    for (open_lanes(); !lanes_.empty(); open_lanes()) {
      for (const Lane& lane : lanes_)
        if (at_frame(lane)) write_frame(lane);
      std::erase_if(lanes_, [&](const Lane& lane) { return finish(lane); });
      if (lanes_.empty()) continue;
      if (interrupt_requested()) stop();
      if (due()) save();
      parallel_for(static_cast<std::int64_t>(lanes_.size()),
                   [&](std::int64_t i) { advance(lanes_[static_cast<std::size_t>(i)]); });
    }
    sink_.write_diagnostics(collect_diagnostics());
    sink_.finish();
    std::error_code ignored;
    if (!options_.checkpoint.empty()) std::filesystem::remove(options_.checkpoint, ignored);
  }

 private:
  [[nodiscard]] const std::vector<double>& mu(std::int64_t index) const {
    return problem_.header.mu[static_cast<std::size_t>(index)];
  }
  [[nodiscard]] static std::string rows_name(std::int64_t index) { return "/rows/" + std::to_string(index); }
  [[nodiscard]] static std::string run_name(std::int64_t index) { return "/run/" + std::to_string(index); }
  [[nodiscard]] std::span<double> next_row(const Lane& lane) {
    return rows_[static_cast<std::size_t>(lane.mu_index)].next(width_);
  }
  [[nodiscard]] bool at_frame(const Lane& lane) const { return lane.run->step() % problem_.grid.steps_per_frame == 0; }

  [[nodiscard]] std::string stage() const {
    std::string stage = problem_.name + " mu = ";
    for (const Lane& lane : lanes_) stage += (&lane == &lanes_.front() ? "" : ", ") + tuple_text(mu(lane.mu_index));
    return stage;
  }

  void open_lanes() {
    const std::size_t width = problem_.side_by_side ? static_cast<std::size_t>(thread_count()) : 1;
    for (; lanes_.size() < width && next_ < problem_.header.mu_count(); ++next_)
      lanes_.push_back({next_, problem_.start(mu(next_))});
  }

  /// Up to the next frame, or until the driver has something to do.
  void advance(const Lane& lane) {
    do lane.run->advance(next_row(lane));
    while (!at_frame(lane) && !interrupt_requested() && !due());
  }

  [[nodiscard]] bool finish(const Lane& lane) {
    if (lane.run->step() != problem_.grid.steps) return false;
    lane.run->measure(next_row(lane));
    return true;
  }

  void write_frame(const Lane& lane) {
    const auto size = static_cast<std::size_t>(problem_.header.frame_size());
    samples_.resize(size);
    rates_.resize(problem_.header.has_velocities ? size : 0);
    lane.run->read(samples_, rates_);
    const std::int64_t frame = lane.run->step() / problem_.grid.steps_per_frame;
    sink_.write_frame(lane.mu_index, frame, samples_, rates_);
    if (const auto& grid = problem_.header.density) {
      density_.resize(static_cast<std::size_t>(grid->size()));
      lane.run->read_density(density_);
      sink_.write_density(lane.mu_index, frame, density_);
    }
    if (!observer_) return;
    std::int64_t done = 0;
    for (const Lane& other : lanes_) done += other.run->step() / problem_.grid.steps_per_frame;
    done += &lane - lanes_.data() + 1;
    const auto total = static_cast<std::int64_t>(lanes_.size()) * problem_.header.frames();
    observer_({stage(), std::min(done, total), total, ""});
  }

  [[nodiscard]] data::Diagnostics collect_diagnostics() const {
    data::Diagnostics diagnostics;
    const std::int64_t runs = problem_.header.mu_count(), steps = problem_.grid.steps + 1;
    for (std::int64_t i = 0; i < steps; ++i) diagnostics.time.push_back(static_cast<double>(i) * problem_.grid.dt);
    std::int64_t first = 0;
    for (const auto& [name, description, width] : problem_.columns) {
      auto& series = diagnostics.series[name];
      series.description = description;
      series.shape = {runs, steps};
      if (width > 1) series.shape.push_back(width);
      for (const Rows& rows : rows_)
        for (std::int64_t row = 0; row < steps; ++row) {
          const auto begin = rows.values().begin() + row * width_ + first;
          series.values.insert(series.values.end(), begin, begin + width);
        }
      first += width;
    }
    return diagnostics;
  }

  /// Whether the periodic checkpoint is due.
  [[nodiscard]] bool due() const {
    if (options_.checkpoint.empty() || options_.checkpoint_interval <= 0) return false;
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - saved_).count() >=
           options_.checkpoint_interval;
  }

  void save() {
    data::AtomicFile destination(options_.checkpoint);
    auto file = h5::File::create(destination.temporary_path(), options_.checkpoint);
    data::Provenance provenance = problem_.header.provenance;
    provenance.format = data::kCheckpointFormat;
    data::write_provenance(file, provenance);
    sink_.save(file);
    for (std::int64_t m = 0; m < next_; ++m) rows_[static_cast<std::size_t>(m)].save(file, rows_name(m));
    for (const Lane& lane : lanes_) lane.run->save(file, run_name(lane.mu_index));
    file.set_attribute("/run", "next_mu", next_);
    file.close();
    destination.commit();
    saved_ = std::chrono::steady_clock::now();
  }

  [[noreturn]] void stop() {
    const std::string where = "interrupted at " + stage() + ", step " + std::to_string(lanes_.front().run->step()) +
                              " of " + std::to_string(problem_.grid.steps);
    if (options_.checkpoint.empty()) throw Interrupted(where + "; no file was written.");
    save();
    throw Interrupted(where + "; the same command with --resume continues from " + options_.checkpoint + ".");
  }

  const StepwiseProblem& problem_;
  const GenerateOptions& options_;
  const ProgressObserver& observer_;
  FrameSink& sink_;
  std::int64_t width_ = 0;  ///< of a row
  std::vector<Rows> rows_;  ///< [M]
  std::vector<Lane> lanes_;
  std::int64_t next_ = 0;  ///< the first mu whose run has not begun
  std::vector<float> samples_, rates_, density_;
  std::chrono::steady_clock::time_point saved_ = std::chrono::steady_clock::now();
};

}  // namespace

TimeGrid time_grid(double duration, double dt, std::int64_t frames) {
  if (frames == 1) return {.steps_per_frame = 1, .steps = 0, .dt = dt};
  const double interval = duration / static_cast<double>(frames - 1);
  TimeGrid grid;
  // The small number forgives the rounding of, say, 0.2 / 0.01.
  grid.steps_per_frame = std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(interval / dt - 1e-6)));
  grid.steps = grid.steps_per_frame * (frames - 1);
  grid.dt = duration / static_cast<double>(grid.steps);
  return grid;
}

void validate_request(const GenerateOptions& options) {
  check_ranges(options);
  std::vector<std::vector<double>> sorted = options.mu;
  std::sort(sorted.begin(), sorted.end());
  if (const auto twice = std::adjacent_find(sorted.begin(), sorted.end()); twice != sorted.end())
    throw UsageError("mu = " + tuple_text(*twice) + " is asked for twice; every mu is one run.");
}

data::DatasetHeader make_header(const GenerateOptions& options, double duration) {
  data::DatasetHeader header;
  header.provenance.format = data::kDatasetFormat;
  header.provenance.seed = options.seed;
  header.provenance.config = options.config;
  header.mu = options.mu;
  header.mu_names = {kMainParameter};
  for (std::int64_t k = 0; k < options.frames; ++k)
    header.time.push_back(k == 0 ? 0 : duration * static_cast<double>(k) / static_cast<double>(options.frames - 1));
  header.time_units = "inverse plasma frequency at mu = 1";
  header.particles = options.particles;
  header.identity = data::Identity::trajectories;
  header.has_velocities = options.velocities;
  return header;
}

void require_common_frames(const FramePlan& all, const FramePlan& here, const std::vector<double>& mu) {
  const auto changed = [&]() -> const char* {
    if (here.header.time != all.header.time) return "times";
    if (here.grid.steps != all.grid.steps || here.grid.dt != all.grid.dt) return "time steps";
    if (here.header.coordinates != all.header.coordinates) return "coordinates";
    if (here.header.units != all.header.units) return "units";
    if (here.header.periods != all.header.periods) return "periods";
    if (here.field_modes != all.field_modes) return "number of field modes";
    if (all.header.has_velocities && here.header.diffusion != all.header.diffusion)
      return "diffusion, which stored velocities leave out,";
    return nullptr;
  };
  if (const char* what = changed())
    throw UsageError("the parameters " + comma_joined(all.header.mu_names) + " change the " + what +
                     " of the data: at mu = " + tuple_text(mu) +
                     " they are others than at mu = " + tuple_text(all.header.mu.front()) +
                     ". All runs of a file share them; vary other options, or make a file for each value.");
}

void generate_stepwise(const StepwiseProblem& problem, const GenerateOptions& options, FrameSink& sink,
                       const ProgressObserver& observer) {
  if (options.resume && !std::filesystem::exists(options.checkpoint))
    throw FileError(options.checkpoint, "no such file: there is no stopped run to resume. Generate without --resume.");
  Generation generation(problem, options, sink, observer);
  if (options.resume) generation.restore();
  generation.complete();
}

}  // namespace scorefield::problems
