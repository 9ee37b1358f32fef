#include "solvers/gas/ascent.hpp"

#include <cmath>
#include <deque>
#include <limits>
#include <utility>

namespace scorefield::gas {
namespace {

constexpr std::size_t kMemory = 8;
constexpr double kArmijo = 1e-4, kAtRest = 1e-5;

/// One ascent in coordinates of unit scale.
struct Climber {
  Vector x, gradient;
  double value = 0, step = 1, slope = 0;
  Vector direction;
  std::deque<std::pair<Vector, Vector>> memory;  ///< steps and changes of minus the gradient
  bool done = false, failed = false;

  void aim() {
    Vector q = gradient;
    std::vector<double> alpha;
    for (auto it = memory.rbegin(); it != memory.rend(); ++it) {
      alpha.push_back(it->first.dot(q) / it->first.dot(it->second));
      q -= alpha.back() * it->second;
    }
    if (memory.empty()) q *= std::min(1.0, 0.5 / (gradient.norm() + 1e-300));
    else q *= memory.back().first.dot(memory.back().second) / memory.back().second.squaredNorm();
    for (std::size_t k = 0; k < memory.size(); ++k) {
      const auto& [s, y] = memory[k];
      q += s * (alpha[memory.size() - 1 - k] - y.dot(q) / s.dot(y));
    }
    direction = q;
    slope = direction.dot(gradient);
    step = 1;
    if (!(slope > 0) || !direction.allFinite()) {
      memory.clear();
      direction = gradient * std::min(1.0, 0.5 / (gradient.norm() + 1e-300));
      slope = direction.dot(gradient);
    }
    done = slope < kAtRest && (memory.size() > 0 || gradient.norm() < kAtRest);
  }

  /// What the target says at x + step direction.
  void hear(double new_value, const Vector& new_gradient) {
    if (std::isfinite(new_value) && new_gradient.allFinite() && new_value >= value + kArmijo * step * slope) {
      const Vector s = step * direction, y = gradient - new_gradient;
      if (s.dot(y) > 1e-10 * s.norm() * y.norm()) {
        memory.emplace_back(s, y);
        if (memory.size() > kMemory) memory.pop_front();
      }
      x += s;
      value = new_value;
      gradient = new_gradient;
      aim();
      return;
    }
    step *= 0.3;
    if (step > 1e-10) return;
    failed = memory.empty();
    done = !failed && slope < 1e-2;
    if (done || failed) {
      done = true;
      return;
    }
    memory.clear();
    aim();
  }
};

}  // namespace

Cloud ascend(const Matrix& x, const Vector& unit, std::int64_t iterations, const Evaluator& evaluate) {
  Cloud cloud;
  cloud.x = x;
  evaluate(cloud, true);
  std::vector<Climber> climbers(static_cast<std::size_t>(x.cols()));
  for (std::size_t i = 0; i < climbers.size(); ++i) {
    auto& c = climbers[i];
    const auto k = static_cast<Eigen::Index>(i);
    c.x = x.col(k).cwiseQuotient(unit);
    c.value = cloud.log_p[k];
    c.gradient = cloud.score.col(k).cwiseProduct(unit);
    if (std::isfinite(c.value) && c.gradient.allFinite()) c.aim();
    else c.done = c.failed = true;
  }
  for (std::int64_t round = 0; round < iterations; ++round) {
    std::vector<std::size_t> active;
    for (std::size_t i = 0; i < climbers.size(); ++i)
      if (!climbers[i].done) active.push_back(i);
    if (active.empty()) break;
    Cloud next;
    next.x.resize(x.rows(), static_cast<Eigen::Index>(active.size()));
    for (std::size_t k = 0; k < active.size(); ++k) {
      const auto& c = climbers[active[k]];
      next.x.col(static_cast<Eigen::Index>(k)) = (c.x + c.step * c.direction).cwiseProduct(unit);
    }
    evaluate(next, true);
    for (std::size_t k = 0; k < active.size(); ++k) {
      const auto at = static_cast<Eigen::Index>(k);
      climbers[active[k]].hear(next.log_p[at], next.score.col(at).cwiseProduct(unit));
    }
  }
  for (std::size_t i = 0; i < climbers.size(); ++i) {
    const auto& c = climbers[i];
    const auto k = static_cast<Eigen::Index>(i);
    cloud.x.col(k) = c.x.cwiseProduct(unit);
    cloud.log_p[k] = c.done && !c.failed ? c.value : -std::numeric_limits<double>::infinity();
    cloud.score.col(k) = c.gradient.cwiseQuotient(unit);
  }
  return cloud;
}

}  // namespace scorefield::gas
