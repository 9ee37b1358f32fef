#include "models/fields/leapfrog.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "core/parallel.hpp"

namespace scorefield::models {
namespace {

/// Cells of the table: with 64 waves 32 of them in the shortest.
constexpr std::size_t kCells = 2048;
constexpr float kCellsAsFloat = kCells;
constexpr std::size_t kBlock = 4096;
constexpr std::uint64_t kScatterStream = std::uint64_t{0x73636174} << 32;

template <class Body>
void for_blocks(std::size_t count, const Body& body) {
  parallel_for(static_cast<std::int64_t>((count + kBlock - 1) / kBlock), [&](std::int64_t block) {
    const std::size_t begin = static_cast<std::size_t>(block) * kBlock;
    body(begin, std::min(count, begin + kBlock));
  });
}

/// x in units of a cell, into the table.
float wrapped(float x) {
  x -= kCellsAsFloat * static_cast<float>(static_cast<int>(x * (1 / kCellsAsFloat)));
  x += x < 0 ? kCellsAsFloat : 0;
  return x < kCellsAsFloat ? x : 0;
}

}  // namespace

Leapfrog::Leapfrog(const PositionBasis& basis, const ForceCourse& course)
    : basis_(basis),
      course_(course),
      coefficients_(basis.dimension() * basis.size()),
      table_time_(std::numeric_limits<double>::quiet_NaN()) {
  if (course.size() != coefficients_.size()) throw Error("a force's course does not fit its basis");
  if (basis.dimension() > 1) {
    waves_.emplace(basis);
    return;
  }
  const auto& axis = basis.axes().front();
  at_nodes_.resize((kCells + 1) * basis.size());
  for (std::size_t i = 0; i <= kCells; ++i) {
    const double x = axis.origin + axis.length * static_cast<double>(i) / kCells;
    basis.values({&x, 1}, {at_nodes_.data() + i * basis.size(), basis.size()});
  }
  table_.resize(kCells);
}

void Leapfrog::place(std::span<const float> position, std::span<const float> velocity) {
  count_ = position.size() / basis_.dimension();
  position_.assign(position.begin(), position.end());
  velocity_.assign(velocity.begin(), velocity.end());
  if (basis_.dimension() > 1) return;
  const auto& axis = basis_.axes().front();
  for (auto& x : position_) {
    const double cells = (x - axis.origin) / axis.length * kCells;
    x = axis.periodic ? wrapped(static_cast<float>(cells - kCells * std::floor(cells / kCells)))
                      : static_cast<float>(cells);
  }
}

void Leapfrog::read(std::span<float> position, std::span<float> velocity) const {
  const auto& axes = basis_.axes();
  for (std::size_t i = 0; i < position_.size(); ++i) {
    const auto& axis = axes[i % axes.size()];
    double x = position_[i];
    if (basis_.dimension() == 1) {
      x = axis.origin + axis.length * x / kCells;
    } else if (axis.periodic) {
      x -= axis.length * std::floor((x - axis.origin) / axis.length);
    }
    auto rounded = static_cast<float>(x);
    if (axis.periodic && rounded >= static_cast<float>(axis.origin + axis.length))
      rounded = static_cast<float>(axis.origin);
    position[i] = rounded;
  }
  std::copy(velocity_.begin(), velocity_.end(), velocity.begin());
}

void Leapfrog::tabulate(double t) {
  if (t == table_time_) return;
  course_.at(t, coefficients_);
  table_time_ = t;
  if (basis_.dimension() > 1) return;
  const std::size_t c = basis_.size();
  const auto force = [&](std::size_t node) {
    double sum = 0;
    for (std::size_t j = 0; j < c; ++j) sum += at_nodes_[node * c + j] * coefficients_[j];
    return sum;
  };
  double here = force(0);
  for (std::size_t i = 0; i < kCells; ++i) {
    const double next = force(i + 1);
    table_[i] = {static_cast<float>(here), static_cast<float>(next - here)};
    here = next;
  }
}

void Leapfrog::kick_block(std::size_t begin, std::size_t end, float dt) {
  const std::size_t s = basis_.dimension();
  if (s == 1) {
    const Cell* const table = table_.data();
    for (std::size_t i = begin; i < end; ++i) {
      const float x = std::clamp(position_[i], 0.0f, kCellsAsFloat - 0.001f);
      const int cell = static_cast<int>(x);
      velocity_[i] += dt * (table[cell].base + (x - static_cast<float>(cell)) * table[cell].slope);
    }
    return;
  }
  waves_->add(coefficients_, dt, std::span(position_).subspan(begin * s, (end - begin) * s),
              std::span(velocity_).subspan(begin * s, (end - begin) * s));
}

void Leapfrog::kick(double t, double dt) {
  tabulate(t);
  for_blocks(count_, [&](std::size_t begin, std::size_t end) { kick_block(begin, end, static_cast<float>(dt)); });
}

void Leapfrog::drift(double dt) {
  const std::size_t s = basis_.dimension();
  if (s > 1) {
    for (std::size_t i = 0; i < position_.size(); ++i) position_[i] += static_cast<float>(dt) * velocity_[i];
    return;
  }
  const auto& axis = basis_.axes().front();
  const auto cells = static_cast<float>(dt * kCells / axis.length);
  const bool periodic = axis.periodic;
  for_blocks(count_, [&](std::size_t begin, std::size_t end) {
    float* const x = position_.data();
    const float* const v = velocity_.data();
    if (periodic)
      for (std::size_t i = begin; i < end; ++i) x[i] = wrapped(x[i] + cells * v[i]);
    else
      for (std::size_t i = begin; i < end; ++i) x[i] += cells * v[i];
  });
}

template <class Real>
void scatter_velocities(const std::vector<double>& rates, double dt, Philox random, Real* velocity, std::size_t count,
                        std::size_t stride) {
  const std::size_t s = rates.size();
  std::array<double, 3> deviation{};
  for (std::size_t a = 0; a < s; ++a) deviation[a] = std::sqrt(2 * rates[a] * dt);
  const std::size_t pairs = (count * s + 1) / 2;
  for_blocks(pairs, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const auto normals = random.normals(i);
      for (std::size_t j = 2 * i; j < std::min(2 * i + 2, count * s); ++j)
        velocity[j / s * stride + j % s] += static_cast<Real>(deviation[j % s] * normals[j - 2 * i]);
    }
  });
}

