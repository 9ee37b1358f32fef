#include "benchmarks/mpm_cases.hpp"

#include <algorithm>
#include <cmath>

#include "core/parallel.hpp"
#include "core/random.hpp"
#include "solvers/mpm/engine.hpp"

namespace scorefield::benchmarks {
namespace {

constexpr std::int64_t kParticles = 100'000;
constexpr double kDt = 0.02, kDamping = 2;
constexpr std::int64_t kSortEvery = 8;  ///< steps, as the sampler does

/// What one writes first (after the 88 lines of MLS-MPM, Hu et al. 2018): a loop over the particles to the grid, a loop
/// over the nodes, a loop back; float32, particles in the order in which they were made, on one thread.
class PlainMpm {
 public:
  PlainMpm(const std::vector<double>& positions, double spacing) : h_(static_cast<float>(spacing)) {
    for (std::size_t p = 0; p < positions.size(); p += 2)
      particles_.push_back({static_cast<float>(positions[p]), static_cast<float>(positions[p + 1]), 0, 0, 0, 0, 0, 0});
  }

  void advance() {
    const float dt = static_cast<float>(kDt), keep = static_cast<float>(1 / (1 + kDamping * kDt));
    float low[2] = {1e30f, 1e30f}, high[2] = {-1e30f, -1e30f};
    for (const auto& p : particles_) {
      low[0] = std::min(low[0], p.x), high[0] = std::max(high[0], p.x);
      low[1] = std::min(low[1], p.y), high[1] = std::max(high[1], p.y);
    }
    origin_[0] = low[0] - h_, origin_[1] = low[1] - h_;
    const auto rows = static_cast<std::size_t>((high[0] - low[0]) / h_) + 5;
    columns_ = static_cast<std::size_t>((high[1] - low[1]) / h_) + 5;
    nodes_.assign(rows * columns_, {0, 0, 0});
    const float pressure = dt * 4 / (h_ * h_);
    for (auto& p : particles_) {
      p.u -= dt * p.x;  // the score of the standard normal target
      p.v -= dt * p.y;
      each_node(p, [&](Node& node, float weight, float dx, float dy) {
        node.u += weight * (p.u + (p.cxx + pressure) * dx + p.cxy * dy);
        node.v += weight * (p.v + p.cyx * dx + (p.cyy + pressure) * dy);
        node.mass += weight;
      });
    }
    for (auto& node : nodes_)
      if (node.mass > 1e-10f) node.u *= keep / node.mass, node.v *= keep / node.mass;
    const float scale = 4 / (h_ * h_);
    for (auto& p : particles_) {
      float u = 0, v = 0, xx = 0, xy = 0, yx = 0, yy = 0;
      each_node(p, [&](const Node& node, float weight, float dx, float dy) {
        u += weight * node.u, v += weight * node.v;
        xx += weight * node.u * dx, xy += weight * node.u * dy, yx += weight * node.v * dx, yy += weight * node.v * dy;
      });
      p = {p.x + dt * u, p.y + dt * v, u, v, scale * xx, scale * xy, scale * yx, scale * yy};
    }
  }

  [[nodiscard]] double mean_square() const {
    double sum = 0;
    for (const auto& p : particles_) sum += static_cast<double>(p.x * p.x + p.y * p.y) / 2;
    return sum / static_cast<double>(particles_.size());
  }

 private:
  struct Particle {
    float x, y, u, v, cxx, cxy, cyx, cyy;
  };
  struct Node {
    float u, v, mass;
  };

  template <class Visit>
  void each_node(const Particle& p, Visit&& visit) {
    const float place[2] = {(p.x - origin_[0]) / h_, (p.y - origin_[1]) / h_};
    std::size_t base[2];
    float f[2], w[2][3];
    for (int a = 0; a < 2; ++a) {
      base[a] = static_cast<std::size_t>(place[a] - 0.5f);
      f[a] = place[a] - static_cast<float>(base[a]);
      w[a][0] = 0.5f * (1.5f - f[a]) * (1.5f - f[a]);
      w[a][1] = 0.75f - (f[a] - 1) * (f[a] - 1);
      w[a][2] = 0.5f * (f[a] - 0.5f) * (f[a] - 0.5f);
    }
    for (std::size_t i = 0; i < 3; ++i)
      for (std::size_t j = 0; j < 3; ++j)
        visit(nodes_[(base[0] + i) * columns_ + base[1] + j], w[0][i] * w[1][j], (static_cast<float>(i) - f[0]) * h_,
              (static_cast<float>(j) - f[1]) * h_);
  }

  float h_, origin_[2] = {};
  std::size_t columns_ = 0;
  std::vector<Particle> particles_;
  std::vector<Node> nodes_;
};

/// The sampler's step without its target: force, transfers, motion and, every eight steps, sorting.
class SortedMpm {
 public:
  explicit SortedMpm(const std::vector<double>& positions) : engine_(2, positions, {}), force_(positions.size()) {
    engine_.fit_spacing(3, 2500);
    engine_.sort();
  }
  [[nodiscard]] double spacing() const { return engine_.spacing(); }
  void advance() {
    const auto x = engine_.positions();
    for (std::size_t i = 0; i < force_.size(); ++i) force_[i] = -x[i];
    engine_.advance(kDt, 1, kDamping, force_);
    if (++step_ % kSortEvery == 0) engine_.sort();
  }
  [[nodiscard]] double mean_square() {
    const auto positions = engine_.positions();
    double sum = 0;
    for (const double x : positions) sum += x * x;
    return sum / static_cast<double>(positions.size());
  }

 private:
  mpm::Engine<float> engine_;
  std::vector<double> force_;
  std::int64_t step_ = 0;
};

BenchmarkResult run_mpm(const BenchmarkOptions& options) {
  const Philox random(7, 4);
  std::vector<double> x(2 * kParticles);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = random.normals(i)[0];
  SortedMpm ours(x);
  PlainMpm plain(x, ours.spacing());
  const auto eight = [](auto& mpm) {
    for (std::int64_t k = 0; k < kSortEvery; ++k) mpm.advance();
  };
  const auto times = median_milliseconds({[&] { eight(ours); }, [&] { eight(plain); }}, options.seconds);
  const double steps = static_cast<double>(kSortEvery);
  BenchmarkResult result{.name = "mpm",
                         .threads = thread_count(),
                         .milliseconds = times[0] / steps,
                         .reference = "plain loops, unsorted particles, one thread",
                         .reference_milliseconds = times[1] / steps};
  const double work = static_cast<double>(kParticles) * steps * 1e3;
  result.numbers = {{"particle_steps_per_second", work / times[0]},
                    {"reference_particle_steps_per_second", work / times[1]},
                    {"variance", ours.mean_square()},
                    {"reference_variance", plain.mean_square()}};
  return result;
}

}  // namespace

std::vector<BenchmarkCase> mpm_cases() {
  return {{"mpm", "steps of the gas on a grid, 2-D, 1e5 particles, float32", run_mpm}};
}

}  // namespace scorefield::benchmarks
