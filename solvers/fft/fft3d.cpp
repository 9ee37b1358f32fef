#include "solvers/fft/fft3d.hpp"

#include <utility>

#include "core/parallel.hpp"

namespace scorefield::fft {
namespace {

void transpose(Complex* plane, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < i; ++j) std::swap(plane[i * n + j], plane[j * n + i]);
}

}  // namespace

/// Lines always lie side by side in memory, so that the butterflies of neighbours fill vector registers.
void Fft3d::transform(std::span<Complex> values, bool inverse) const {
  const auto n = static_cast<std::size_t>(size());
  const double scale = inverse ? 1 / static_cast<double>(n * n * n) : 1;
  parallel_for(size(), [&](std::int64_t i) {  // planes of the first axis: the second and third
    Complex* plane = values.data() + static_cast<std::size_t>(i) * n * n;
    line_.transform(plane, n, n, inverse);
    transpose(plane, n);
    line_.transform(plane, n, n, inverse);
    transpose(plane, n);
    for (std::size_t j = 0; j < n * n; ++j) plane[j] *= scale;
  });
  parallel_for(size(), [&](std::int64_t j) {  // planes of the second axis: the first
    line_.transform(values.data() + static_cast<std::size_t>(j) * n, n, n * n, inverse);
  });
}

}  // namespace scorefield::fft
