#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "core/state_archive.hpp"
#include "solvers/mpm/transfer.hpp"

namespace scorefield::mpm {

/// One material point by the names of its parts, in the layout of ParticleView: groups of kLanes numbers for position,
/// velocity with the density behind it, and the columns of the affine velocity matrix C.
template <class T>
class Particle {
 public:
  explicit Particle(T* data) : data_(data) {}
  [[nodiscard]] T& x(int axis) const { return data_[axis]; }
  [[nodiscard]] T& v(int axis) const { return data_[kLanes + axis]; }
  [[nodiscard]] T& density() const { return data_[kLanes + 3]; }  ///< particles per cell, as the last passage saw it
  [[nodiscard]] T& C(int row, int column) const { return data_[(2 + column) * kLanes + row]; }

 private:
  T* data_;
};

/// N material points at rest, one after the other.
template <class T>
class Particles {
 public:
  /// positions: [N, d]
  Particles(int d, std::span<const double> positions)
      : d_(d),
        stride_(kLanes * (d + 2)),
        count_(static_cast<std::int64_t>(positions.size()) / d),
        data_(static_cast<std::size_t>(count_ * stride_), T(0)) {
    for (std::int64_t p = 0; p < count_; ++p)
      for (int a = 0; a < d; ++a) (*this)[p].x(a) = static_cast<T>(positions[static_cast<std::size_t>(p * d + a)]);
  }

  [[nodiscard]] std::int64_t count() const { return count_; }
  [[nodiscard]] T* data() { return data_.data(); }
  [[nodiscard]] Particle<T> operator[](std::int64_t p) { return Particle<T>(data_.data() + p * stride_); }
  [[nodiscard]] Particle<const T> operator[](std::int64_t p) const {
    return Particle<const T>(data_.data() + p * stride_);
  }

  /// Particle p becomes a copy of another cloud's particle `from`.
  void copy(std::int64_t p, const Particles& source, std::int64_t from) {
    std::copy_n(source.data_.data() + from * stride_, stride_, data_.data() + p * stride_);
  }
  /// Everything of particle p but its position becomes zero.
  void stop(std::int64_t p) { std::fill_n(data_.data() + p * stride_ + kLanes, stride_ - kLanes, T(0)); }
  /// The affine matrix of particle p becomes zero.
  void clear_affine(std::int64_t p) { std::fill_n(data_.data() + p * stride_ + 2 * kLanes, d_ * kLanes, T(0)); }
  void swap(Particles& other) { data_.swap(other.data_); }

  /// All of them, part by part, into a checkpoint or back.
  void exchange(StateArchive& archive);

 private:
  int d_;
  std::int64_t stride_, count_;
  std::vector<T> data_;
};

extern template class Particles<float>;
extern template class Particles<double>;

}  // namespace scorefield::mpm
