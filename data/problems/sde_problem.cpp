#include "data/problems/sde_problem.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <optional>
#include <utility>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "core/require.hpp"
#include "core/text.hpp"
#include "data/atomic_file.hpp"
#include "data/problems/run_checkpoint.hpp"
#include "data/problems/stepwise.hpp"
#include "data/shapes.hpp"
#include "solvers/sde/ensemble.hpp"

namespace scorefield::problems {
namespace {

std::vector<std::int64_t> indices(const std::vector<Coordinate>& coordinates) {
  std::vector<std::int64_t> result;
  for (const auto& coordinate : coordinates) result.push_back(coordinate.index);
  return result;
}

bool differentiable(const std::vector<Coordinate>& coordinates, const sde::System& system) {
  return std::all_of(coordinates.begin(), coordinates.end(), [&](const Coordinate& coordinate) {
    return system.sigma[static_cast<std::size_t>(coordinate.index)] == 0;
  });
}

/// Into [0, period): the rounding of a small negative number would give the period itself.
void wrap(const std::vector<double>& periods, std::span<float> samples) {
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto period = static_cast<float>(periods[i % periods.size()]);
    if (period == 0) continue;
    samples[i] -= period * std::floor(samples[i] / period);
    if (samples[i] >= period || samples[i] < 0) samples[i] = 0;
  }
}

}  // namespace

void SdeProblem::bind(OptionSet& set) { sde::bind(set, sde_); }

void SdeProblem::validate(const GenerateOptions& requested) const {
  const GenerateOptions options = with_defaults(requested, *this);
  require("option 'generate.particles'", options.particles, in(1, sde::kMaxParticles));
  validate_request(options);
  sde::validate(sde_);
  for (const auto& mu : options.mu) {
    const auto here = problem_at(*this, mu);
    sde::validate(here->sde_);
    const SdeModel model = here->model(mu.front());
    sde::validate(model.system, here->sde_.scheme);
    sde::validate(model.initial, model.system.dimension);
  }
  (void)header(options);
}

data::DatasetHeader SdeProblem::header(const GenerateOptions& options) const {
  bool all_differentiable = true;
  auto header = common_frame_plan(*this, options, [&](const SdeProblem& here, double mu) {
                  FramePlan plan{make_header(options, here.sde_.duration)};
                  plan.header.time_units = here.time_units();
                  for (const auto& coordinate : here.coordinates()) {
                    plan.header.coordinates.push_back(coordinate.name);
                    plan.header.units.push_back(coordinate.unit);
                    plan.header.periods.push_back(coordinate.period);
                  }
                  all_differentiable = all_differentiable && differentiable(here.coordinates(), here.model(mu).system);
                  return plan;
                }).header;
  header.has_velocities = options.velocities && all_differentiable;
  return header;
}

namespace {

constexpr const char* kRun = "/run";

/// A generation between two parts of a fraction of a second: which run is under way, and all that goes on from there.
class Generation {
 public:
  Generation(const SdeProblem& problem, const GenerateOptions& options, data::DatasetHeader header, FrameSink& sink,
             const ProgressObserver& observer)
      : problem_(problem),
        options_(options),
        header_(std::move(header)),
        sink_(sink),
        observer_(observer),
        stored_(indices(problem.coordinates())) {
    sink_.begin(header_);
  }

  void restore() {
    if (!std::filesystem::exists(options_.checkpoint))
      throw FileError(options_.checkpoint,
                      "no such file: there is no stopped run to resume. Generate without --resume.");
    const auto file = h5::File::open(options_.checkpoint);
    check_same_run(file, header_.provenance);
    sink_.restore(file);
    begin(data::read_count(file, kRun, "mu", 0, header_.mu_count() - 1));
    const auto step = data::read_count(file, kRun, "step", 0, grid_.steps_per_frame * (options_.frames - 1));
    ensemble_->restore(step, data::read_state<double>(file, std::string(kRun) + "/state",
                                                      static_cast<std::int64_t>(ensemble_->states().size())));
  }

  void complete() {
    for (; mu_index_ < header_.mu_count(); ++mu_index_, ensemble_.reset()) {
      if (!ensemble_) begin(mu_index_);
      complete_run();
    }
    sink_.finish();
    std::error_code ignored;
    if (!options_.checkpoint.empty()) std::filesystem::remove(options_.checkpoint, ignored);
  }