template void scatter_velocities(const std::vector<double>&, double, Philox, float*, std::size_t, std::size_t);
template void scatter_velocities(const std::vector<double>&, double, Philox, double*, std::size_t, std::size_t);

void Leapfrog::diffuse(std::vector<double> rates, std::uint64_t seed) {
  diffusion_ = std::move(rates);
  seed_ = seed;
}

void Leapfrog::scatter(double dt) {
  const std::size_t s = basis_.dimension();
  scatter_velocities(diffusion_, dt, Philox(seed_, kScatterStream + step_++), velocity_.data(), count_, s);
}

void Leapfrog::advance(double from, double to, std::int64_t steps) {
  const double h = (to - from) / static_cast<double>(steps);
  kick(from, h / 2);
  for (std::int64_t n = 1; n <= steps; ++n) {
    if (interrupt_requested()) throw Interrupted("interrupted; nothing was written.");
    if (diffusion_.empty()) {
      drift(h);
    } else {  // in the middle: symmetric
      drift(h / 2);
      scatter(h);
      drift(h / 2);
    }
    const double t = n == steps ? to : from + static_cast<double>(n) * h;
    kick(t, n == steps ? h / 2 : h);
  }
}

void advance_tangents(const PositionBasis& basis, const ForceCourse& course, const std::vector<ForceCourse>& rates,
                      KineticTangents& particles, const std::vector<double>& times) {
  const std::size_t s = particles.dimension, p = particles.parameters, c = basis.size(), width = (1 + p) * 2 * s;
  const std::size_t count = particles.state.size() / width;
  std::vector<double> force(s * c);
  std::vector<std::vector<double>> force_rates(p, std::vector<double>(s * c));
  const auto kick = [&](double t, double dt) {
    course.at(t, force);
    for (std::size_t j = 0; j < p; ++j) rates[j].at(t, force_rates[j]);
    for_blocks(count, [&](std::size_t begin, std::size_t end) {
      std::vector<double> phi(c), slopes(s * c);
      for (std::size_t i = begin; i < end; ++i) {
        double* const state = particles.state.data() + i * width;
        basis.values({state, s}, phi, slopes);
        for (std::size_t a = 0; a < s; ++a) {
          double value = 0;
          std::array<double, 3> gradient{};
          for (std::size_t j = 0; j < c; ++j) {
            value += phi[j] * force[a * c + j];
            for (std::size_t b = 0; b < s; ++b) gradient[b] += slopes[b * c + j] * force[a * c + j];
          }
          state[s + a] += dt * value;
          for (std::size_t k = 0; k < p; ++k) {
            double* const tangent = state + (1 + k) * 2 * s;
            double rate = 0;
            for (std::size_t j = 0; j < c; ++j) rate += phi[j] * force_rates[k][a * c + j];
            for (std::size_t b = 0; b < s; ++b) rate += gradient[b] * tangent[b];
            tangent[s + a] += dt * rate;
          }
        }
      }
    });
  };
  for (std::size_t n = 0; n + 1 < times.size(); ++n) {
    const double h = times[n + 1] - times[n];
    kick(times[n], h / 2);
    for_blocks(count, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i)
        for (std::size_t block = 0; block <= p; ++block)
          for (std::size_t a = 0; a < s; ++a) {
            double* const part = particles.state.data() + i * width + block * 2 * s;
            part[a] += h * part[s + a];
          }
    });
    kick(times[n + 1], h / 2);
  }
}

}  // namespace scorefield::models
