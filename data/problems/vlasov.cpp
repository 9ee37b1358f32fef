#include "data/problems/vlasov.hpp"

#include <cmath>
#include <utility>

#include "core/error.hpp"
#include "core/random.hpp"
#include "core/text.hpp"
#include "data/problems/plasma_cases.hpp"
#include "data/shapes.hpp"
#include "solvers/pic/collisions.hpp"
#include "solvers/pic/deposit.hpp"
#include "solvers/pic/low_discrepancy.hpp"
#include "solvers/vlasov/characteristics.hpp"
#include "solvers/vlasov/density.hpp"
#include "solvers/vlasov/sampling.hpp"
#include "solvers/vlasov/simulation.hpp"

namespace scorefield::problems {
namespace {

constexpr std::uint64_t kCollisionStream = 0x636f6c6c697365;
constexpr std::uint64_t kFrameStream = 0x6672616d65;

/// Everything at one mu that is fixed before the first step.
struct VlasovSetup {
  vlasov::VlasovOptions options;
  double dt = 0;
  PlasmaSetup plasma;
  std::int64_t particles = 0;
  data::Identity identity;
  VlasovDraw draw;
  std::uint64_t seed = 0, stream = 0;  ///< of the samples
  std::optional<data::DensityGrid> density{};

  [[nodiscard]] vlasov::Plasma equations() const { return {plasma.box_length, plasma.mu, plasma.diffusion}; }
  [[nodiscard]] pic::Start start() const { return draw == VlasovDraw::random ? pic::Start::random : pic::Start::quiet; }
  [[nodiscard]] pic::Collisions collisions() const {
    return {plasma.diffusion, Philox(seed, stream ^ kCollisionStream)};
  }
};

vlasov::Simulation start(const VlasovSetup& setup) {
  return {setup.options, setup.dt, setup.equations(),
          pic::PhaseSpaceDensity(setup.plasma.population, setup.plasma.box_length)};
}

vlasov::Simulation restored(const VlasovSetup& setup, const h5::File& file, const std::string& group) {
  return {setup.options,
          setup.dt,
          setup.equations(),
          file.integer_attribute(group, "step"),
          file.number_attribute(group, "largest"),
          data::read_state<double>(file, group + "/f", setup.options.cells * setup.options.velocity_cells)};
}

class VlasovRun : public StepwiseRun {
 public:
  explicit VlasovRun(const VlasovSetup& setup) : setup_(setup), simulation_(start(setup)) {
    if (setup.identity == data::Identity::marginals) return;
    particles_ = pic::load(setup.plasma.population, setup.plasma.box_length, setup.particles, setup.start(),
                           Philox(setup.seed, setup.stream));
    for (std::size_t i = 0; i < particles_.position.size(); ++i)
      particles_.velocity[i] -= 0.5 * setup.dt * acceleration(particles_.position[i]);
  }

  VlasovRun(const VlasovSetup& setup, const h5::File& file, const std::string& group)
      : setup_(setup), simulation_(restored(setup, file, group)) {
    if (setup.identity == data::Identity::marginals) return;
    particles_.position = data::read_state<double>(file, group + "/position", setup.particles);
    particles_.velocity = data::read_state<double>(file, group + "/velocity", setup.particles);
  }

  [[nodiscard]] std::int64_t step() const override { return simulation_.step(); }

  void advance(std::span<double> row) override {
    measure(row);
    vlasov::advance_particles(particles_, simulation_.field(), setup_.plasma.box_length, setup_.dt);
    pic::kick<double>(setup_.collisions(), setup_.dt, simulation_.step(), particles_.velocity);
    simulation_.advance();
  }

  void measure(std::span<double> row) const override {
    const vlasov::GridMoments moments = simulation_.moments();
    row[0] = simulation_.electric_energy();
    row[1] = moments.kinetic_energy;
    row[2] = moments.momentum;
    row[3] = moments.mass;
    row[4] = moments.l2;
    row[5] = moments.lowest;
    row[6] = moments.negative_mass;
    const auto modes = simulation_.field_modes();
    for (std::size_t k = 0; k < modes.size(); ++k) row[7 + k] = std::abs(modes[k]);
  }