 private:
  [[nodiscard]] std::string stage() const {
    return problem_.name() + " mu = " + tuple_text(options_.mu[static_cast<std::size_t>(mu_index_)]);
  }

  void begin(std::int64_t mu_index) {
    mu_index_ = mu_index;
    const auto& mu = options_.mu[static_cast<std::size_t>(mu_index)];
    const auto here = problem_at(problem_, mu);
    grid_ = sde::time_grid(here->sde_options(), options_.frames);
    const SdeModel model = here->model(mu.front());
    // The bits of mu name the stream: runs of two mu, and of two seeds, draw independent numbers.
    ensemble_.emplace(model.system, model.initial, options_.particles,
                      sde::RunSettings{grid_.dt, here->sde_options().scheme, here->sde_options().path_refinement,
                                       static_cast<std::uint64_t>(options_.seed), random_stream(options_, mu)});
  }

  void complete_run() {
    const std::int64_t steps = grid_.steps_per_frame;
    for (std::int64_t frame = steps > 0 ? (ensemble_->step() + steps - 1) / steps : 0; frame < options_.frames;
         ++frame) {
      advance_to(frame * steps);
      write_frame(frame);
    }
  }

  /// In parts, so that whoever stops the run does not wait.
  void advance_to(std::int64_t step) {
    constexpr std::int64_t kNumbersAtOnce = 10'000'000;  // coordinates times steps
    const std::int64_t numbers = options_.particles * ensemble_->system().dimension;
    const std::int64_t part = std::max<std::int64_t>(1, kNumbersAtOnce / std::max<std::int64_t>(1, numbers));
    while (true) {
      if (interrupt_requested()) stop();
      if (due()) save();
      if (ensemble_->step() >= step) return;
      ensemble_->advance(std::min(part, step - ensemble_->step()));
    }
  }

  void write_frame(std::int64_t frame) {
    samples_.resize(static_cast<std::size_t>(header_.frame_size()));
    rates_.resize(header_.has_velocities ? samples_.size() : 0);
    ensemble_->read(stored_, samples_);
    wrap(header_.periods, samples_);
    if (!rates_.empty()) ensemble_->read_drift(stored_, rates_);
    sink_.write_frame(mu_index_, frame, samples_, rates_);
    if (observer_) observer_({stage(), frame + 1, options_.frames, ""});
  }

  [[nodiscard]] bool due() const {
    return !options_.checkpoint.empty() && options_.checkpoint_interval > 0 &&
           std::chrono::duration<double>(std::chrono::steady_clock::now() - saved_).count() >=
               options_.checkpoint_interval;
  }

  void save() {
    data::AtomicFile destination(options_.checkpoint);
    auto file = h5::File::create(destination.temporary_path(), options_.checkpoint);
    data::Provenance provenance = header_.provenance;
    provenance.format = data::kCheckpointFormat;
    data::write_provenance(file, provenance);
    sink_.save(file);
    const auto& state = ensemble_->states();
    file.write<double>(std::string(kRun) + "/state", state, {static_cast<std::int64_t>(state.size())});
    file.set_attribute(kRun, "mu", mu_index_);
    file.set_attribute(kRun, "step", ensemble_->step());
    file.close();
    destination.commit();
    saved_ = std::chrono::steady_clock::now();
  }

  [[noreturn]] void stop() {
    const std::string where = "interrupted at " + stage() + ", t = " + comma_joined<double>({ensemble_->time()});
    if (options_.checkpoint.empty()) throw Interrupted(where + "; no file was written.");
    save();
    throw Interrupted(where + "; the same command with --resume continues from " + options_.checkpoint + ".");
  }

  const SdeProblem& problem_;
  const GenerateOptions& options_;
  data::DatasetHeader header_;
  FrameSink& sink_;
  const ProgressObserver& observer_;
  std::vector<std::int64_t> stored_;  ///< coordinates
  std::int64_t mu_index_ = 0;
  sde::TimeGrid grid_{};
  std::optional<sde::Ensemble> ensemble_;  ///< of the run under way
  std::vector<float> samples_, rates_;
  std::chrono::steady_clock::time_point saved_ = std::chrono::steady_clock::now();
};

}  // namespace

void SdeProblem::generate(const GenerateOptions& requested, FrameSink& sink, const ProgressObserver& observer) const {
  const GenerateOptions options = with_defaults(requested, *this);
  validate(options);
  Generation generation(*this, options, header(options), sink, observer);
  if (options.resume) generation.restore();
  generation.complete();
}

}  // namespace scorefield::problems
