#include "solvers/fft/fft3d.hpp"

#include "core/parallel.hpp"

namespace scorefield::fft {
namespace {

/// Gathers the lines of one plane of a cube along an axis of stride `along`, transforms them and puts them back.
void transform_plane(const Fft& fft, bool inverse, Complex* plane, std::size_t across, std::size_t along,
                     std::vector<Complex>& line) {
  const auto n = static_cast<std::size_t>(fft.size());
  for (std::size_t j = 0; j < n; ++j) {
    Complex* first = plane + j * across;
    for (std::size_t k = 0; k < n; ++k) line[k] = first[k * along];
    inverse ? fft.inverse(line) : fft.forward(line);
    for (std::size_t k = 0; k < n; ++k) first[k * along] = line[k];
  }
}

}  // namespace

void Fft3d::transform(std::span<Complex> values, bool inverse) const {
  const auto n = static_cast<std::size_t>(size());
  parallel_for(size(), [&](std::int64_t i) {  // planes of the first axis: the second and third
    std::vector<Complex> line(n);
    Complex* plane = values.data() + static_cast<std::size_t>(i) * n * n;
    transform_plane(line_, inverse, plane, n, 1, line);
    transform_plane(line_, inverse, plane, 1, n, line);
  });
  parallel_for(size(), [&](std::int64_t j) {  // planes of the second axis: the first
    std::vector<Complex> line(n);
    transform_plane(line_, inverse, values.data() + static_cast<std::size_t>(j) * n, 1, n * n, line);
  });
}

}  // namespace scorefield::fft
