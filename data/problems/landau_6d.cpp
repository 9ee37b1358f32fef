#include "data/problems/landau_6d.hpp"

#include <cmath>
#include <numbers>
#include <sstream>

#include "core/error.hpp"
#include "core/require.hpp"
#include "data/shapes.hpp"
#include "solvers/pic3d/simulation.hpp"

namespace scorefield::problems {
namespace {

constexpr const char* kAxes[3] = {"x", "y", "z"};

class Landau6dRun : public StepwiseRun {
 public:
  explicit Landau6dRun(pic3d::Simulation simulation) : simulation_(std::move(simulation)) {}

  [[nodiscard]] std::int64_t step() const override { return simulation_.step(); }

  void advance(std::span<double> row) override {
    record_field(row);
    record_moments(simulation_.advance(), row);
  }

  void measure(std::span<double> row) const override {
    record_field(row);
    record_moments(simulation_.moments(), row);
  }

  void read(std::span<float> samples, std::span<float> rates) const override { simulation_.read(samples, rates); }

  void save(h5::File& file, const std::string& group) const override {
    const auto& particles = simulation_.particles();
    for (std::size_t axis = 0; axis < 3; ++axis) {
      file.write<pic3d::Position>(group + "/position_" + kAxes[axis], particles.position[axis], {particles.size()});
      file.write<float>(group + "/velocity_" + kAxes[axis], particles.velocity[axis], {particles.size()});
    }
    file.write<std::uint32_t>(group + "/id", particles.id, {particles.size()});
    file.set_attribute(group, "step", simulation_.step());
  }

 private:
  void record_field(std::span<double> row) const {
    row[0] = simulation_.electric_energy();
    const auto modes = simulation_.field_modes();
    for (std::size_t k = 0; k < modes.size(); ++k) row[5 + k] = std::abs(modes[k]);
  }

  static void record_moments(const pic3d::Moments& moments, std::span<double> row) {
    row[1] = moments.kinetic_energy;
    for (std::size_t axis = 0; axis < 3; ++axis) row[2 + axis] = moments.momentum[axis];
  }

  pic3d::Simulation simulation_;
};

/// Each particle once. @throws FileError
pic3d::Particles read_particles(const h5::File& file, const std::string& group, std::int64_t count) {
  pic3d::Particles particles;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    particles.position[axis] = data::read_state<pic3d::Position>(file, group + "/position_" + kAxes[axis], count);
    particles.velocity[axis] = data::read_state<float>(file, group + "/velocity_" + kAxes[axis], count);
  }
  particles.id = data::read_state<std::uint32_t>(file, group + "/id", count);
  std::vector<bool> seen(static_cast<std::size_t>(count));
  for (const std::uint32_t id : particles.id) {
    if (id >= seen.size() || seen[id])
      throw FileError(file.path(), "'" + group + "/id' does not name each particle once. Generate without resuming.");
    seen[id] = true;
  }
  return particles;
}

}  // namespace

std::string Landau6d::summary() const { return "Landau damping in six dimensions, 3D3V particle-in-cell"; }

std::vector<double> Landau6d::training_mu() const { return {0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5}; }

void Landau6d::bind(OptionSet& set) {
  pic3d::bind(set, pic_);
  set.add("landau.k", k_, above(0), "wave number, per Debye length; the cube has side 2 pi / k");
  set.add("landau.axes", axes_, in(1, 3), "axes along which the density has a wave, from the first");
}

pic3d::Pic3dOptions Landau6d::pic_options() const {
  pic3d::Pic3dOptions options = pic_;
  options.box_length = 2 * std::numbers::pi / k_;
  return options;
}

void Landau6d::validate(const GenerateOptions& options) const {
  const GenerateOptions request = with_defaults(options, *this);
  validate_request(request);
  (void)frame_plan(request);
}

FramePlan Landau6d::frame_plan(const GenerateOptions& request) const {
  return common_frame_plan(*this, request, [&](const Landau6d& here, double alpha) {
    require(alpha > 0 && alpha < 1, "mu (alpha)", alpha,
            "a number above 0 and below 1: the density is 1 + alpha cos k x");
    const pic3d::Pic3dOptions pic = here.pic_options();
    pic3d::validate(pic);
    require(request.particles <= pic.simulated_particles, "generate.particles", request.particles,
            "at most pic.simulated_particles = " + std::to_string(pic.simulated_particles));
    FramePlan plan{make_header(request, pic.duration), time_grid(pic.duration, pic.dt, request.frames)};
    plan.header.time_units = "inverse plasma frequency";
    plan.header.coordinates = {"x", "y", "z", "vx", "vy", "vz"};
    plan.header.units = {"Debye length",  "Debye length",  "Debye length",
                         "thermal speed", "thermal speed", "thermal speed"};
    plan.header.periods = {pic.box_length, pic.box_length, pic.box_length, 0, 0, 0};
    return plan;
  });
}

void Landau6d::generate(const GenerateOptions& options, FrameSink& sink, const ProgressObserver& observer) const {
  validate(options);
  const GenerateOptions request = with_defaults(options, *this);
  const FramePlan plan = frame_plan(request);
  const StepwiseProblem problem{
      .name = name(),
      .header = plan.header,
      .columns = {{"electric_energy", "1/2 integral of E^2"},
                  {"kinetic_energy", "1/2 integral of v^2 f"},
                  {"momentum", "integral of v f", 3},
                  {"field_modes", "|E_k| of the first modes along x", pic3d::kFieldModes}},
      .grid = plan.grid,
      .side_by_side = false,
      .start =
          [&](const std::vector<double>& mu) {
            const auto here = problem_at(*this, mu);
            const pic3d::Pic3dOptions pic = here->pic_options();
            const Philox random(static_cast<std::uint64_t>(request.seed), random_stream(request, mu));
            return std::make_unique<Landau6dRun>(
                pic3d::Simulation(pic, plan.grid.dt, pic3d::load({mu.front(), here->axes_}, pic, random)));
          },
      .restore =
          [&](const std::vector<double>& mu, const h5::File& file, const std::string& group) {
            return std::make_unique<Landau6dRun>(pic3d::Simulation(
                problem_at(*this, mu)->pic_options(), plan.grid.dt, file.integer_attribute(group, "step"),
                read_particles(file, group, problem_at(*this, mu)->pic_options().simulated_particles)));
          }};
  generate_stepwise(problem, request, sink, observer);
}

std::vector<float> Landau6d::initial(const InitialRequest& request) const {
  Landau6d alone = *this;  // nobody needs the particles that are not stored
  alone.pic_.simulated_particles = request.particles;
  return alone.Problem::initial(request);
}

double Landau6d::electric_energy(std::span<const float> samples, const std::vector<double>& mu) const {
  return pic3d::electric_energy(samples, 6, problem_at(*this, mu)->pic_options());
}

}  // namespace scorefield::problems
