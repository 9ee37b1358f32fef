#include "solvers/pic/simulation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

#include "core/error.hpp"
#include "core/parallel.hpp"

namespace scorefield::pic {
namespace {

/// Particles per block: enough to outweigh clearing and adding up its grid. Never depends on the number of
/// threads.
std::int64_t choose_block_size(std::int64_t cells) { return std::clamp<std::int64_t>(32 * cells, 8192, 65280); }

/// Numbers that a block's counts take: those of its cells and a cache line's worth behind them, so that two threads
/// never write to the same line.
std::int64_t count_stride(const PicOptions& options) {
  constexpr std::int64_t kLine = 64 / sizeof(std::uint64_t);
  return (options.cells + 1) * (options.shape == Shape::tsc ? 2 : 1) + kLine;
}

template <class Real>
AdvanceBlock<Real> choose_kernel(Shape shape) {
  const Kernels& kernels = kKernels.chosen();
  if constexpr (std::is_same_v<Real, float>) return shape == Shape::cic ? kernels.cic_float : kernels.tsc_float;
  else return shape == Shape::cic ? kernels.cic_double : kernels.tsc_double;
}

PicOptions with_step(PicOptions options, double dt) {
  options.dt = dt;
  return options;
}

const PicOptions& validated(const PicOptions& options, double mu) {
  validate(options, mu);
  return options;
}

void check_size(const PicOptions& options, std::size_t positions, std::size_t velocities) {
  const auto expected = static_cast<std::size_t>(options.simulated_particles);
  if (positions != expected || velocities != expected)
    throw UsageError("a run of " + std::to_string(expected) + " particles got " + std::to_string(positions) +
                     " positions and " + std::to_string(velocities) + " velocities.");
}

}  // namespace

template <class Real>
Simulation<Real>::Simulation(const PicOptions& options, double dt, double mu, const Collisions& collisions)
    : options_(validated(with_step(options, dt), mu)),
      dt_(dt),
      collisions_(collisions),
      advance_block_(choose_kernel<Real>(options.shape)),
      poisson_(options.cells, options.box_length, mu),
      fourier_(options.cells, std::min(kFieldModes, options.cells / 2)),
      block_size_(choose_block_size(options.cells)),
      blocks_((options.simulated_particles + block_size_ - 1) / block_size_),
      block_moments_(static_cast<std::size_t>(blocks_)),
      charge_(options.cells, options.shape),
      kicks_(options.cells, options.shape),
      density_(static_cast<std::size_t>(options.cells)),
      field_(density_.size()),
      modes_(static_cast<std::size_t>(fourier_.count())) {}

template <class Real>
Simulation<Real>::Simulation(const PicOptions& options, double dt, double mu, const Particles& initial,
                             const Collisions& collisions)
    : Simulation(options, dt, mu, collisions) {
  check_size(options, initial.position.size(), initial.velocity.size());
  auto& [step, position, velocity] = state_;
  position.resize(initial.position.size());
  velocity.resize(position.size());
  for (std::size_t i = 0; i < position.size(); ++i) {
    if (!std::isfinite(initial.position[i]) || !std::isfinite(initial.velocity[i]))
      throw DivergenceError(0, "initial particle " + std::to_string(i), "Check the initial population.");
    position[i] = to_position(initial.position[i], options_.box_length);
  }
  charge_.add(position);
  solve();
  for (std::size_t i = 0; i < velocity.size(); ++i) {
    velocity[i] = static_cast<Real>(initial.velocity[i] - 0.5 * static_cast<double>(kicks_.at(position[i])));
    speed_bound_ = std::max(speed_bound_, std::abs(static_cast<double>(velocity[i])));
  }
}

template <class Real>
Simulation<Real>::Simulation(const PicOptions& options, double dt, double mu, State<Real> state,
                             const Collisions& collisions)
    : Simulation(options, dt, mu, collisions) {
  check_size(options, state.position.size(), state.velocity.size());
  state_ = std::move(state);
  charge_.add(state_.position);
  solve();
  speed_bound_ = std::numeric_limits<double>::infinity();  // found anew by the next check
}

template <class Real>
void Simulation<Real>::solve() {
  charge_.density(particles(), density_);
  poisson_.solve(density_, field_);
  fourier_.transform(field_, modes_);
  kicks_.fill(field_, dt_);
}

/// Positions advance by 32-bit integers: half of the box is the longest step that they can express.
template <class Real>
void Simulation<Real>::check_speed() {
  double largest = 0, sum = 0;
  for (const double e : field_) {
    largest = std::max(largest, std::abs(e));
    sum += e;
  }
  if (!std::isfinite(sum)) throw DivergenceError(state_.step, "the electric field", "Check mu and pic.box_length.");
  const double limit = 0.499 * options_.box_length / dt_;
  const double gain = largest * dt_ + largest_kick(collisions_, dt_);
  speed_bound_ = speed_bound_ * (1 + 1e-6) + gain;  // the factor covers the rounding of Real
  if (speed_bound_ < limit) return;
  double fastest = 0;
  for (const Real v : state_.velocity) fastest = std::max(fastest, std::abs(static_cast<double>(v)));
  speed_bound_ = fastest * (1 + 1e-6) + gain;
  if (speed_bound_ < limit) return;
  throw DivergenceError(state_.step, "the position of a particle that crosses half of the box in one step",
                        "Use a smaller pic.dt.");
}

template <class Real>
Block<Real> Simulation<Real>::block(std::int64_t index, std::uint64_t* counts) {
  const std::int64_t first = index * block_size_;
  const bool squares = options_.shape == Shape::tsc;
  Block<Real> block{};
  block.position = state_.position.data() + first;
  block.velocity = state_.velocity.data() + first;
  block.size = std::min(block_size_, particles() - first);
  block.cells = static_cast<std::uint32_t>(options_.cells);
  block.kicks = kicks_.data();
  block.displacement = static_cast<Real>(dt_ / options_.box_length * 0x1p32);
  block.counts = counts;
  block.squares = squares ? counts + options_.cells + 1 : nullptr;
  return block;
}

template <class Real>
Moments Simulation<Real>::advance() {
  check_speed();
  const auto stride = static_cast<std::size_t>(count_stride(options_));
  const auto threads = static_cast<std::size_t>(thread_count());
  packed_.resize(threads * stride);
  thread_charges_.resize(threads, ChargeSums(options_.cells, options_.shape));
  for (ChargeSums& charge : thread_charges_) charge.clear();
  parallel_for(blocks_, [&](std::int64_t index) {
    const auto thread = static_cast<std::size_t>(thread_index());
    Block<Real> mine = block(index, packed_.data() + thread * stride);
    std::fill_n(mine.counts, stride, std::uint64_t{0});
    advance_block_(mine);
    thread_charges_[thread].add(mine.counts, mine.squares);
    block_moments_[static_cast<std::size_t>(index)] = {mine.square_sum, mine.velocity_sum};
  });

  charge_.clear();
  for (const ChargeSums& charge : thread_charges_) charge_.add(charge);
  Moments sum;
  for (const Moments& moments : block_moments_) {
    sum.kinetic_energy += moments.kinetic_energy;
    sum.momentum += moments.momentum;
  }
  solve();
  // After the push, so that the present step's velocities have it.
  kick<Real>(collisions_, dt_, state_.step, state_.velocity);
  ++state_.step;
  const double per_particle = options_.box_length / static_cast<double>(particles());
  return {0.5 * per_particle * sum.kinetic_energy, per_particle * sum.momentum};
}

template <class Real>
Real Simulation<Real>::whole_step_velocity(std::size_t particle) const {
  return state_.velocity[particle] + Real(0.5) * kicks_.at(state_.position[particle]);
}

template <class Real>
Moments Simulation<Real>::moments() const {
  double square = 0, sum = 0;
  for (std::size_t i = 0; i < state_.velocity.size(); ++i) {
    const auto v = static_cast<double>(whole_step_velocity(i));
    square += v * v;
    sum += v;
  }
  const double per_particle = options_.box_length / static_cast<double>(particles());
  return {0.5 * per_particle * square, per_particle * sum};
}

template <class Real>
void Simulation<Real>::read(std::span<float> samples, std::span<float> rates) const {
  for (std::size_t i = 0; 2 * i < samples.size(); ++i) {
    const auto v = static_cast<float>(whole_step_velocity(i));
    samples[2 * i] = to_coordinate(state_.position[i], options_.box_length);
    samples[2 * i + 1] = v;
    if (rates.empty()) continue;
    rates[2 * i] = v;
    rates[2 * i + 1] = static_cast<float>(static_cast<double>(kicks_.at(state_.position[i])) / dt_);
  }
}

template class Simulation<float>;
template class Simulation<double>;

}  // namespace scorefield::pic
