#include "solvers/mpm/engine.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <utility>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "solvers/mpm/body.hpp"

namespace scorefield::mpm {
namespace {

constexpr std::int64_t kSlabRows = 4;          ///< grid rows whose particles scatter together
constexpr std::int64_t kParticleBlock = 2048;  ///< particles per task elsewhere
constexpr std::int64_t kNodeBlock = 16384;
constexpr std::int64_t kMostNodes = 4'000'000;
constexpr std::int64_t kMargin = 1;  ///< cells between the cloud and the grid's edge

/// parallel_for over blocks of `size` items; in order on the calling thread where there is little to do.
template <class Body>
void over_blocks(std::int64_t count, std::int64_t size, const Body& body) {
  const std::int64_t blocks = (count + size - 1) / size;
  const auto one = [&](std::int64_t b) { body(b * size, std::min(count, (b + 1) * size)); };
  if (blocks < 4) {
    for (std::int64_t b = 0; b < blocks; ++b) one(b);
  } else {
    parallel_for(blocks, one);
  }
}

bool is_solid(Body body) { return body != Body::gas && body != Body::none; }

}  // namespace

template <class T>
Engine<T>::Engine(int d, std::span<const double> positions, const MpmOptions& options, GridStep<T> elsewhere)
    : d_(d),
      count_(static_cast<std::int64_t>(positions.size()) / d),
      stride_(kLanes * (d + 2)),
      options_(options),
      transfers_(transfers<T>(d)),
      elsewhere_(std::move(elsewhere)),
      particles_(static_cast<std::size_t>(count_ * stride_), T(0)) {
  if (d < 1 || d > 3) throw UsageError("a grid needs 1 to 3 coordinates, got " + std::to_string(d) + ".");
  for (std::int64_t p = 0; p < count_; ++p)
    for (int a = 0; a < d; ++a) particle(p)[a] = static_cast<T>(positions[static_cast<std::size_t>(p * d + a)]);
  if (is_solid(options.body)) {
    deformation_.assign(static_cast<std::size_t>(count_ * d * d), 0);
    for (std::int64_t p = 0; p < count_; ++p)
      for (int a = 0; a < d; ++a) deformation_[static_cast<std::size_t>((p * d + a) * d + a)] = 1;
  }
  positions_.resize(static_cast<std::size_t>(count_ * d_));
  order_.resize(static_cast<std::size_t>(count_));
  cell_.resize(static_cast<std::size_t>(count_));
}

/// Positions and extent of the particles, where the last gather does not tell.
template <class T>
void Engine<T>::survey() {
  if (surveyed_) return;
  over_blocks(count_, kParticleBlock, [&](std::int64_t begin, std::int64_t end) {
    transfers_.read({particles_.data()}, positions_.data(), {begin, end});
  });
  T sum = 0;
  for (int a = 0; a < d_; ++a) box_[a] = box_[3 + a] = particle(0)[a];
  for (std::int64_t p = 0; p < count_; ++p) {
    for (int a = 0; a < d_; ++a) {
      const auto x = static_cast<T>(positions_[static_cast<std::size_t>(p * d_ + a)]);
      box_[a] = std::min(box_[a], x);
      box_[3 + a] = std::max(box_[3 + a], x);
      sum += x;
    }
  }
  if (!std::isfinite(sum)) box_[0] = sum;
  surveyed_ = true;
}

template <class T>
void Engine<T>::gather_all(const ParticleView<T>& view, T dt, T limit) {
  const std::int64_t blocks = (count_ + kParticleBlock - 1) / kParticleBlock;
  boxes_.resize(static_cast<std::size_t>(6 * blocks));
  over_blocks(count_, kParticleBlock, [&](std::int64_t begin, std::int64_t end) {
    transfers_.gather(grid_, view, {dt, limit}, {begin, end}, positions_.data(),
                      boxes_.data() + 6 * (begin / kParticleBlock));
  });
  for (std::size_t a = 0; a < static_cast<std::size_t>(d_); ++a) {
    box_[a] = boxes_[a];
    box_[3 + a] = boxes_[3 + a];
    for (std::size_t b = 6; b < boxes_.size(); b += 6) {
      box_[a] = std::isfinite(boxes_[b + a]) ? std::min(box_[a], boxes_[b + a]) : boxes_[b + a];
      box_[3 + a] = std::max(box_[3 + a], boxes_[b + 3 + a]);
    }
  }
  surveyed_ = true;
}

template <class T>
void Engine<T>::place_grid() {
  survey();
  const T* const low = box_;
  const T* const high = box_ + 3;
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
  if (elsewhere_) return;
  const auto numbers = static_cast<std::size_t>((node_count_ + 1) * kLanes);  // rows of three are handled as four
  if (nodes_.size() < numbers) nodes_.resize(numbers);
  grid_.nodes = nodes_.data();
  over_blocks(node_count_, kNodeBlock, [&](std::int64_t begin, std::int64_t end) {
    std::memset(nodes_.data() + begin * kLanes, 0, static_cast<std::size_t>((end - begin) * kLanes) * sizeof(T));
  });
}

template <class T>
void Engine<T>::order_by_slab() {
  const std::int64_t slabs = grid_.size[0] / kSlabRows + 1;
  slab_start_.assign(static_cast<std::size_t>(slabs + 1), 0);
  const T inverse = T(1) / grid_.h;
  for (std::int64_t p = 0; p < count_; ++p)
    cell_[static_cast<std::size_t>(p)] =
        static_cast<std::int32_t>(
            (static_cast<T>(positions_[static_cast<std::size_t>(p * d_)]) - grid_.origin[0]) * inverse - T(0.5)) /
        static_cast<std::int32_t>(kSlabRows);
  // Neighbours in memory are mostly neighbours in space: stretches of one slab are counted and placed at once.
  const auto stretches = [&](auto&& visit) {
    for (std::int64_t p = 0; p < count_;) {
      const std::int32_t slab = cell_[static_cast<std::size_t>(p)];
      std::int64_t end = p + 1;
      while (end < count_ && cell_[static_cast<std::size_t>(end)] == slab) ++end;
      visit(static_cast<std::size_t>(slab), p, end);
      p = end;
    }
  };
  stretches([&](std::size_t slab, std::int64_t begin, std::int64_t end) { slab_start_[slab + 1] += end - begin; });
  for (std::size_t s = 1; s < slab_start_.size(); ++s) slab_start_[s] += slab_start_[s - 1];
  std::vector<std::int64_t> next(slab_start_.begin(), slab_start_.end() - 1);
  stretches([&](std::size_t slab, std::int64_t begin, std::int64_t end) {
    std::iota(order_.begin() + next[slab], order_.begin() + next[slab] + (end - begin),
              static_cast<std::int32_t>(begin));
    next[slab] += end - begin;
  });
}

template <class T>
void Engine<T>::scatter_all(const ParticleView<T>& view, const Kick& kick) {
  order_by_slab();
  const auto slabs = static_cast<std::int64_t>(slab_start_.size()) - 1;
  const auto one = [&](std::int64_t slab) {
    transfers_.scatter(grid_, view, kick, order_.data(),
                       {slab_start_[static_cast<std::size_t>(slab)], slab_start_[static_cast<std::size_t>(slab + 1)]});
  };
  if (count_ < 4 * kParticleBlock) {
    for (std::int64_t s = 0; s < slabs; s += 2) one(s);
    for (std::int64_t s = 1; s < slabs; s += 2) one(s);
  } else {  // a slab reaches two rows into the next one only
    parallel_for((slabs + 1) / 2, [&](std::int64_t s) { one(2 * s); });
    parallel_for(slabs / 2, [&](std::int64_t s) { one(2 * s + 1); });
  }
}

/// To the grid, which place_grid() has placed, and back.
template <class T>
void Engine<T>::pass_grid(const ParticleView<T>& view, const Kick& kick, T keep, T dt, T limit) {
  if (elsewhere_) {
    elsewhere_(grid_, view, count_, kick, keep, dt, limit, d_, positions_.data(), box_);
    surveyed_ = true;
    return;
  }
  scatter_all(view, kick);
  over_blocks(node_count_, kNodeBlock,
              [&](std::int64_t begin, std::int64_t end) { transfers_.update(grid_, keep, {begin, end}); });
  gather_all(view, dt, limit);
}

template <class T>
void Engine<T>::compute_stress(double dt) {
  stress_.assign(static_cast<std::size_t>(count_ * d_ * kLanes), T(0));
  const double factor = -dt * 4 / (spacing_ * spacing_);
  over_blocks(count_, kParticleBlock, [&](std::int64_t begin, std::int64_t end) {
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
            static_cast<T>(1 / (1 + damping * dt)), static_cast<T>(dt), static_cast<T>(limit));
  if (!is_solid(options_.body)) return;
  over_blocks(count_, kParticleBlock, [&](std::int64_t begin, std::int64_t end) {
    double next[9];
    for (std::int64_t p = begin; p < end; ++p) {  // F <- (1 + dt C) F
      double* const F = deformation_.data() + p * d_ * d_;
      const T* const C = particle(p) + 2 * kLanes;  // columns
      for (int i = 0; i < d_; ++i)
        for (int j = 0; j < d_; ++j) {
          double sum = F[i * d_ + j];
          for (int k = 0; k < d_; ++k) sum += dt * static_cast<double>(C[k * kLanes + i]) * F[k * d_ + j];
          next[i * d_ + j] = sum;
        }
      std::copy(next, next + d_ * d_, F);
    }
  });
  if (!options_.affine)  // PIC: for F alone
    for (std::int64_t p = 0; p < count_; ++p) std::fill_n(particle(p) + 2 * kLanes, d_ * kLanes, T(0));
}

template <class T>
void Engine<T>::fit_spacing(double per_cell, std::int64_t most_cells) {
  const double wanted =
      std::max(1.0, std::min(static_cast<double>(count_) / per_cell, static_cast<double>(most_cells)));
  double extent = 0;
  for (int a = 0; a < d_; ++a) {
    T low = particle(0)[a], high = low;
    for (std::int64_t p = 1; p < count_; ++p) {
      low = std::min(low, particle(p)[a]);
      high = std::max(high, particle(p)[a]);
    }
    extent = std::max(extent, static_cast<double>(high) - static_cast<double>(low));
  }
  if (!(extent > 0) || !std::isfinite(extent)) throw Error("mpm: the cloud has no extent. Start wider.");
  double h = spacing_ > 0 ? spacing_ : extent / std::pow(wanted, 1.0 / d_);
  std::vector<std::int64_t> keys(static_cast<std::size_t>(count_));
  for (int round = 0; round < 8; ++round) {
    h = std::max(h, extent * 1e-5);
    for (std::int64_t p = 0; p < count_; ++p) {
      std::int64_t key = 0;
      for (int a = 0; a < d_; ++a)
        key = key * 2'000'003 + static_cast<std::int64_t>(std::floor(static_cast<double>(particle(p)[a]) / h));
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
  const T inverse = T(1) / grid_.h;
  for (std::int64_t p = 0; p < count_; ++p) {
    std::int64_t cell = 0;
    for (int a = 0; a < d_; ++a)
      cell = cell * grid_.size[a] + static_cast<std::int64_t>((particle(p)[a] - grid_.origin[a]) * inverse - T(0.5));
    cell_[static_cast<std::size_t>(p)] = static_cast<std::int32_t>(cell);
    ++start[static_cast<std::size_t>(cell + 1)];
  }
  for (std::size_t c = 1; c < start.size(); ++c) start[c] += start[c - 1];
  scratch_.resize(particles_.size());
  std::vector<double> deformation(deformation_.size()), positions(positions_.size());
  const auto block = static_cast<std::size_t>(d_ * d_);
  for (std::int64_t p = 0; p < count_; ++p) {
    const auto to = static_cast<std::int64_t>(start[static_cast<std::size_t>(cell_[static_cast<std::size_t>(p)])]++);
    std::copy_n(particle(p), stride_, scratch_.data() + to * stride_);
    std::copy_n(positions_.data() + p * d_, d_, positions.data() + to * d_);
    if (!deformation_.empty())
      std::copy_n(deformation_.data() + static_cast<std::size_t>(p) * block, block,
                  deformation.data() + static_cast<std::size_t>(to) * block);
  }
  particles_.swap(scratch_);
  deformation_.swap(deformation);
  positions_.swap(positions);
}

template <class T>
std::span<const double> Engine<T>::positions() {
  survey();
  return positions_;
}

template <class T>
void Engine<T>::read_velocities(std::span<double> v) const {
  for (std::int64_t p = 0; p < count_; ++p)
    for (int a = 0; a < d_; ++a) v[static_cast<std::size_t>(p * d_ + a)] = static_cast<double>(particle(p)[kLanes + a]);
}

template <class T>
void Engine<T>::read_density(std::span<double> density) const {
  const double volume = std::pow(spacing_, d_);
  for (std::int64_t p = 0; p < count_; ++p)
    density[static_cast<std::size_t>(p)] = static_cast<double>(particle(p)[kLanes + 3]) / volume;
}

template <class T>
void Engine<T>::smooth(std::span<double> values) {
  // The values travel as a velocity's first component, without stress and with positions held.
  std::vector<T> kept = particles_;
  for (std::int64_t p = 0; p < count_; ++p) {
    T* const one = particle(p);
    std::fill_n(one + kLanes, stride_ - kLanes, T(0));
    one[kLanes] = static_cast<T>(values[static_cast<std::size_t>(p)]);
  }
  place_grid();
  pass_grid({particles_.data(), nullptr, 0, false}, {}, T(1), T(0), T(0));
  for (std::int64_t p = 0; p < count_; ++p) {
    values[static_cast<std::size_t>(p)] = static_cast<double>(particle(p)[kLanes]);
    kept[static_cast<std::size_t>(p * stride_ + kLanes + 3)] = particle(p)[kLanes + 3];  // the density came along
  }
  particles_.swap(kept);
}

template <class T>
void Engine<T>::copy_particles(std::span<const std::int32_t> source, std::span<const double> jitter) {
  scratch_ = particles_;
  surveyed_ = false;
  const std::vector<double> deformation = deformation_;
  const auto block = static_cast<std::size_t>(d_ * d_);
  for (std::int64_t p = 0; p < count_; ++p) {
    const auto from = static_cast<std::int64_t>(source[static_cast<std::size_t>(p)]);
    if (from == p) continue;
    std::copy_n(scratch_.data() + from * stride_, stride_, particle(p));
    for (int a = 0; a < d_; ++a) particle(p)[a] += static_cast<T>(jitter[static_cast<std::size_t>(p * d_ + a)]);
    if (!deformation_.empty())
      std::copy_n(deformation.data() + static_cast<std::size_t>(from) * block, block,
                  deformation_.data() + static_cast<std::size_t>(p) * block);
  }
}

template <class T>
void Engine<T>::transform(std::span<const double> a, std::span<const double> inverse, std::span<const double> b) {
  surveyed_ = false;
  const auto at = [&](std::span<const double> m, int i, int j) { return m[static_cast<std::size_t>(i * d_ + j)]; };
  for (std::int64_t p = 0; p < count_; ++p) {
    T* const one = particle(p);
    double x[3], v[3], half[9];
    for (int i = 0; i < d_; ++i) {
      x[i] = b[static_cast<std::size_t>(i)];
      v[i] = 0;
      for (int j = 0; j < d_; ++j) {
        x[i] += at(a, i, j) * static_cast<double>(one[j]);
        v[i] += at(a, i, j) * static_cast<double>(one[kLanes + j]);
      }
    }
    T* const C = one + 2 * kLanes;
    for (int i = 0; i < d_; ++i)
      for (int j = 0; j < d_; ++j) {
        half[i * d_ + j] = 0;
        for (int k = 0; k < d_; ++k) half[i * d_ + j] += at(a, i, k) * static_cast<double>(C[j * kLanes + k]);
      }
    for (int i = 0; i < d_; ++i)
      for (int j = 0; j < d_; ++j) {
        double sum = 0;
        for (int k = 0; k < d_; ++k) sum += half[i * d_ + k] * at(inverse, k, j);
        C[j * kLanes + i] = static_cast<T>(sum);
      }
    for (int i = 0; i < d_; ++i) {
      one[i] = static_cast<T>(x[i]);
      one[kLanes + i] = static_cast<T>(v[i]);
    }
  }
}

template <class T>
double Engine<T>::mean_square_speed() const {
  double sum = 0;
  for (std::int64_t p = 0; p < count_; ++p)
    for (int a = 0; a < d_; ++a) {
      const auto v = static_cast<double>(particle(p)[kLanes + a]);
      sum += v * v;
    }
  return sum / static_cast<double>(count_);
}

template <class T>
double Engine<T>::fastest_wave() const {
  if (!is_solid(options_.body)) return 1;
  double speed = 0;
  for (std::int64_t p = 0; p < count_; ++p)
    speed = std::max(speed, wave_speed(options_, d_, deformation_.data() + p * d_ * d_));
  return speed;
}

/// One part of every particle, from its number `first` on: an array `shape`, of which all extents but the first are
/// within a particle and the last goes along the lanes.
template <class T>
void Engine<T>::exchange_lanes(StateArchive& archive, const std::string& name, const StateArchive::Shape& shape,
                               int first) {
  const auto columns = shape.size() > 2 ? shape[1] : 1, lanes = shape.size() > 1 ? shape.back() : 1;
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(count_ * columns * lanes));
  for (std::int64_t p = 0; p < count_; ++p)
    for (std::int64_t c = 0; c < columns; ++c)
      for (std::int64_t a = 0; a < lanes; ++a)
        values.push_back(static_cast<double>(particle(p)[first + c * kLanes + a]));
  archive.array(name, shape, values);
  if (!archive.restoring()) return;
  auto next = values.begin();
  for (std::int64_t p = 0; p < count_; ++p)
    for (std::int64_t c = 0; c < columns; ++c)
      for (std::int64_t a = 0; a < lanes; ++a) particle(p)[first + c * kLanes + a] = static_cast<T>(*next++);
}

template <class T>
void Engine<T>::exchange(StateArchive& archive) {
  archive.number("spacing", spacing_);
  archive.require(spacing_ > 0, "spacing", "above 0");
  exchange_lanes(archive, "position", {count_, d_}, 0);
  exchange_lanes(archive, "velocity", {count_, d_}, kLanes);
  exchange_lanes(archive, "density", {count_}, kLanes + 3);
  exchange_lanes(archive, "affine_columns", {count_, d_, d_}, 2 * kLanes);
  if (!deformation_.empty()) archive.array("deformation", {count_, d_, d_}, deformation_);
  if (archive.restoring()) surveyed_ = false;
}

template class Engine<float>;
template class Engine<double>;

}  // namespace scorefield::mpm
