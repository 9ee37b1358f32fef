#include "solvers/pairs/radial_kernel.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/require.hpp"

namespace scorefield::pairs {

double RadialKernel::value(double square) const {
  double sum = 0;
  for (const double h : bandwidths) {
    const double scaled = square / (h * h);
    switch (form) {
      case Form::gaussian:
        sum += std::exp(-0.5 * scaled);
        break;
      case Form::imq:
        sum += 1 / std::sqrt(1 + scaled);
        break;
      case Form::energy:
        sum -= std::sqrt(square + 1e-4 * h * h);
        break;
    }
  }
  return sum / static_cast<double>(bandwidths.size());
}

void bind(OptionSet& set, KernelOptions& options, const std::string& prefix) {
  using Name = KernelOptions::Name;
  set.add(prefix + ".kernel", options.name,
          {{"gaussian", Name::gaussian}, {"mixture", Name::mixture}, {"imq", Name::imq}, {"energy", Name::energy}},
          "kernel: one Gaussian, five Gaussians of h/4 to 4h, inverse multiquadric, energy distance");
  set.add(prefix + ".bandwidth", options.bandwidth, at_least(0),
          "bandwidth h; 0: median distance of the points / sqrt(2)");
}

double median_distance(const double* z, std::int64_t m, std::int64_t d) {
  const std::int64_t count = std::min<std::int64_t>(m, 512);
  std::vector<double> squares;
  squares.reserve(static_cast<std::size_t>(count * (count - 1) / 2));
  for (std::int64_t i = 0; i < count; ++i)
    for (std::int64_t j = 0; j < i; ++j) {
      const double *a = z + i * m / count * d, *b = z + j * m / count * d;
      double square = 0;
      for (std::int64_t c = 0; c < d; ++c) square += (a[c] - b[c]) * (a[c] - b[c]);
      squares.push_back(square);
    }
  if (squares.empty()) return 1;
  const auto middle = squares.begin() + static_cast<std::ptrdiff_t>(squares.size() / 2);
  std::nth_element(squares.begin(), middle, squares.end());
  return *middle > 0 ? std::sqrt(*middle) : 1;
}

RadialKernel make_kernel(const KernelOptions& options, const double* z, std::int64_t m, std::int64_t d) {
  require("the kernel's bandwidth", options.bandwidth, at_least(0));
  const double h = options.bandwidth > 0 ? options.bandwidth : median_distance(z, m, d) / std::numbers::sqrt2;
  switch (options.name) {
    case KernelOptions::Name::gaussian:
      return {Form::gaussian, {h}};
    case KernelOptions::Name::mixture:
      return {Form::gaussian, {h / 4, h / 2, h, 2 * h, 4 * h}};
    case KernelOptions::Name::imq:
      return {Form::imq, {h}};
    case KernelOptions::Name::energy:
      return {Form::energy, {h}};
  }
  return {};
}

}  // namespace scorefield::pairs
