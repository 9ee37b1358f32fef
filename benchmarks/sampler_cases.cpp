#include "benchmarks/sampler_cases.hpp"

#include <torch/types.h>

#include <cmath>
#include <string>

#include "core/parallel.hpp"
#include "core/random.hpp"
#include "solvers/ift/flow.hpp"
#include "solvers/sph/neighbours.hpp"

namespace scorefield::benchmarks {
namespace {

std::vector<double> normal_rows(std::int64_t count, double scale, std::uint64_t stream) {
  const Philox random(7, stream);
  std::vector<double> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = scale * random.normals(i)[0];
  return values;
}

/// One iteration of the published algorithm in dense float32 LibTorch operations.
struct DenseIft {
  torch::Tensor x, y, w;
  double gamma;

  torch::Tensor kernel(const torch::Tensor& a, const torch::Tensor& b) const {
    const auto squares = a.square().sum(1, true) + b.square().sum(1).unsqueeze(0) - 2 * a.matmul(b.t());
    return squares.clamp_min(0).mul(-gamma).exp();
  }
  void step() {
    const auto own = kernel(x, x) * w, others = kernel(x, y) / static_cast<double>(y.size(0));
    const auto along = [&](const torch::Tensor& k, const torch::Tensor& z) { return k.sum(1, true) * x - k.matmul(z); };
    x = x + 0.01 / gamma * 2 * gamma * (along(own, x) - along(others, y));
    w = (w + 1e-3 / static_cast<double>(w.size(0)) * (kernel(x, y).mean(1) - kernel(x, x).matmul(w))).clamp_min(0);
    w = w / w.sum();
  }
};

BenchmarkResult run_ift(const BenchmarkOptions& options, const std::string& name, std::int64_t d, std::int64_t n) {
  const auto x = normal_rows(n * d, 1, 1), y = normal_rows(n * d, 2, 2);
  ift::FlowOptions flow_options;
  const double h = std::sqrt(2.0 * static_cast<double>(d));
  flow_options.kernel = {pairs::KernelOptions::Name::gaussian, h};
  flow_options.step = 0.01;
  ift::Flow ours(ift::Kind::ift, flow_options, {n, d, x, {}}, y, {false, 1000, 1});
  const auto tensor = [&](const std::vector<double>& rows) {
    return torch::from_blob(const_cast<double*>(rows.data()), {n, d}, torch::kFloat64).to(torch::kFloat32);
  };
  DenseIft dense{tensor(x), tensor(y), torch::full({n}, 1.0 / static_cast<double>(n)), 1 / (2 * h * h)};
  const torch::NoGradGuard no_graph;
  const auto times = median_milliseconds({[&] { ours.step(y); }, [&] { dense.step(); }}, options.seconds);
  BenchmarkResult result{.name = name,
                         .threads = thread_count(),
                         .milliseconds = times[0],
                         .reference = "the published iteration in dense LibTorch operations",
                         .reference_milliseconds = times[1]};
  result.numbers = {{"pairs_per_second", 2 * static_cast<double>(n * n) / times[0] * 1e3}};
  return result;
}

/// Forces of an isothermal gas by plain loops over the same neighbours.
void plain_forces(const sph::Neighbours& neighbours, const std::vector<double>& x, double h, std::vector<double>& rho,
                  std::vector<double>& a) {
  const auto n = static_cast<std::int64_t>(rho.size());
  const double norm = sph::normalisation(sph::Shape::wendland, 3) / (h * h * h) / static_cast<double>(n);
  const auto each = [&](std::int64_t i, auto&& body) {
    neighbours.for_neighbours(i, [&](std::int64_t j) {
      double apart[3], square = 0;
      for (int c = 0; c < 3; ++c) {
        apart[c] = x[static_cast<std::size_t>(3 * i + c)] - x[static_cast<std::size_t>(3 * j + c)];
        square += apart[c] * apart[c];
      }
      body(j, apart, sph::profile(sph::Shape::wendland, std::sqrt(square) / h));
    });
  };
  for (std::int64_t i = 0; i < n; ++i) {
    double sum = norm;
    each(i, [&](std::int64_t, const double*, const sph::Profile& p) { sum += norm * p.w; });
    rho[static_cast<std::size_t>(i)] = sum;
  }
  for (std::int64_t i = 0; i < n; ++i) {
    double sum[3] = {};
    each(i, [&](std::int64_t j, const double* apart, const sph::Profile& p) {
      const double push =
          norm / (h * h) * (1 / rho[static_cast<std::size_t>(i)] + 1 / rho[static_cast<std::size_t>(j)]) * p.F;
      for (int c = 0; c < 3; ++c) sum[c] += push * apart[c];
    });
    for (std::size_t c = 0; c < 3; ++c) a[static_cast<std::size_t>(3 * i) + c] = sum[c];
  }
}

BenchmarkResult run_sph(const BenchmarkOptions& options) {
  constexpr std::int64_t n = 100'000;
  // Uniform in a box: 39 neighbours each, as in the figure that others quote.
  const Philox random(7, 3);
  std::vector<double> x(3 * n), A(n), rho(n), a(3 * n), plain_rho(n), plain_a(3 * n);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = random.uniforms(i)[0];
  const double h = 0.5 * std::cbrt(39.0 / n * 3 / (4 * 3.14159265));
  sph::Neighbours neighbours(sph::Shape::wendland);
  neighbours.arrange(x, 3, h);
  const double pairs = static_cast<double>(neighbours.pair_count());
  const auto ours = [&] {
    neighbours.arrange(x, 3, h);
    neighbours.density(rho);
    for (std::size_t i = 0; i < A.size(); ++i) A[i] = 1 / rho[i];
    neighbours.acceleration(A, rho, a, 0, a);
  };
  const auto times =
      median_milliseconds({ours, [&] { plain_forces(neighbours, x, h, plain_rho, plain_a); }}, options.seconds);
  BenchmarkResult result{.name = "sph",
                         .threads = thread_count(),
                         .milliseconds = times[0],
                         .reference = "plain double loops over the same cells, one thread, no sorting",
                         .reference_milliseconds = times[1]};
  // Density and force are two visits to every ordered pair; sorting is included.
  result.numbers = {{"pairs_per_second", 2 * pairs / times[0] * 1e3},
                    {"reference_pairs_per_second", 2 * pairs / times[1] * 1e3},
                    {"neighbours", pairs / n}};
  return result;
}

}  // namespace

std::vector<BenchmarkCase> sampler_cases() {
  return {{"ift", "one iteration of interaction-force transport, d = 2, 1000 particles",
           [](const BenchmarkOptions& options) { return run_ift(options, "ift", 2, 1000); }},
          {"ift-100d", "the same, d = 100, 1000 particles",
           [](const BenchmarkOptions& options) { return run_ift(options, "ift-100d", 100, 1000); }},
          {"sph", "density and forces of an SPH step, 3-D, 1e5 particles with 39 neighbours", run_sph}};
}

}  // namespace scorefield::benchmarks
