// Random-walk Metropolis chains, one per particle: y = x + step xi is taken with probability min(1, p(y) / p(x)).

#include <torch/types.h>

#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "core/random.hpp"
#include "solvers/sampling/method.hpp"
#include "solvers/sampling/rows.hpp"

namespace scorefield::random_walk {
namespace {

struct RandomWalkOptions {
  double step = 0.5;
};

void bind(OptionSet& set, RandomWalkOptions& options) {
  set.add("random_walk.step", options.step, "deviation of a proposal along each coordinate");
}

class RandomWalkSampler final : public sampling::Sampler {
 public:
  RandomWalkSampler(const sampling::Setup& setup, const RandomWalkOptions& options)
      : target_(setup.target),
        step_(options.step),
        seed_(setup.seed),
        n_(setup.initial.size(0)),
        d_(setup.initial.size(1)),
        x_(sampling::rows_of(setup.initial)) {
    if (!target_->has_log_density()) throw UsageError("random-walk compares densities, which this target has not.");
    log_density_ = sampling::rows_of(target_->log_density(particles()));
  }

  void step() override {
    const Philox noise(seed_, static_cast<std::uint64_t>(2 * iteration_)),
        coin(seed_, static_cast<std::uint64_t>(2 * iteration_ + 1));
    auto y = x_;
    for (std::size_t k = 0; k < y.size(); ++k) y[k] += step_ * noise.normals(k)[0];
    const auto log_density = sampling::rows_of(target_->log_density(sampling::tensor_of(y, {n_, d_})));
    double accepted = 0;
    for (std::size_t i = 0; i < log_density.size(); ++i) {
      if (!(std::log(coin.uniforms(i)[0]) < log_density[i] - log_density_[i])) continue;
      for (std::size_t c = i * static_cast<std::size_t>(d_); c < (i + 1) * static_cast<std::size_t>(d_); ++c)
        x_[c] = y[c];
      log_density_[i] = log_density[i];
      accepted += 1 / static_cast<double>(n_);
    }
    acceptance_ = accepted;
    ++iteration_;
  }
  [[nodiscard]] torch::Tensor particles() const override { return sampling::tensor_of(x_, {n_, d_}); }
  [[nodiscard]] std::vector<std::pair<std::string, double>> trace() const override {
    return {{"acceptance", acceptance_}};
  }
  [[nodiscard]] bool converged() const override { return false; }
  void exchange(StateArchive& archive) override {
    archive.array("x", {n_, d_}, x_);
    archive.array("log_density", {n_}, log_density_, StateArchive::Numbers::any);
    archive.count("iteration", iteration_);
    archive.number("acceptance", acceptance_);
  }

 private:
  std::shared_ptr<const targets::Target> target_;
  double step_;
  std::uint64_t seed_;
  std::int64_t n_, d_, iteration_ = 0;
  std::vector<double> x_, log_density_;
  double acceptance_ = 0;
};

}  // namespace

std::vector<sampling::Method> methods() {
  return {sampling::make_method<RandomWalkSampler, RandomWalkOptions>("random-walk", "random-walk Metropolis chains",
                                                                      1000)};
}

}  // namespace scorefield::random_walk
