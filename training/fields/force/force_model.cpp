#include "training/fields/force/force_model.hpp"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/error.hpp"
#include "models/fields/leapfrog.hpp"
#include "training/batch/random_streams.hpp"
#include "training/fields/force/own_field.hpp"

namespace scorefield::training {
namespace {

constexpr const char* kForceGroup = "/model/force";
constexpr std::uint64_t kScatterStream = std::uint64_t{0x736374} << 32;
/// A force of which less than that, squares, is not that of the particles' own density is made by them.
constexpr double kOwnField = 0.1;
constexpr std::int64_t kForceSteps = 256, kLeastSteps = 2;
/// Of half the range: the step of differences in mu.
constexpr double kMuStep = 1e-3;

/// sum_m w_m course_m
models::ForceCourse combined(const std::vector<models::ForceCourse>& runs, const std::vector<double>& weights) {
  models::ForceCourse course{.time = runs.front().time,
                             .value = std::vector<double>(runs.front().value.size()),
                             .slope = std::vector<double>(runs.front().value.size())};
  for (std::size_t m = 0; m < runs.size(); ++m) {
    if (weights[m] == 0) continue;
    for (std::size_t i = 0; i < course.value.size(); ++i) {
      course.value[i] += weights[m] * runs[m].value[i];
      course.slope[i] += weights[m] * runs[m].slope[i];
    }
  }
  return course;
}

std::vector<std::int64_t> force_steps(const Motion& motion) {
  const auto asked = motion.integration.steps;
  auto steps = integrators::steps_per_interval(motion.times, asked > 0 ? asked : kForceSteps);
  if (asked == 0)
    for (auto& count : steps) count = std::max(count, kLeastSteps);
  return steps;
}

std::vector<double> flat(const std::vector<models::ForceCourse>& runs, bool slopes) {
  std::vector<double> all;
  for (const auto& run : runs) {
    const auto& row = slopes ? run.slope : run.value;
    all.insert(all.end(), row.begin(), row.end());
  }
  return all;
}

}  // namespace

models::ForceCourse ForceModel::at(const std::vector<double>& at) const {
  return combined(at_clock(clocks, mu, runs, at), mu_weights(rule, data::MuSet(mu), mu, at));
}

models::ForceCourse ForceModel::rate_at(const std::vector<double>& at, std::size_t j) const {
  const data::MuSet set(mu);
  const double low = set.low()[j], high = set.high()[j], step = kMuStep * (high - low) / 2;
  auto before = at, after = at;
  before[j] = std::max(low, at[j] - step);
  after[j] = std::min(high, at[j] + step);
  const double way = after[j] - before[j];
  auto rate = this->at(after);
  const auto other = this->at(before);
  for (auto [values, from] : {std::pair(&rate.value, &other.value), std::pair(&rate.slope, &other.slope)})
    for (std::size_t i = 0; i < values->size(); ++i) (*values)[i] = way > 0 ? ((*values)[i] - (*from)[i]) / way : 0;
  return rate;
}

void write_force(h5::File& file, const ForceModel& force) {
  const auto& run = force.runs.front();
  const auto count = static_cast<std::int64_t>(force.runs.size()), frames = static_cast<std::int64_t>(run.time.size());
  const auto n = static_cast<std::int64_t>(run.size());
  const std::string group = kForceGroup;
  file.write<double>(group + "/time", run.time, {frames});
  file.write<double>(group + "/coefficients", flat(force.runs, false), {count, frames, n});
  file.write<double>(group + "/slopes", flat(force.runs, true), {count, frames, n});
  std::vector<double> origin, length, periodic;
  for (const auto& axis : force.basis.axes()) {
    origin.push_back(axis.origin);
    length.push_back(axis.length);
    periodic.push_back(axis.periodic ? 1 : 0);
  }
  file.set_attribute(group, "origin", origin);
  file.set_attribute(group, "length", length);
  file.set_attribute(group, "periodic", periodic);
  file.set_attribute(group, "modes", force.basis.modes());
  file.set_attribute(group, "source", force.source);
  file.set_attribute(group, "interpolation", static_cast<std::int64_t>(force.rule.kind));
  file.set_attribute(group, "interpolation_text", describe(force.rule));
  file.set_attribute(group, "kriging_length", force.rule.length);
  file.set_attribute(group, "kriging_noise", force.rule.noise);
  file.set_attribute(group, "left_out_error", force.rule.left_out);
  const auto p = static_cast<std::int64_t>(force.mu.front().size());
  const auto& clocks = force.clocks;
  const bool set = !clocks.time.empty();
  file.write<double>(group + "/clock_shift",
                     set ? clocks.shift : std::vector<double>(static_cast<std::size_t>(frames * p)), {frames, p});
  if (set) file.set_attribute(group, "clock_unit", clocks.unit);
  if (!force.diffusion.empty()) file.set_attribute(group, "diffusion", force.diffusion);
  file.write<double>(group + "/response", force.response, {count});
  file.set_attribute(group, "unexplained", force.unexplained);
  file.set_attribute(group, "description",
                     std::string("coefficients [mu, time, component * basis] of dv/dt = F(x; mu, t) and their time "
                                 "derivatives: 1, (x - middle)/length of axes without a period, cosine and sine of "
                                 "the waves"));
}

ForceModel read_force(const h5::File& file, const std::vector<std::vector<double>>& mu) {
  const std::string group = kForceGroup;
  const auto damaged = [&](const std::string& what) {
    throw FileError(file.path(), "group '/model/force' " + what + ". The file is damaged; train the model again.");
  };
  if (!file.is_group(group)) damaged("is missing");
  const auto origin = file.numbers_attribute(group, "origin"), length = file.numbers_attribute(group, "length");
  const auto periodic = file.numbers_attribute(group, "periodic");
  if (origin.empty() || origin.size() > 3 || length.size() != origin.size() || periodic.size() != origin.size())
    damaged("has axes that do not fit");
  std::vector<models::PositionAxis> axes;
  for (std::size_t a = 0; a < origin.size(); ++a) axes.push_back({origin[a], length[a], periodic[a] != 0});
  ForceModel force{models::PositionBasis(axes, file.integer_attribute(group, "modes")), mu, {}, {}};
  force.source = file.string_attribute(group, "source");
  force.rule.kind = static_cast<MuInterpolationKind>(file.integer_attribute(group, "interpolation"));
  force.rule.length = file.numbers_attribute(group, "kriging_length");
  force.rule.noise = file.number_attribute(group, "kriging_noise");
  force.rule.left_out = file.number_attribute(group, "left_out_error");
  force.response = file.read<double>(group + "/response");
  force.unexplained = file.number_attribute(group, "unexplained");
  if (force.response.size() != mu.size()) damaged("has arrays that do not fit");
  const auto time = file.read<double>(group + "/time");
  const auto value = file.read<double>(group + "/coefficients"), slope = file.read<double>(group + "/slopes");
  const std::size_t size = time.size() * force.basis.dimension() * force.basis.size();
  if (file.has_attribute(group, "diffusion")) force.diffusion = file.numbers_attribute(group, "diffusion");
  if (!force.diffusion.empty() && force.diffusion.size() != axes.size()) damaged("has diffusions that do not fit");
  if (file.has_attribute(group, "clock_unit"))
    force.clocks = {time, file.read<double>(group + "/clock_shift"), file.numbers_attribute(group, "clock_unit")};
  if (const auto& clocks = force.clocks;
      !clocks.time.empty() &&
      (clocks.unit.size() != mu.front().size() || clocks.shift.size() != time.size() * clocks.unit.size()))
    damaged("has clocks that do not fit");
  if (time.empty() || value.size() != mu.size() * size || slope.size() != value.size())
    damaged("has arrays that do not fit");
  if (force.rule.kind == MuInterpolationKind::kriging && force.rule.length.size() != mu.front().size())
    damaged("has lengths that do not fit");
  for (std::size_t m = 0; m < mu.size(); ++m) {
    const auto part = [&](const std::vector<double>& all) {
      const auto begin = all.begin() + static_cast<std::ptrdiff_t>(m * size);
      return std::vector<double>(begin, begin + static_cast<std::ptrdiff_t>(size));
    };
    force.runs.push_back({time, part(value), part(slope)});
  }
  return force;
}

ForceMover::ForceMover(ForceModel force, models::Normalizer normalizer)
    : force_(std::move(force)),
      normalizer_(std::move(normalizer)),
      pairs_(models::kinetic_pairs(normalizer_.velocity_of)) {}

std::int64_t ForceMover::step_count(const Motion& motion) const {
  return motion.integration.steps > 0 ? motion.integration.steps : kForceSteps;
}

std::unique_ptr<FieldWatch> ForceMover::watch_at(const std::vector<double>& mu) const {
  if (!(force_.unexplained < kOwnField)) return nullptr;
  const auto weights = mu_weights(force_.rule, data::MuSet(force_.mu), force_.mu, mu);
  double g = 0;
  for (std::size_t m = 0; m < weights.size(); ++m) g += weights[m] * force_.response[m];
  return std::make_unique<OwnFieldWatch>(force_.basis, pairs_, force_.at(mu), g);
}

void ForceMover::move(const Motion& motion, const integrators::FrameObserver& on_frame) const {
  if (motion.carried == Carried::log_density && !force_.diffusion.empty())
    throw UsageError(
        "a density that diffuses does not stay what it is along trajectories: leave infer.log_density out.");
  if (motion.carried == Carried::tangent) move_tangents(motion, on_frame);
  else move_particles(motion, on_frame);
}

void ForceMover::move_particles(const Motion& motion, const integrators::FrameObserver& on_frame) const {
  const auto course = force_.at(motion.mu);
  const auto steps = force_steps(motion);
  models::Leapfrog particles(force_.basis, course);
  particles.diffuse(force_.diffusion, motion.integration.seed);
  const auto state = motion.state.to(torch::kCPU, torch::kFloat32).contiguous();
  const auto count = state.size(0), width = state.size(1);
  const std::size_t s = pairs_.dimension(), n = static_cast<std::size_t>(count),
                    columns = static_cast<std::size_t>(width);
  std::vector<float> position(n * s), velocity(n * s);
  const auto& scale = normalizer_.scale;
  const auto& center = normalizer_.center;
  const float* const from = state.const_data_ptr<float>();
  const auto physical = [&](std::size_t row, std::size_t c) {
    return static_cast<float>(center[c] + scale[c] * from[row * columns + c]);
  };
  for (std::size_t i = 0; i < n * s; ++i) {
    position[i] = physical(i / s, pairs_.position[i % s]);
    velocity[i] = physical(i / s, pairs_.velocity[i % s]);
  }
  particles.place(position, velocity);
  for (std::size_t k = 0; k < motion.times.size(); ++k) {
    if (k > 0) particles.advance(physical_time(motion.times[k - 1]), physical_time(motion.times[k]), steps[k - 1]);
    particles.read(position, velocity);
    auto frame = state.clone();
    float* const to = frame.data_ptr<float>();
    for (std::size_t i = 0; i < n * s; ++i) {
      const std::size_t x = pairs_.position[i % s], v = pairs_.velocity[i % s], row = i / s * columns;
      if (!std::isfinite(position[i]) || !std::isfinite(velocity[i]))
        throw DivergenceError(static_cast<std::int64_t>(k), "a particle of the rollout",
                              "Check the data's velocities.");
      to[row + x] = static_cast<float>((position[i] - center[x]) / scale[x]);
      to[row + v] = static_cast<float>((velocity[i] - center[v]) / scale[v]);
    }
    on_frame(static_cast<std::int64_t>(k), frame.to(motion.state.options()));
  }
}

/// At once, or with the noise of a step between its halves, which knows nothing of mu.
void ForceMover::advance_tangents(const models::ForceCourse& course, const std::vector<models::ForceCourse>& rates,
                                  models::KineticTangents& particles, const std::vector<double>& times,
                                  std::uint64_t seed) const {
  if (force_.diffusion.empty()) {
    models::advance_tangents(force_.basis, course, rates, particles, times);
    return;
  }
  const std::size_t s = pairs_.dimension(), width = (1 + rates.size()) * 2 * s, count = particles.state.size() / width;
  for (std::size_t n = 0; n + 1 < times.size(); ++n) {
    const double h = times[n + 1] - times[n];
    models::advance_tangents(force_.basis, course, rates, particles, {times[n], times[n] + h / 2});
    const Philox random(seed, kScatterStream + n);
    models::scatter_velocities(force_.diffusion, h, random, particles.state.data() + s, count, width);
    models::advance_tangents(force_.basis, course, rates, particles, {times[n] + h / 2, times[n + 1]});
  }
}

/// The state's rows [x_1 .. x_d, blocks of d derivatives] as [positions, velocities, the same of every block].
void ForceMover::move_tangents(const Motion& motion, const integrators::FrameObserver& on_frame) const {
  const auto course = force_.at(motion.mu);
  std::vector<models::ForceCourse> rates;
  for (std::size_t j = 0; j < motion.mu.size(); ++j) {
    rates.push_back(force_.rate_at(motion.mu, j));
    for (auto* values : {&rates.back().value, &rates.back().slope})
      for (double& value : *values) value *= normalizer_.mu_scale[j];
  }
  const std::size_t s = pairs_.dimension(), d = 2 * s, blocks = 1 + motion.mu.size();
  const auto state = motion.state.to(torch::kCPU, torch::kFloat64).contiguous();
  auto moved = state.clone();
  double* const values = moved.data_ptr<double>();
  const auto rows = static_cast<std::size_t>(state.size(0)) * blocks;
  models::KineticTangents particles{s, motion.mu.size(), std::vector<double>(rows * d)};
  const auto for_numbers = [&](const auto& body) {
    for (std::size_t row = 0; row < rows; ++row)
      for (std::size_t i = 0; i < d; ++i) {
        const std::size_t c = i < s ? pairs_.position[i] : pairs_.velocity[i - s];
        body(values[row * d + c], particles.state[row * d + i], row % blocks == 0 ? normalizer_.center[c] : 0.0,
             normalizer_.scale[c], row % blocks == 0 ? normalizer_.periods[c] : 0.0);
      }
  };
  for_numbers(
      [](double normal, double& physical, double center, double scale, double) { physical = center + scale * normal; });
  const auto steps = force_steps(motion);
  for (std::size_t k = 0; k < motion.times.size(); ++k) {
    if (k > 0) {
      const double from = physical_time(motion.times[k - 1]), to = physical_time(motion.times[k]);
      const double h = (to - from) / static_cast<double>(steps[k - 1]);
      std::vector<double> times;
      for (std::int64_t n = 0; n <= steps[k - 1]; ++n) times.push_back(from + static_cast<double>(n) * h);
      advance_tangents(course, rates, particles, times, derive_seed(motion.integration.seed, kNoiseStream, k));
    }
    for_numbers([](double& normal, double physical, double center, double scale, double period) {
      const double x = period > 0 ? physical - period * std::floor(physical / period) : physical;
      normal = (x - center) / scale;
    });
    on_frame(static_cast<std::int64_t>(k), moved.to(motion.state.options()).clone());
  }
}

}  // namespace scorefield::training
