#include "solvers/sampling/replicas.hpp"

#include <torch/utils.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"

namespace scorefield::sampling {
namespace {

constexpr std::uint64_t kApart = 0x9e3779b97f4a7c15;  ///< between two replicas' seeds

class Replicas final : public Sampler {
 public:
  Replicas(const Method& method, const Setup& setup, std::int64_t count) {
    const auto n = setup.initial.size(0);
    if (n < 2 * count)
      throw UsageError("sample.replicas: " + std::to_string(n) + " particles are too few for " + std::to_string(count) +
                       " independent runs.");
    for (std::int64_t r = 0; r < count; ++r) {
      auto one = setup;
      one.initial = setup.initial.slice(0, r * n / count, (r + 1) * n / count).contiguous();
      one.seed = setup.seed + static_cast<std::uint64_t>(r) * kApart;
      runs_.push_back(method.make(one));
    }
  }

  void step() override {
    for (auto& run : runs_)
      if (!run->converged()) run->step();
  }
  [[nodiscard]] torch::Tensor particles() const override {
    std::vector<torch::Tensor> parts;
    for (const auto& run : runs_) parts.push_back(run->particles());
    return torch::cat(parts);
  }
  [[nodiscard]] torch::Tensor weights() const override {
    std::vector<torch::Tensor> parts;
    for (const auto& run : runs_)
      if (const auto w = run->weights(); w.defined()) parts.push_back(w / static_cast<double>(runs_.size()));
    return parts.empty() ? torch::Tensor() : torch::cat(parts);
  }
  [[nodiscard]] std::vector<std::pair<std::string, double>> trace() const override {
    auto mean = runs_.front()->trace();
    for (std::size_t r = 1; r < runs_.size(); ++r) {
      const auto other = runs_[r]->trace();
      for (std::size_t k = 0; k < mean.size(); ++k) mean[k].second += other[k].second;
    }
    for (auto& [name, value] : mean) value /= static_cast<double>(runs_.size());
    return mean;
  }
  [[nodiscard]] bool converged() const override {
    return std::all_of(runs_.begin(), runs_.end(), [](const auto& run) { return run->converged(); });
  }
  [[nodiscard]] std::optional<bool> at_rest() const override {
    std::optional<bool> rest;
    for (const auto& run : runs_)
      if (const auto one = run->at_rest()) rest = rest.value_or(true) && *one;
    return rest;
  }
  [[nodiscard]] std::optional<LogEvidence> log_evidence() const override {
    double sum = 0, squares = 0, errors = 0;
    for (const auto& run : runs_) {
      const auto one = run->log_evidence();
      if (!one) return std::nullopt;
      sum += one->value;
      squares += one->value * one->value;
      errors += one->error * one->error;
    }
    const double n = static_cast<double>(runs_.size()), mean = sum / n;
    return LogEvidence{mean, std::sqrt(std::max(errors / n, (squares / n - mean * mean) * n / (n - 1)) / n)};
  }
  [[nodiscard]] std::vector<std::string> notes() const override {
    std::vector<std::string> all;
    for (std::size_t r = 0; r < runs_.size(); ++r)
      for (const auto& note : runs_[r]->notes()) all.push_back("replica " + std::to_string(r) + ": " + note);
    return all;
  }
  [[nodiscard]] std::map<std::string, torch::Tensor> extras() const override {
    std::map<std::string, std::vector<torch::Tensor>> parts;
    for (const auto& run : runs_)
      for (const auto& [name, tensor] : run->extras()) parts[name].push_back(tensor);
    std::map<std::string, torch::Tensor> all;
    for (const auto& [name, tensors] : parts)
      if (tensors.size() == runs_.size()) all[name] = torch::cat(tensors);
    return all;
  }
  void exchange(StateArchive& archive) override {
    for (std::size_t r = 0; r < runs_.size(); ++r)
      archive.group("replica" + std::to_string(r), [&] { runs_[r]->exchange(archive); });
  }

 private:
  std::vector<std::unique_ptr<Sampler>> runs_;
};

}  // namespace

std::unique_ptr<Sampler> make_replicas(const Method& method, const Setup& setup, std::int64_t count) {
  return std::make_unique<Replicas>(method, setup, count);
}

std::vector<std::int64_t> replica_of_particles(std::int64_t n, std::int64_t count) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(n));
  for (std::int64_t r = 0; r < count; ++r) std::fill(all.begin() + r * n / count, all.begin() + (r + 1) * n / count, r);
  return all;
}

}  // namespace scorefield::sampling
