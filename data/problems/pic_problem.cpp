#include "data/problems/pic_problem.hpp"

#include <cmath>
#include <utility>

#include "core/error.hpp"
#include "core/random.hpp"
#include "data/shapes.hpp"
#include "solvers/pic/simulation.hpp"

namespace scorefield::problems {
namespace {

/// Philox streams of one run: mu and what the numbers are for.
constexpr std::uint64_t kCollisionStream = 0x636f6c6c696465;
Philox stream(const GenerateOptions& options, const std::vector<double>& mu, std::uint64_t purpose) {
  return {static_cast<std::uint64_t>(options.seed), random_stream(options, mu) ^ purpose};
}

/// Everything at one mu that is fixed before the first step.
struct PicSetup {
  pic::PicOptions options;
  double dt = 0;
  PlasmaSetup plasma;
  Philox loading = Philox(0, 0);
  pic::Collisions collisions;
};

template <class Real>
class PicRun : public StepwiseRun {
 public:
  explicit PicRun(const PicSetup& setup)
      : unit_(static_cast<float>(1 / setup.plasma.position_unit)),
        simulation_(setup.options, setup.dt, setup.plasma.mu,
                    pic::load(setup.plasma.population, setup.options.box_length, setup.options.simulated_particles,
                              setup.options.start, setup.loading),
                    setup.collisions) {}

  PicRun(const PicSetup& setup, const h5::File& file, const std::string& group)
      : unit_(static_cast<float>(1 / setup.plasma.position_unit)),
        simulation_(setup.options, setup.dt, setup.plasma.mu,
                    pic::State<Real>{
                        file.integer_attribute(group, "step"),
                        data::read_state<pic::Position>(file, group + "/position", setup.options.simulated_particles),
                        data::read_state<Real>(file, group + "/velocity", setup.options.simulated_particles)},
                    setup.collisions) {}

  [[nodiscard]] std::int64_t step() const override { return simulation_.step(); }

  void advance(std::span<double> row) override {
    record_field(row);
    record_moments(simulation_.advance(), row);
  }

  void measure(std::span<double> row) const override {
    record_field(row);
    record_moments(simulation_.moments(), row);
  }

  void read(std::span<float> samples, std::span<float> rates) const override {
    simulation_.read(samples, rates);
    if (unit_ == 1) return;
    for (std::size_t i = 0; i < samples.size(); i += 2) {
      samples[i] = samples[i] * unit_ < 1 ? samples[i] * unit_ : 0;  // the unit is the box
      if (!rates.empty()) rates[i] *= unit_;
    }
  }

  void save(h5::File& file, const std::string& group) const override {
    const auto& [step, position, velocity] = simulation_.state();
    const auto count = static_cast<std::int64_t>(position.size());
    file.write<pic::Position>(group + "/position", position, {count});
    file.write<Real>(group + "/velocity", velocity, {count});
    file.set_attribute(group, "step", step);
  }

 private:
  void record_field(std::span<double> row) const {
    row[0] = simulation_.electric_energy();
    const auto modes = simulation_.field_modes();
    for (std::size_t k = 0; k < modes.size(); ++k) row[3 + k] = std::abs(modes[k]);
  }

  static void record_moments(const pic::Moments& moments, std::span<double> row) {
    row[1] = moments.kinetic_energy;
    row[2] = moments.momentum;
  }

  float unit_;
  pic::Simulation<Real> simulation_;
};

template <class... Arguments>
std::unique_ptr<StepwiseRun> make_run(const PicSetup& setup, const Arguments&... arguments) {
  if (setup.options.precision == pic::Precision::single) return std::make_unique<PicRun<float>>(setup, arguments...);
  return std::make_unique<PicRun<double>>(setup, arguments...);
}

}  // namespace

PicProblem::PicProblem(std::shared_ptr<const PlasmaCase> plasma)
    : case_(std::move(plasma)), plasma_(case_->plasma_options()), pic_(case_->pic_options()) {}

std::string PicProblem::summary() const { return case_->system() + ", 1D1V particle-in-cell"; }

void PicProblem::bind(OptionSet& set) {
  case_->bind(set, plasma_, "pic");
  pic::bind(set, pic_);
}

pic::PicOptions PicProblem::pic_options(const PlasmaSetup& setup) const {
  pic::PicOptions options = pic_;
  options.box_length = setup.box_length;
  return options;
}

void PicProblem::validate(const GenerateOptions& options) const {
  const GenerateOptions request = with_defaults(options, *this);
  case_->validate(plasma_);
  validate_request(request);
  (void)frame_plan(request);
}

FramePlan PicProblem::frame_plan(const GenerateOptions& request) const {
  return common_frame_plan(*this, request, [&](const PicProblem& here, double mu) {
    here.case_->validate(here.plasma_);
    const PlasmaSetup plasma = here.setup(mu);
    const pic::PicOptions& pic = here.pic_;
    pic::validate(here.pic_options(plasma), plasma.mu);
    if (request.particles > pic.simulated_particles)
      throw UsageError("generate.particles = " + std::to_string(request.particles) +
                       " stored particles exceed pic.simulated_particles = " + std::to_string(pic.simulated_particles) +
                       "; raise the latter or store fewer.");
    FramePlan plan{make_header(request, pic.duration), time_grid(pic.duration, pic.dt, request.frames),
                   std::min(pic::kFieldModes, pic.cells / 2)};
    set_plasma_coordinates(plan.header, plasma);
    return plan;
  });
}

void PicProblem::generate(const GenerateOptions& options, FrameSink& sink, const ProgressObserver& observer) const {
  validate(options);
  const GenerateOptions request = with_defaults(options, *this);
  const FramePlan plan = frame_plan(request);
  const auto setup_at = [&](const std::vector<double>& mu) {
    const auto here = problem_at(*this, mu);
    const PlasmaSetup plasma = here->setup(mu.front());
    return PicSetup{here->pic_options(plasma),
                    plan.grid.dt,
                    plasma,
                    stream(request, mu, 0),
                    {plasma.diffusion, stream(request, mu, kCollisionStream)}};
  };

  const StepwiseProblem problem{
      .name = name(),
      .header = plan.header,
      .columns = {{"electric_energy", "mu^2/2 integral of E^2"},
                  {"kinetic_energy", "1/2 integral of v^2 f"},
                  {"momentum", "integral of v f"},
                  {"field_modes", "|E_k| of the first modes", plan.field_modes}},
      .grid = plan.grid,
      .start = [&](const std::vector<double>& mu) { return make_run(setup_at(mu)); },
      .restore = [&](const std::vector<double>& mu, const h5::File& file,
                     const std::string& group) { return make_run(setup_at(mu), file, group); }};
  generate_stepwise(problem, request, sink, observer);
}

std::vector<float> PicProblem::initial(const InitialRequest& request) const {
  PicProblem alone = *this;  // nobody needs the particles that are not stored
  alone.pic_.simulated_particles = request.particles;
  return alone.Problem::initial(request);
}

double PicProblem::electric_energy(std::span<const float> samples, const std::vector<double>& mu) const {
  const auto here = problem_at(*this, mu);
  return particle_energy(*here->case_, here->plasma_, here->pic_, samples, mu.front());
}

std::optional<std::vector<double>> PicProblem::initial_density(std::span<const double> points,
                                                               const std::vector<double>& mu) const {
  const auto here = problem_at(*this, mu);
  return problems::initial_density(here->setup(mu.front()), points);
}

}  // namespace scorefield::problems
