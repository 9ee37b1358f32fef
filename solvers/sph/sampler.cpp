#include "solvers/sph/sampler.hpp"

#include <torch/types.h>

#include <cmath>
#include <memory>
#include <string>

#include "core/error.hpp"
#include "solvers/sampling/rows.hpp"
#include "solvers/sph/device_sums.hpp"
#include "solvers/sph/fluid.hpp"

namespace scorefield::sph {
namespace {

using sampling::rows_of;
using sampling::tensor_of;

constexpr std::size_t kFlat = 20;  // iterations over which the free energy must not move

class SphSampler final : public sampling::Sampler {
 public:
  SphSampler(const sampling::Setup& setup, const SphOptions& options)
      : target_(setup.target),
        options_(options),
        n_(setup.initial.size(0)),
        d_(setup.initial.size(1)),
        steps_(setup.steps),
        fluid_(options, rows_of(setup.initial), d_, setup.steps, neighbour_sums_on(setup.device)) {
    if (options.force == SphOptions::Force::density && !target_->has_log_density())
      throw UsageError("sph.force = \"density\" needs log p, and " + target_->name() +
                       " knows only its gradient. Use sph.force = \"score\".");
    if (d_ > 6) notes_.emplace_back("forced above d = 6: the cloud will be narrower than the target");
    if (!target_->has_log_density()) notes_.emplace_back("only a score is known: mode weights are not identified");
  }

  void step() override {
    fluid_.step([&](const std::vector<double>& x) {
      const auto cloud = tensor_of(x, {n_, d_});
      if (options_.force == SphOptions::Force::density) return Answer{rows_of(target_->log_density(cloud)), {}};
      const auto evaluation = target_->evaluate(cloud);
      return Answer{evaluation.log_density.defined() ? rows_of(evaluation.log_density) : std::vector<double>{},
                    rows_of(evaluation.score)};
    });
    recent_.push_back(target_->has_log_density() ? fluid_.free_energy : 0);
    if (recent_.size() > kFlat) recent_.erase(recent_.begin());
  }
  [[nodiscard]] torch::Tensor particles() const override { return tensor_of(fluid_.positions(), {n_, d_}); }
  [[nodiscard]] std::vector<std::pair<std::string, double>> trace() const override {
    std::vector<std::pair<std::string, double>> values{
        {"mean_speed", fluid_.mean_speed}, {"time_step", fluid_.dt}, {"smoothing_length", fluid_.smoothing_length()}};
    if (target_->has_log_density()) values.insert(values.begin(), {"free_energy", fluid_.free_energy});
    return values;
  }
  /// At rest after h has reached its final value: small speeds, and a flat free energy where it is known.
  [[nodiscard]] bool converged() const override {
    if (recent_.size() < kFlat || static_cast<double>(fluid_.iteration) < 0.6 * static_cast<double>(steps_) + kFlat)
      return false;
    return fluid_.mean_speed < 0.01 && !(std::abs(recent_.front() - recent_.back()) > 2e-4);
  }
  [[nodiscard]] std::vector<std::string> notes() const override { return notes_; }

  void exchange(StateArchive& archive) override {
    fluid_.exchange(archive);
    archive.array("recent_energies", {StateArchive::kAny}, recent_, StateArchive::Numbers::not_nan);
    archive.require(recent_.size() <= kFlat, "recent_energies", "of at most " + std::to_string(kFlat) + " iterations");
  }

 private:
  std::shared_ptr<const targets::Target> target_;
  SphOptions options_;
  std::int64_t n_, d_, steps_;
  Fluid fluid_;
  std::vector<double> recent_;
  std::vector<std::string> notes_;
};

}  // namespace

std::vector<sampling::Method> methods() {
  return {sampling::make_method<SphSampler, SphOptions>(
      "sph", "smoothed particle hydrodynamics: an isothermal gas, d <= 6", 300)};
}

}  // namespace scorefield::sph
