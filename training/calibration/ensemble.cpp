#include "training/calibration/ensemble.hpp"

#include <cmath>

#include "core/error.hpp"
#include "core/text.hpp"

namespace scorefield::training {
namespace {

constexpr double kTwoSided = 1.96;  ///< 95 % of a normal distribution

void summarise(Ensemble& ensemble) {
  const auto count = static_cast<double>(ensemble.members.size());
  const std::size_t p = ensemble.members.front().found.mu.size();
  ensemble.mean = ensemble.spread = ensemble.deviation = std::vector<double>(p);
  for (std::size_t j = 0; j < p; ++j) {
    double sampling = 0, squares = 0;
    for (const auto& member : ensemble.members) {
      ensemble.mean[j] += member.found.mu[j] / count;
      sampling += member.found.deviation[j] * member.found.deviation[j] / count;
    }
    for (const auto& member : ensemble.members) squares += std::pow(member.found.mu[j] - ensemble.mean[j], 2);
    const double variance = count > 1 ? squares / (count - 1) : 0;
    ensemble.spread[j] = std::sqrt(variance);
    ensemble.deviation[j] = std::sqrt(sampling + variance);
    ensemble.low.push_back(ensemble.mean[j] - kTwoSided * ensemble.deviation[j]);
    ensemble.high.push_back(ensemble.mean[j] + kTwoSided * ensemble.deviation[j]);
  }
}

}  // namespace

Ensemble calibrate_ensemble(const CalibrateRequest& request, const std::vector<std::string>& models) {
  Ensemble ensemble;
  const auto total = static_cast<std::int64_t>(models.size()) * request.options.seeds;
  for (const auto& path : models)
    for (std::int64_t s = 0; s < request.options.seeds; ++s) {
      auto one = request;
      one.model_path = path;
      one.seed = request.seed + s;
      if (total > 1 && request.observer)
        one.observer = [&, done = ensemble.members.size() + 1](Progress progress) {
          progress.stage = "estimate " + std::to_string(done) + " of " + std::to_string(total) + ": " + progress.stage;
          request.observer(progress);
        };
      ensemble.members.push_back({path, one.seed, calibrate(one)});
      const auto &first = ensemble.members.front().found, &last = ensemble.members.back().found;
      if (last.names != first.names)
        throw UsageError(path + " has the parameters " + comma_joined(last.names) + ", " + models.front() + " has " +
                         comma_joined(first.names) + "; an ensemble has the same ones.");
    }
  summarise(ensemble);
  return ensemble;
}

}  // namespace scorefield::training
