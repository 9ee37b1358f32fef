#include "solvers/mpm/engine.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/error.hpp"
#include "solvers/mpm/blocks.hpp"
#include "solvers/mpm/body.hpp"
#include "solvers/mpm/fused_passage.hpp"

namespace scorefield::mpm {
namespace {

constexpr std::int64_t kMostNodes = 4'000'000;
constexpr std::int64_t kMargin = 1;  ///< cells between the cloud and the grid's edge

int checked_dimension(int d) {
  if (d < 1 || d > 3) throw UsageError("a grid needs 1 to 3 coordinates, got " + std::to_string(d) + ".");
  return d;
}

bool is_solid(Body body) { return body != Body::gas && body != Body::none; }

}  // namespace

template <class T>
Engine<T>::Engine(int d, std::span<const double> positions, const MpmOptions& options,
                  std::shared_ptr<GridPassage<T>> passage)
    : d_(checked_dimension(d)),
      options_(options),
      passage_(std::move(passage)),
      particles_(d, positions),
      scratch_(particles_) {
  if (!passage_) passage_ = std::make_shared<FusedPassage<T>>(d);
  if (is_solid(options.body)) {
    deformation_.assign(static_cast<std::size_t>(count() * d * d), 0);
    for (std::int64_t p = 0; p < count(); ++p)
      for (int a = 0; a < d; ++a) deformation_[static_cast<std::size_t>((p * d + a) * d + a)] = 1;
  }
  where_.positions.resize(static_cast<std::size_t>(count() * d_));
}

/// Positions and extent of the particles, where the last gather does not tell.
template <class T>
void Engine<T>::survey() {
  if (surveyed_) return;
  over_blocks(count(), kParticleBlock, [&](std::int64_t begin, std::int64_t end) {
    transfers<T>(d_).read({particles_.data()}, where_.positions.data(), {begin, end});
  });
  T* const low = where_.box;
  T* const high = where_.box + 3;
  T sum = 0;
  for (int a = 0; a < d_; ++a) low[a] = high[a] = particles_[0].x(a);
  for (std::int64_t p = 0; p < count(); ++p) {
    for (int a = 0; a < d_; ++a) {
      const T x = particles_[p].x(a);
      low[a] = std::min(low[a], x);
      high[a] = std::max(high[a], x);
      sum += x;
    }
  }
  if (!std::isfinite(sum)) low[0] = sum;
  surveyed_ = true;
}

template <class T>
void Engine<T>::place_grid() {
  survey();
  const T* const low = where_.box;
  const T* const high = where_.box + 3;
  for (int a = 0; a < d_; ++a)
    if (!std::isfinite(low[a])) throw Error("a particle's position is not finite. Use a smaller mpm.dt.");
  for (;;) {
    node_count_ = 1;
    for (int a = 0; a < d_; ++a) {
      // The corner lies on a multiple of h, so that a cloud at rest sees a grid at rest.
      const double first = std::floor(static_cast<double>(low[a]) / spacing_) - kMargin;
      grid_.origin[a] = static_cast<T>(first * spacing_);
      grid_.size[a] =
          static_cast<std::int64_t>(std::ceil(static_cast<double>(high[a]) / spacing_) - first) + kMargin + 2;
      node_count_ *= grid_.size[a];
      if (node_count_ > kMostNodes) break;
    }
    if (node_count_ <= kMostNodes) break;
    spacing_ *= 1.25;
  }
  grid_.h = static_cast<T>(spacing_);
}

/// To the grid, which place_grid() has placed, and back.
template <class T>
void Engine<T>::pass_grid(const ParticleView<T>& view, const Kick& kick, T keep, Move<T> move) {
  passage_->pass({grid_, node_count_, view, count(), d_, kick, keep, move}, where_);
  surveyed_ = true;
}

template <class T>
void Engine<T>::compute_stress(double dt) {
  stress_.assign(static_cast<std::size_t>(count() * d_ * kLanes), T(0));
  const double factor = -dt * 4 / (spacing_ * spacing_);
  over_blocks(count(), kParticleBlock, [&](std::int64_t begin, std::int64_t end) {
    double F[9], tau[9];
    for (std::int64_t p = begin; p < end; ++p) {
      double* const stored = deformation_.data() + p * d_ * d_;
      std::copy(stored, stored + d_ * d_, F);
      kirchhoff_stress(options_, d_, F, tau);
      std::copy(F, F + d_ * d_, stored);
      for (int column = 0; column < d_; ++column)
        for (int row = 0; row < d_; ++row)
          stress_[static_cast<std::size_t>((p * d_ + column) * kLanes + row)] =
              static_cast<T>(factor * tau[row * d_ + column]);
    }
  });
}

template <class T>
void Engine<T>::advance(double dt, double limit, double damping, std::span<const double> acceleration) {
  if (!(spacing_ > 0)) throw Error("mpm: the grid spacing is not set.");
  place_grid();  // widens the spacing where the cloud does not fit
  if (is_solid(options_.body)) compute_stress(dt);
  const T pressure = options_.body == Body::gas ? static_cast<T>(dt * 4 / (spacing_ * spacing_)) : T(0);
  pass_grid({particles_.data(), stress_.empty() ? nullptr : stress_.data(), pressure,
             options_.affine || is_solid(options_.body)},  // a solid's F needs the velocity gradient
            {acceleration.empty() ? nullptr : acceleration.data(), dt, limit / dt},
            static_cast<T>(1 / (1 + damping * dt)), {static_cast<T>(dt), static_cast<T>(limit)});
  if (is_solid(options_.body)) deform(dt);
}

/// F <- (1 + dt C) F
template <class T>
void Engine<T>::deform(double dt) {
  over_blocks(count(), kParticleBlock, [&](std::int64_t begin, std::int64_t end) {
    double next[9];
    for (std::int64_t p = begin; p < end; ++p) {
      double* const F = deformation_.data() + p * d_ * d_;
      const auto one = particles_[p];
      for (int i = 0; i < d_; ++i)
        for (int j = 0; j < d_; ++j) {
          double sum = F[i * d_ + j];
          for (int k = 0; k < d_; ++k) sum += dt * static_cast<double>(one.C(i, k)) * F[k * d_ + j];
          next[i * d_ + j] = sum;
        }
      std::copy(next, next + d_ * d_, F);
    }
  });
  if (!options_.affine)  // PIC: for F alone
    for (std::int64_t p = 0; p < count(); ++p) particles_.clear_affine(p);
}

template <class T>
void Engine<T>::fit_spacing(double per_cell, std::int64_t most_cells) {
  const double wanted =
      std::max(1.0, std::min(static_cast<double>(count()) / per_cell, static_cast<double>(most_cells)));
  double extent = 0;
  for (int a = 0; a < d_; ++a) {
    T low = particles_[0].x(a), high = low;
    for (std::int64_t p = 1; p < count(); ++p) {
      low = std::min(low, particles_[p].x(a));
      high = std::max(high, particles_[p].x(a));
    }
    extent = std::max(extent, static_cast<double>(high) - static_cast<double>(low));
  }
  if (!(extent > 0) || !std::isfinite(extent)) throw Error("mpm: the cloud has no extent. Start wider.");
  double h = spacing_ > 0 ? spacing_ : extent / std::pow(wanted, 1.0 / d_);
  std::vector<std::int64_t> keys(static_cast<std::size_t>(count()));
  for (int round = 0; round < 8; ++round) {
    h = std::max(h, extent * 1e-5);
    for (std::int64_t p = 0; p < count(); ++p) {
      std::int64_t key = 0;
      for (int a = 0; a < d_; ++a)
        key = key * 2'000'003 + static_cast<std::int64_t>(std::floor(static_cast<double>(particles_[p].x(a)) / h));
      keys[static_cast<std::size_t>(p)] = key;
    }
    std::sort(keys.begin(), keys.end());
    const auto occupied = static_cast<double>(std::unique(keys.begin(), keys.end()) - keys.begin());
    const double ratio = occupied / wanted;
    if (ratio > 0.95 && ratio < 1.05) break;
    h *= std::clamp(std::pow(ratio, 1.0 / d_), 0.5, 2.0);
  }
  spacing_ = h;
}

template <class T>
void Engine<T>::sort() {
  if (!(spacing_ > 0)) return;
  place_grid();
  std::vector<std::int32_t> start(static_cast<std::size_t>(node_count_ + 1), 0);
  std::vector<std::int32_t> cell_of(static_cast<std::size_t>(count()));
  const T inverse = T(1) / grid_.h;
  for (std::int64_t p = 0; p < count(); ++p) {
    std::int64_t cell = 0;
    for (int a = 0; a < d_; ++a)
      cell =
          cell * grid_.size[a] + static_cast<std::int64_t>((particles_[p].x(a) - grid_.origin[a]) * inverse - T(0.5));
    cell_of[static_cast<std::size_t>(p)] = static_cast<std::int32_t>(cell);
    ++start[static_cast<std::size_t>(cell + 1)];
  }
  for (std::size_t c = 1; c < start.size(); ++c) start[c] += start[c - 1];
  std::vector<double> deformation(deformation_.size()), positions(where_.positions.size());
  const auto block = static_cast<std::size_t>(d_ * d_);
  for (std::int64_t p = 0; p < count(); ++p) {
    const auto to = static_cast<std::int64_t>(start[static_cast<std::size_t>(cell_of[static_cast<std::size_t>(p)])]++);
    scratch_.copy(to, particles_, p);
    std::copy_n(where_.positions.data() + p * d_, d_, positions.data() + to * d_);
    if (!deformation_.empty())
      std::copy_n(deformation_.data() + static_cast<std::size_t>(p) * block, block,
                  deformation.data() + static_cast<std::size_t>(to) * block);
  }
  particles_.swap(scratch_);
  deformation_.swap(deformation);
  where_.positions.swap(positions);
}

template <class T>
std::span<const double> Engine<T>::positions() {
  survey();
  return where_.positions;
}

template <class T>
void Engine<T>::read_velocities(std::span<double> v) const {
  for (std::int64_t p = 0; p < count(); ++p)
    for (int a = 0; a < d_; ++a) v[static_cast<std::size_t>(p * d_ + a)] = static_cast<double>(particles_[p].v(a));
}

template <class T>
void Engine<T>::read_density(std::span<double> density) const {
  const double volume = std::pow(spacing_, d_);
  for (std::int64_t p = 0; p < count(); ++p)
    density[static_cast<std::size_t>(p)] = static_cast<double>(particles_[p].density()) / volume;
}

template <class T>
void Engine<T>::smooth(std::span<double> values) {
  // The values travel as a velocity's first component, without stress and with positions held.
  Particles<T> kept = particles_;
  for (std::int64_t p = 0; p < count(); ++p) {
    particles_.stop(p);
    particles_[p].v(0) = static_cast<T>(values[static_cast<std::size_t>(p)]);
  }
  place_grid();
  pass_grid({particles_.data(), nullptr, 0, false}, {}, T(1), {T(0), T(0)});
  for (std::int64_t p = 0; p < count(); ++p) {
    values[static_cast<std::size_t>(p)] = static_cast<double>(particles_[p].v(0));
    kept[p].density() = particles_[p].density();  // it came along
  }
  particles_.swap(kept);
}

template <class T>
void Engine<T>::copy_particles(std::span<const std::int32_t> source, std::span<const double> jitter) {
  scratch_ = particles_;
  surveyed_ = false;
  const std::vector<double> deformation = deformation_;
  const auto block = static_cast<std::size_t>(d_ * d_);
  for (std::int64_t p = 0; p < count(); ++p) {
    const auto from = static_cast<std::int64_t>(source[static_cast<std::size_t>(p)]);
    if (from == p) continue;
    particles_.copy(p, scratch_, from);
    for (int a = 0; a < d_; ++a) particles_[p].x(a) += static_cast<T>(jitter[static_cast<std::size_t>(p * d_ + a)]);
    if (!deformation_.empty())
      std::copy_n(deformation.data() + static_cast<std::size_t>(from) * block, block,
                  deformation_.data() + static_cast<std::size_t>(p) * block);
  }
}

template <class T>
void Engine<T>::transform(std::span<const double> a, std::span<const double> inverse, std::span<const double> b) {
  surveyed_ = false;
  const auto at = [&](std::span<const double> m, int i, int j) { return m[static_cast<std::size_t>(i * d_ + j)]; };
  for (std::int64_t p = 0; p < count(); ++p) {
    const auto one = particles_[p];
    double x[3], v[3], half[9];
    for (int i = 0; i < d_; ++i) {
      x[i] = b[static_cast<std::size_t>(i)];
      v[i] = 0;
      for (int j = 0; j < d_; ++j) {
        x[i] += at(a, i, j) * static_cast<double>(one.x(j));
        v[i] += at(a, i, j) * static_cast<double>(one.v(j));
      }
    }
    for (int i = 0; i < d_; ++i)
      for (int j = 0; j < d_; ++j) {
        half[i * d_ + j] = 0;
        for (int k = 0; k < d_; ++k) half[i * d_ + j] += at(a, i, k) * static_cast<double>(one.C(k, j));
      }
    for (int i = 0; i < d_; ++i)
      for (int j = 0; j < d_; ++j) {
        double sum = 0;
        for (int k = 0; k < d_; ++k) sum += half[i * d_ + k] * at(inverse, k, j);
        one.C(i, j) = static_cast<T>(sum);
      }
    for (int i = 0; i < d_; ++i) {
      one.x(i) = static_cast<T>(x[i]);
      one.v(i) = static_cast<T>(v[i]);
    }
  }
}

template <class T>
double Engine<T>::mean_square_speed() const {
  double sum = 0;
  for (std::int64_t p = 0; p < count(); ++p)
    for (int a = 0; a < d_; ++a) {
      const auto v = static_cast<double>(particles_[p].v(a));
      sum += v * v;
    }
  return sum / static_cast<double>(count());
}

template <class T>
double Engine<T>::fastest_wave() const {
  if (!is_solid(options_.body)) return 1;
  double speed = 0;
  for (std::int64_t p = 0; p < count(); ++p)
    speed = std::max(speed, wave_speed(options_, d_, deformation_.data() + p * d_ * d_));
  return speed;
}

template <class T>
void Engine<T>::exchange(StateArchive& archive) {
  archive.number("spacing", spacing_);
  archive.require(spacing_ > 0, "spacing", "above 0");
  particles_.exchange(archive);
  if (!deformation_.empty()) archive.array("deformation", {count(), d_, d_}, deformation_);
  if (archive.restoring()) surveyed_ = false;
}

template class Engine<float>;
template class Engine<double>;

}  // namespace scorefield::mpm
