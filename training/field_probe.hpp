#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace scorefield::training {

struct ReducedModel;

/// The derivatives of a trained potential at given points, in the model's normalised units: x = center + scale x_n,
/// t = start + span t_n, and dx/dt = scale / span grad s.
class FieldProbe {
 public:
  /// @throws FileError; UsageError unless the model is of a drift
  explicit FieldProbe(const std::string& model_path);
  ~FieldProbe();

  struct Values {
    std::vector<double> gradient;  ///< [N, d]
    double mean_rate = 0;          ///< d_t s at fixed x, mean over the points
  };
  /// mu, t, x [N, d]: physical.
  [[nodiscard]] Values at(const std::vector<double>& mu, double t, std::span<const float> x) const;

  [[nodiscard]] const std::vector<double>& scale() const;  ///< [d]
  [[nodiscard]] double time_span() const;
  [[nodiscard]] double sigma() const;  ///< diffusion that it was trained with, normalised units

 private:
  std::unique_ptr<ReducedModel> model_;
};

}  // namespace scorefield::training
