#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "solvers/integrate_options.hpp"
#include "training/model_file.hpp"
#include "training/rollout/guide.hpp"

namespace scorefield::training {

/// Moves populations along a model's drift, in normalised coordinates and time.
class Rollout {
 public:
  /// `integration` without sigma and periods, which are the model's. The model lives as long as this object.
  Rollout(const ReducedModel& model, integrators::IntegrateOptions integration, Carried carried = Carried::nothing);

  /// Numbers of a particle: d coordinates, then what is carried.
  [[nodiscard]] std::int64_t width() const { return width_; }

  /// Moves state [N, width] from times.front() through all times; on_frame(k, state) at each. mu: physical, [p].
  /// @throws DivergenceError; Interrupted when the user asks to stop
  void run(const std::vector<double>& mu, const torch::Tensor& state, const std::vector<double>& times,
           const std::function<void(std::int64_t frame, const torch::Tensor& state)>& on_frame) const;

  /// The same with the guide after every step and at every later time; state: [N, d].
  void run_guided(const std::vector<double>& mu, const torch::Tensor& state, const std::vector<double>& times,
                  const GuideStep& guide,
                  const std::function<void(std::int64_t frame, const torch::Tensor& state)>& on_frame) const;

  /// Where state [N, width] at time t was at an earlier time, by as many steps as rollouts take for that way.
  [[nodiscard]] torch::Tensor traced_back(const std::vector<double>& mu, const torch::Tensor& state, double t,
                                          double earlier) const;

  /// Physical coordinates [N, d] of a population, where the network is, to normalised ones, and back.
  [[nodiscard]] torch::Tensor normalised(const torch::Tensor& x) const { return (x - center_) / scale_; }
  [[nodiscard]] torch::Tensor physical(const torch::Tensor& x) const { return x * scale_ + center_; }
  /// Type and device of both.
  [[nodiscard]] torch::TensorOptions options() const { return center_.options(); }

 private:
  void move(const std::vector<double>& mu, const torch::Tensor& state, const std::vector<double>& times,
            const integrators::IntegrateOptions& integration,
            const std::function<void(std::int64_t frame, const torch::Tensor& state)>& on_frame) const;

  const ReducedModel& model_;
  integrators::IntegrateOptions integration_;
  Carried carried_;
  std::int64_t width_;
  torch::Tensor center_, scale_;  ///< [d]
};

/// The device of that name. @throws UsageError when there is no such device
[[nodiscard]] torch::Device open_device(const std::string& name);

}  // namespace scorefield::training
