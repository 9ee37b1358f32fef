#include "benchmarks/benchmark.hpp"
#include "benchmarks/kinetic_cases.hpp"
#include "benchmarks/network_cases.hpp"
#include "benchmarks/training_cases.hpp"

namespace scorefield::benchmarks {

const std::vector<BenchmarkCase>& benchmark_cases() {
  static const std::vector<BenchmarkCase> cases = [] {
    std::vector<BenchmarkCase> all;
    for (const auto& part : {network_cases(), training_cases(), kinetic_cases()})
      all.insert(all.end(), part.begin(), part.end());
    return all;
  }();
  return cases;
}

}  // namespace scorefield::benchmarks
