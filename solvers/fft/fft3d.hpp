#pragma once

#include <cstdint>

#include "solvers/fft/fft.hpp"

namespace scorefield::fft {

/// Discrete Fourier transform of an n x n x n cube, row-major, along all axes; threaded over lines.
class Fft3d {
 public:
  explicit Fft3d(std::int64_t n) : line_(n) {}

  [[nodiscard]] std::int64_t size() const { return line_.size(); }
  /// In place. values: [n, n, n]
  void forward(std::span<Complex> values) const { transform(values, false); }
  void inverse(std::span<Complex> values) const { transform(values, true); }

 private:
  void transform(std::span<Complex> values, bool inverse) const;

  Fft line_;
};

}  // namespace scorefield::fft
