#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/options.hpp"

namespace scorefield::benchmarks {

struct BenchmarkOptions {
  double seconds = 2;          ///< least time spent on each timed piece of work
  std::string device = "cpu";  ///< of the cases that run on any device
};

/// Keys benchmark.*.
void bind(OptionSet& set, BenchmarkOptions& options);

/// One hot loop beside its reference and its bound, all timed in this process, taking turns.
struct BenchmarkResult {
  std::string name;
  int threads = 1;
  std::string dtype = "float32";
  double milliseconds = 0;                                ///< median
  std::string reference;                                  ///< what it is compared with
  double reference_milliseconds = 0;                      ///< median
  std::optional<double> bound_milliseconds{};             ///< what the machine could do at best, measured now
  std::vector<std::pair<std::string, double>> numbers{};  ///< further figures, e.g. {"pushes_per_second", x}

  [[nodiscard]] double speedup() const { return reference_milliseconds / milliseconds; }
};

struct BenchmarkCase {
  std::string name;
  std::string summary;
  std::function<BenchmarkResult(const BenchmarkOptions&)> run;
  bool on_device = false;  ///< runs on the device of the options; others are for the CPU
};

/// All cases, in the order of docs/results/speed.md.
[[nodiscard]] const std::vector<BenchmarkCase>& benchmark_cases();

/// Median times in milliseconds of pieces of work that take turns, so that a noisy machine disturbs all alike. Each is
/// run once before it counts, then at least three times and until it has taken `seconds`.
[[nodiscard]] std::vector<double> median_milliseconds(const std::vector<std::function<void()>>& works, double seconds);

/// Size of a network (hidden layers `depth`) and of a batch of points.
struct NetworkBatch {
  std::int64_t dimension, width, depth, groups, particles;

  [[nodiscard]] std::int64_t points() const { return groups * particles; }
  /// Multiplications and additions of one pass of all points through the matrices.
  [[nodiscard]] double forward_operations() const {
    return 2.0 * static_cast<double>(points()) *
           static_cast<double>(dimension * width + (depth - 1) * width * width + width);
  }
};

/// Float32 matrix products [rows, width] x [width, width] in cache, on all threads at once: what the matrix products of
/// the sweeps are measured against, by the faster of LibTorch's product and the sweeps' own with nothing around it.
/// Timed in turns with them, as the machine's speed varies.
class MatrixProducts {
 public:
  explicit MatrixProducts(std::int64_t width);
  void by_libtorch() const;
  void by_kernels() const;
  /// Milliseconds of `operations` multiplications and additions at the faster rate, given the milliseconds of both
  /// calls.
  [[nodiscard]] double bound(double operations, double libtorch_milliseconds, double kernels_milliseconds) const;

 private:
  struct Operands;
  std::shared_ptr<std::vector<Operands>> operands_;
  std::int64_t width_;
};

}  // namespace scorefield::benchmarks
