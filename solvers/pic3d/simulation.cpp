#include "solvers/pic3d/simulation.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <string>
#include <utility>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "solvers/pic/deposit.hpp"
#include "solvers/pic3d/sorting.hpp"

namespace scorefield::pic3d {
namespace {

/// Enough particles to outweigh clearing and adding up a block's own grid; never depends on the number of threads.
std::int64_t choose_blocks(std::int64_t particles) { return std::clamp<std::int64_t>(particles / 65536, 1, 32); }

Pic3dOptions validated(Pic3dOptions options, double dt) {
  options.dt = dt;
  validate(options);
  return options;
}

std::size_t cube(std::int64_t n) { return static_cast<std::size_t>(n * n * n); }

/// Adds blocks of grids, in their order, to one of mean 1.
void add_up(const std::vector<float>& charge, std::int64_t blocks, std::int64_t n, std::int64_t particles,
            std::vector<double>& density) {
  const double scale = static_cast<double>(n * n * n) / static_cast<double>(particles);
  const auto plane = static_cast<std::size_t>(n * n), all = density.size();
  parallel_for(n, [&](std::int64_t i) {
    double* to = density.data() + static_cast<std::size_t>(i) * plane;
    std::fill_n(to, plane, 0.0);
    for (std::size_t block = 0; block < static_cast<std::size_t>(blocks); ++block) {
      const float* from = charge.data() + block * all + static_cast<std::size_t>(i) * plane;
      for (std::size_t j = 0; j < plane; ++j) to[j] += static_cast<double>(from[j]);
    }
    for (std::size_t j = 0; j < plane; ++j) to[j] *= scale;
  });
}

double energy(const std::array<std::vector<double>, 3>& field, double box_length, std::int64_t cells) {
  double sum = 0;
  for (const auto& component : field)
    for (const double e : component) sum += e * e;
  return 0.5 * std::pow(box_length / static_cast<double>(cells), 3) * sum;
}

}  // namespace

Simulation::Simulation(const Pic3dOptions& options, double dt)
    : options_(validated(options, dt)),
      dt_(dt),
      kernels_(kKernels.chosen()),
      log_cells_(std::countr_zero(static_cast<std::uint64_t>(options.cells))),
      poisson_(options.cells, options.box_length),
      blocks_(choose_blocks(options.simulated_particles)),
      charge_(static_cast<std::size_t>(blocks_) * cube(options.cells)),
      block_moments_(static_cast<std::size_t>(blocks_)),
      kicks_(4 * cube(options.cells + 1)),
      density_(cube(options.cells)),
      field_{density_, density_, density_} {}

Simulation::Simulation(const Pic3dOptions& options, double dt, Particles initial) : Simulation(options, dt) {
  take(std::move(initial));
  sort_by_cell(particles_, spare_, log_cells_);
  sweep(kernels_.deposit);
  solve();
  for (std::size_t i = 0; i < particles_.id.size(); ++i) {
    const auto kick = kick_at(i);
    for (std::size_t axis = 0; axis < 3; ++axis)
      particles_.velocity[axis][i] = static_cast<float>(particles_.velocity[axis][i] - 0.5 * kick[axis]);
  }
}

Simulation::Simulation(const Pic3dOptions& options, double dt, std::int64_t step, Particles particles)
    : Simulation(options, dt) {
  step_ = step;
  take(std::move(particles));
  sweep(kernels_.deposit);
  solve();
}

void Simulation::take(Particles particles) {
  const auto count = static_cast<std::size_t>(options_.simulated_particles);
  bool complete = particles.id.size() == count;
  for (std::size_t axis = 0; axis < 3; ++axis)
    complete = complete && particles.position[axis].size() == count && particles.velocity[axis].size() == count;
  if (!complete)
    throw UsageError("a run of " + std::to_string(count) + " particles got " + std::to_string(particles.id.size()) +
                     ".");
  particles_ = std::move(particles);
}

Block Simulation::block(std::int64_t index, float* corners) {
  const std::int64_t first = particles_.size() * index / blocks_, last = particles_.size() * (index + 1) / blocks_;
  Block block{};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    block.position[axis] = particles_.position[axis].data() + first;
    block.velocity[axis] = particles_.velocity[axis].data() + first;
  }
  block.size = last - first;
  block.log_cells = log_cells_;
  block.kicks = kicks_.data();
  block.displacement = static_cast<float>(dt_ / options_.box_length * 0x1p32);
  block.corners = corners;
  block.charge = charge_.data() + static_cast<std::size_t>(index) * cube(options_.cells);
  return block;
}

void Simulation::sweep(void (*kernel)(Block&)) {
  // Every thread has its own corners and takes one block after the other.
  const std::int64_t threads = std::min<std::int64_t>(thread_count(), blocks_);
  const std::size_t size = 8 * cube(options_.cells);
  corners_.resize(static_cast<std::size_t>(threads) * size);
  std::atomic<std::int64_t> next{0};
  parallel_for(threads, [&](std::int64_t thread) {
    for (std::int64_t index = next++; index < blocks_; index = next++) {
      Block mine = block(index, corners_.data() + static_cast<std::size_t>(thread) * size);
      kernel(mine);
      block_moments_[static_cast<std::size_t>(index)] = {
          mine.square_sum, {mine.velocity_sum[0], mine.velocity_sum[1], mine.velocity_sum[2]}};
    }
  });
}

