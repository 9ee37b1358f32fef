#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace scorefield::benchmarks {

/// Size of a measurement.
struct SdeCaseOptions {
  std::vector<int> threads{1, 2};
  std::int64_t particles = 20'000;
  std::int64_t steps = 100;
  int repetitions = 5;
};

/// One measured case; times are medians, of whole runs of `steps` steps.
struct SdeSpeed {
  std::string name;       ///< "sde bistable", "sde trap", "sde chaos-9d"
  std::string reference;  ///< what it is compared with
  int threads = 1;
  std::int64_t dimension = 0, particles = 0, steps = 0;
  double milliseconds = 0;
  double reference_milliseconds = 0;  ///< on one thread
  double particle_steps_per_second = 0;
  double reference_particle_steps_per_second = 0;
};

/// Heun's scheme, double precision, on three of the problems: the block solver on each number of threads, and a plain
/// loop (one particle after the other, the standard library's Mersenne twister and normal distribution) in the same
/// process. The number of particles is divided by the dimension. Restores the number of threads.
[[nodiscard]] std::vector<SdeSpeed> measure_sde(const SdeCaseOptions& options);

}  // namespace scorefield::benchmarks
