#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/options.hpp"

namespace scorefield::pairs {

enum class Form {
  gaussian,  ///< exp(-r^2 / 2h^2)
  imq,       ///< (1 + r^2 / h^2)^(-1/2), inverse multiquadric
  energy,    ///< -sqrt(r^2 + e^2), energy distance; e = h / 100 keeps its gradient finite
};

constexpr int kMaxBandwidths = 8;

/// k(x, y) = phi(|x - y|^2): the mean of one form over some bandwidths h (coordinates' units).
struct RadialKernel {
  Form form = Form::gaussian;
  std::vector<double> bandwidths{1};

  /// phi(r^2) in double precision, for constants and tests.
  [[nodiscard]] double value(double square) const;
};

/// What a user chooses; bandwidths that are not given follow from the data.
struct KernelOptions {
  enum class Name { gaussian, mixture, imq, energy };
  Name name = Name::mixture;
  double bandwidth = 0;  ///< h; 0: median distance between two points / sqrt(2)
};

/// Keys PREFIX.kernel, PREFIX.bandwidth.
void bind(OptionSet& set, KernelOptions& options, const std::string& prefix);

/// The kernel for points z [m, d]. `mixture` is the mean of five Gaussians of h/4, h/2, h, 2h and 4h.
[[nodiscard]] RadialKernel make_kernel(const KernelOptions& options, const double* z, std::int64_t m, std::int64_t d);

/// Median distance between two of the points z [m, d]; of at most 512 evenly chosen ones. 1 where all coincide.
[[nodiscard]] double median_distance(const double* z, std::int64_t m, std::int64_t d);

}  // namespace scorefield::pairs