void Simulation::solve() {
  const std::int64_t n = options_.cells, nodes = n + 1;
  add_up(charge_, blocks_, n, particles_.size(), density_);
  poisson_.solve(density_, field_);
  const std::int64_t last = n - 1;  // n is a power of two
  parallel_for(nodes, [&](std::int64_t i) {
    for (std::int64_t j = 0; j < nodes; ++j)
      for (std::int64_t k = 0; k < nodes; ++k) {
        const auto from = static_cast<std::size_t>(((i & last) * n + (j & last)) * n + (k & last));
        float* kick = kicks_.data() + 4 * ((i * nodes + j) * nodes + k);
        for (std::size_t axis = 0; axis < 3; ++axis) kick[axis] = static_cast<float>(-dt_ * field_[axis][from]);
      }
  });
}

Moments Simulation::advance() {
  if (!std::isfinite(electric_energy())) throw DivergenceError(step_, "the electric field", "Check pic.dt.");
  if (step_ > 0 && step_ % options_.sort_interval == 0) sort_by_cell(particles_, spare_, log_cells_);
  sweep(kernels_.advance);
  solve();
  ++step_;
  Moments sum;
  const double per_particle = std::pow(options_.box_length, 3) / static_cast<double>(particles_.size());
  for (const Moments& block : block_moments_) {
    sum.kinetic_energy += 0.5 * per_particle * block.kinetic_energy;
    for (std::size_t axis = 0; axis < 3; ++axis) sum.momentum[axis] += per_particle * block.momentum[axis];
  }
  return sum;
}

std::array<double, 3> Simulation::kick_at(std::size_t particle) const {
  const auto nodes = static_cast<std::size_t>(options_.cells) + 1;
  std::array<std::size_t, 3> cell{};
  std::array<double, 3> fraction{}, kick{};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const Position x = particles_.position[axis][particle];
    cell[axis] = x >> (32 - log_cells_);
    fraction[axis] = static_cast<double>((x << log_cells_) >> 8) * 0x1p-24;
  }
  for (std::size_t corner = 0; corner < 8; ++corner) {
    double weight = 1;
    std::size_t node = 0;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const std::size_t upper = corner >> axis & 1;
      weight *= upper != 0 ? fraction[axis] : 1 - fraction[axis];
      node = node * nodes + cell[axis] + upper;
    }
    for (std::size_t axis = 0; axis < 3; ++axis) kick[axis] += weight * static_cast<double>(kicks_[4 * node + axis]);
  }
  return kick;
}

Moments Simulation::moments() const {
  Moments sum;
  const double per_particle = std::pow(options_.box_length, 3) / static_cast<double>(particles_.size());
  for (std::size_t i = 0; i < particles_.id.size(); ++i) {
    const auto kick = kick_at(i);
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const double v = particles_.velocity[axis][i] + 0.5 * kick[axis];
      sum.kinetic_energy += 0.5 * per_particle * v * v;
      sum.momentum[axis] += per_particle * v;
    }
  }
  return sum;
}

double Simulation::electric_energy() const { return energy(field_, options_.box_length, options_.cells); }

void Simulation::read(std::span<float> samples, std::span<float> rates) const {
  const std::size_t count = samples.size() / 6;
  for (std::size_t i = 0; i < particles_.id.size(); ++i) {
    const std::size_t id = particles_.id[i];
    if (id >= count) continue;
    const auto kick = kick_at(i);
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const auto v = static_cast<float>(particles_.velocity[axis][i] + 0.5 * kick[axis]);
      samples[6 * id + axis] = pic::to_coordinate(particles_.position[axis][i], options_.box_length);
      samples[6 * id + axis + 3] = v;
      if (rates.empty()) continue;
      rates[6 * id + axis] = v;
      rates[6 * id + axis + 3] = static_cast<float>(kick[axis] / dt_);
    }
  }
}

double electric_energy(std::span<const float> samples, std::int64_t stride, const Pic3dOptions& options) {
  const auto step = static_cast<std::size_t>(stride);
  if (samples.empty() || step < 3 || samples.size() % step != 0)
    throw Error("electric energy of " + std::to_string(samples.size()) + " numbers in rows of " +
                std::to_string(stride) + ": expected a whole number of particles, at least one.");
  Particles particles;
  particles.resize(static_cast<std::int64_t>(samples.size() / step));
  for (std::size_t i = 0; i < particles.id.size(); ++i)
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const double x = samples[i * step + axis];
      if (!std::isfinite(x))
        throw Error("electric energy: the position of particle " + std::to_string(i) + " is not finite.");
      particles.position[axis][i] = pic::to_position(x, options.box_length);
    }
  Pic3dOptions run = options;
  run.simulated_particles = particles.size();
  return Simulation(run, run.dt, 0, std::move(particles)).electric_energy();
}

}  // namespace scorefield::pic3d
