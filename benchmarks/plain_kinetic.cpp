#include "benchmarks/plain_kinetic.hpp"

#include <algorithm>
#include <cmath>

#include "solvers/pic/poisson.hpp"
#include "solvers/vlasov/interpolation.hpp"

namespace scorefield::benchmarks {

PlainPic::PlainPic(const pic::Particles& particles, std::int64_t cells, double box_length, double dt, double mu)
    : cells_(cells),
      box_(static_cast<float>(box_length)),
      dt_(static_cast<float>(dt)),
      mu_(mu),
      x_(particles.position.begin(), particles.position.end()),
      v_(particles.velocity.begin(), particles.velocity.end()),
      charge_(static_cast<std::size_t>(cells + 1)),
      density_(static_cast<std::size_t>(cells)),
      field_(density_.size()) {}

void PlainPic::advance() {
  const float per_cell = static_cast<float>(cells_) / box_;
  std::fill(charge_.begin(), charge_.end(), 0.0f);
  for (std::size_t i = 0; i < x_.size(); ++i) {
    float position = x_[i] * per_cell;
    auto cell = static_cast<std::size_t>(position);
    float w = position - static_cast<float>(cell);
    const std::size_t right = cell + 1 == field_.size() ? 0 : cell + 1;
    v_[i] -= dt_ * ((1 - w) * static_cast<float>(field_[cell]) + w * static_cast<float>(field_[right]));
    x_[i] += dt_ * v_[i];
    if (x_[i] >= box_) x_[i] -= box_;
    if (x_[i] < 0) x_[i] += box_;
    if (x_[i] >= box_) x_[i] = 0;
    position = x_[i] * per_cell;
    cell = std::min(static_cast<std::size_t>(position), field_.size() - 1);
    w = position - static_cast<float>(cell);
    charge_[cell] += 1 - w;
    charge_[cell + 1] += w;
  }
  charge_[0] += charge_.back();
  const double scale = static_cast<double>(cells_) / static_cast<double>(x_.size());
  for (std::size_t j = 0; j < density_.size(); ++j) density_[j] = scale * static_cast<double>(charge_[j]);
  pic::PeriodicPoisson(cells_, static_cast<double>(box_), mu_).solve(density_, field_);
}

PlainPic3d::PlainPic3d(const pic3d::Particles& particles, std::int64_t cells, double box_length, double dt)
    : cells_(cells), box_(static_cast<float>(box_length)), dt_(static_cast<float>(dt)) {
  for (std::size_t i = 0; i < particles.id.size(); ++i)
    for (std::size_t column = 0; column < 6; ++column)
      state_.push_back(column < 3 ? static_cast<float>(particles.position[column][i]) * 0x1p-32f * box_ * 0.999999f
                                  : particles.velocity[column - 3][i]);
  const auto nodes = static_cast<std::size_t>(cells * cells * cells);
  charge_.resize(nodes);
  for (std::size_t i = 0; i < 3 * nodes; ++i) field_.push_back(static_cast<float>(i % 7) * 0.01f - 0.03f);
}

void PlainPic3d::advance() {
  const auto n = static_cast<std::size_t>(cells_);
  const float per_cell = static_cast<float>(cells_) / box_;
  std::fill(charge_.begin(), charge_.end(), 0.0f);
  std::size_t cell[3];
  float w[3];
  const auto locate = [&](const float* x) {
    for (int axis = 0; axis < 3; ++axis) {
      const float position = x[axis] * per_cell;
      cell[axis] = std::min(static_cast<std::size_t>(position), n - 1);
      w[axis] = position - static_cast<float>(cell[axis]);
    }
  };
  const auto for_corners = [&](auto&& body) {
    for (unsigned corner = 0; corner < 8; ++corner) {
      std::size_t node = 0;
      float weight = 1;
      for (int axis = 0; axis < 3; ++axis) {
        const bool upper = (corner >> axis & 1u) != 0;
        node = node * n + (cell[axis] + (upper ? 1 : 0)) % n;
        weight *= upper ? w[axis] : 1 - w[axis];
      }
      body(node, weight);
    }
  };
  for (std::size_t i = 0; i < state_.size(); i += 6) {
    float* x = state_.data() + i;
    float* v = x + 3;
    locate(x);
    for_corners([&](std::size_t node, float weight) {
      for (std::size_t axis = 0; axis < 3; ++axis) v[axis] -= dt_ * weight * field_[3 * node + axis];
    });
    for (int axis = 0; axis < 3; ++axis) {
      x[axis] += dt_ * v[axis];
      if (x[axis] >= box_) x[axis] -= box_;
      if (x[axis] < 0) x[axis] += box_;
      if (x[axis] >= box_) x[axis] = 0;
    }
    locate(x);
    for_corners([&](std::size_t node, float weight) { charge_[node] += weight; });
  }
}

PlainVlasov::PlainVlasov(const vlasov::VlasovOptions& grid, std::span<const double> values,
                         std::span<const double> velocity, double box_length, double mu)
    : cells_(grid.cells),
      velocities_(static_cast<std::int64_t>(velocity.size())),
      degree_(grid.degree),
      box_(box_length),
      dt_(grid.dt),
      mu_(mu),
      f_(values.begin(), values.end()),
      g_(f_.size()),
      velocity_(velocity.begin(), velocity.end()),
      density_(static_cast<std::size_t>(grid.cells)),
      field_(density_.size()) {}

void PlainVlasov::advance() {
  const double dv = velocity_[1] - velocity_[0], dx = box_ / static_cast<double>(cells_);
  const auto wrap = [](std::int64_t i, std::int64_t n) { return ((i % n) + n) % n; };
  for (std::int64_t i = 0; i < cells_; ++i) {
    const auto stencil = vlasov::shift_stencil(-field_[static_cast<std::size_t>(i)] * dt_ / dv, degree_);
    for (std::int64_t j = 0; j < velocities_; ++j) {
      double sum = 0;
      for (int m = 0; m < stencil.taps; ++m)
        sum += stencil.weight[static_cast<std::size_t>(m)] *
               f_[static_cast<std::size_t>(i * velocities_ + wrap(j + stencil.first + m, velocities_))];
      g_[static_cast<std::size_t>(i * velocities_ + j)] = sum;
    }
  }
  for (std::int64_t j = 0; j < velocities_; ++j) {
    const auto stencil = vlasov::shift_stencil(velocity_[static_cast<std::size_t>(j)] * dt_ / dx, degree_);
    for (std::int64_t i = 0; i < cells_; ++i) {
      double sum = 0;
      for (int m = 0; m < stencil.taps; ++m)
        sum += stencil.weight[static_cast<std::size_t>(m)] *
               g_[static_cast<std::size_t>(wrap(i + stencil.first + m, cells_) * velocities_ + j)];
      f_[static_cast<std::size_t>(i * velocities_ + j)] = sum;
    }
  }
  for (std::size_t i = 0; i < density_.size(); ++i) {
    density_[i] = 0;
    for (std::size_t j = 0; j < velocity_.size(); ++j) density_[i] += dv * f_[i * velocity_.size() + j];
  }
  pic::PeriodicPoisson(cells_, box_, mu_).solve(density_, field_);
}

}  // namespace scorefield::benchmarks