  void read(std::span<float> samples, std::span<float> rates) const override {
    const bool anew = setup_.identity == data::Identity::marginals;
    const pic::Particles drawn = anew ? draw() : pic::Particles{};
    const auto& [position, velocity] = anew ? drawn : particles_;
    const double unit = setup_.plasma.position_unit;
    const auto period = static_cast<float>(setup_.plasma.box_length / unit);
    for (std::size_t i = 0; i < position.size(); ++i) {
      const double a = acceleration(position[i]), v = velocity[i] + 0.5 * setup_.dt * a;
      const auto x = static_cast<float>(position[i] / unit);
      samples[2 * i] = x < period ? x : 0;
      samples[2 * i + 1] = static_cast<float>(v);
      if (rates.empty()) continue;
      rates[2 * i] = static_cast<float>(v / unit);
      rates[2 * i + 1] = static_cast<float>(a);
    }
  }

  void read_density(std::span<float> values) const override {
    const double unit = setup_.plasma.position_unit;
    auto x = setup_.density.value().line(0);
    for (double& position : x) position *= unit;
    const auto f = vlasov::density_at(simulation_, x, setup_.density->line(1));
    const double share = unit / setup_.plasma.box_length;
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(share * f[i]);
  }

  void save(h5::File& file, const std::string& group) const override {
    const auto& options = simulation_.options();
    file.write<double>(group + "/f", simulation_.values(), {options.cells, options.velocity_cells});
    const auto count = static_cast<std::int64_t>(particles_.position.size());
    file.write<double>(group + "/position", particles_.position, {count});
    file.write<double>(group + "/velocity", particles_.velocity, {count});
    file.set_attribute(group, "step", simulation_.step());
    file.set_attribute(group, "largest", simulation_.largest());
  }

 private:
  [[nodiscard]] double acceleration(double x) const {
    return -vlasov::interpolate_periodic(simulation_.field(), setup_.plasma.box_length, x);
  }

  /// Independent of the draws at all other times. f is the grid's, half a kick before the present step.
  [[nodiscard]] pic::Particles draw() const {
    const std::vector<double> f = simulation_.values();
    const vlasov::GridSampler sampler(f, simulation_.velocity(), setup_.plasma.box_length);
    const Philox random(setup_.seed,
                        setup_.stream ^ (kFrameStream + (static_cast<std::uint64_t>(simulation_.step()) << 40)));
    const pic::ScrambledSobol2d sobol(random);
    pic::Particles drawn;
    for (std::int64_t i = 0; i < setup_.particles; ++i) {
      const auto [along_x, along_v] = setup_.start() == pic::Start::quiet
                                          ? sobol.point(static_cast<std::uint32_t>(i))
                                          : random.uniforms(static_cast<std::uint64_t>(i));
      const auto [x, v] = sampler.draw(along_x, along_v);
      drawn.position.push_back(x);
      drawn.velocity.push_back(v);
    }
    return drawn;
  }

  VlasovSetup setup_;
  vlasov::Simulation simulation_;
  pic::Particles particles_;  ///< velocities half a kick before the present step, like f
};

}  // namespace

VlasovProblem::VlasovProblem() : case_(plasma_cases().front()->name()) {}

const PlasmaCase& VlasovProblem::plasma_case() const {
  if (const auto plasma = find_plasma_case(case_)) return *plasma;
  throw UsageError(unknown_name_message("case of 'vlasov.case'", case_, plasma_case_names()));
}

std::string VlasovProblem::summary() const {
  auto names = plasma_case_names();
  const std::string last = names.back();
  names.pop_back();
  return "Vlasov-Poisson on a phase-space grid, no particle noise: " + comma_joined(names) + " or " + last +
         " (vlasov.case)";
}

void VlasovProblem::bind(OptionSet& set) {
  set.add("vlasov.case", case_, plasma_case_names(),
          "which 1D1V problem; of perturbation, collisions, beams, landau and wave each reads what is its own");
  set.add("vlasov.identity", identity_,
          {{"trajectories", data::Identity::trajectories}, {"marginals", data::Identity::marginals}},
          "samples follow the characteristics (trajectories) or are drawn from f at every stored time (marginals)");
  set.add("vlasov.draw", draw_, {{"low-discrepancy", VlasovDraw::low_discrepancy}, {"random", VlasovDraw::random}},
          "how samples are drawn");
  vlasov::bind(set, vlasov_);
  data::bind(set, "vlasov", density_);
  bind_box(set, plasma_, "vlasov");
  problems::bind(set, plasma_.perturbation);
  bind_diffusion(set, plasma_);
  problems::bind(set, plasma_.beams);
  problems::bind(set, plasma_.landau);
  problems::bind(set, plasma_.wave);
}

void VlasovProblem::validate(const GenerateOptions& options) const {
  const GenerateOptions request = with_defaults(options, *this);
  plasma_case().validate(plasma_);
  validate_request(request);
  (void)frame_plan(request);
}

FramePlan VlasovProblem::frame_plan(const GenerateOptions& request) const {
  return common_frame_plan(*this, request, [&](const VlasovProblem& here, double mu) {
    here.plasma_case().validate(here.plasma_);
    const PlasmaSetup setup = here.plasma_case().setup(here.plasma_, mu);
    const vlasov::VlasovOptions& grid = here.vlasov_;
    vlasov::validate(grid, setup.box_length, setup.mu, setup.diffusion);
    FramePlan plan{make_header(request, grid.duration), time_grid(grid.duration, grid.dt, request.frames)};
    set_plasma_coordinates(plan.header, setup);
    plan.header.identity = identity_;
    plan.header.density = data::make_grid(here.density_, "vlasov", plan.header.periods);
    return plan;
  });
}

void VlasovProblem::generate(const GenerateOptions& options, FrameSink& sink, const ProgressObserver& observer) const {
  validate(options);
  const GenerateOptions request = with_defaults(options, *this);
  const FramePlan plan = frame_plan(request);
  const auto setup_at = [&](const std::vector<double>& mu) {
    const auto here = problem_at(*this, mu);
    return VlasovSetup{.options = here->vlasov_,
                       .dt = plan.grid.dt,
                       .plasma = here->plasma_case().setup(here->plasma_, mu.front()),
                       .particles = request.particles,
                       .identity = identity_,
                       .draw = draw_,
                       .seed = static_cast<std::uint64_t>(request.seed),
                       .stream = random_stream(request, mu),
                       .density = plan.header.density};
  };
  const StepwiseProblem problem{
      .name = name() + " " + plasma_case().name(),
      .header = plan.header,
      .columns = {{"electric_energy", "mu^2/2 integral of E^2"},
                  {"kinetic_energy", "1/2 integral of v^2 f"},
                  {"momentum", "integral of v f"},
                  {"mass", "integral of f"},
                  {"l2", "integral of f^2"},
                  {"lowest", "most negative value of f, relative to the largest initial one"},
                  {"negative_mass", "integral of the negative part of f"},
                  {"field_modes", "|E_k| of the first modes", 8}},
      .grid = plan.grid,
      .start = [&](const std::vector<double>& mu) { return std::make_unique<VlasovRun>(setup_at(mu)); },
      .restore = [&](const std::vector<double>& mu, const h5::File& file,
                     const std::string& group) { return std::make_unique<VlasovRun>(setup_at(mu), file, group); }};
  generate_stepwise(problem, request, sink, observer);
}

double VlasovProblem::electric_energy(std::span<const float> samples, const std::vector<double>& mu) const {
  const auto here = problem_at(*this, mu);
  pic::PicOptions options;
  options.cells = here->vlasov_.cells;
  return particle_energy(here->plasma_case(), here->plasma_, options, samples, mu.front());
}

std::optional<std::vector<double>> VlasovProblem::initial_density(std::span<const double> points,
                                                                  const std::vector<double>& mu) const {
  const auto here = problem_at(*this, mu);
  return problems::initial_density(here->plasma_case().setup(here->plasma_, mu.front()), points);
}

}  // namespace scorefield::problems
