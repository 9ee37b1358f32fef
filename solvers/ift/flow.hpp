#pragma once

#include <cstdint>
#include <vector>

#include "core/state_archive.hpp"
#include "solvers/ift/options.hpp"
#include "solvers/pairs/pair_sums.hpp"

namespace scorefield::ift {

/// A weighted cloud. x: [n, d], w: [n] of sum 1.
struct Cloud {
  std::int64_t n = 0, d = 0;
  std::vector<double> x, w;
};

/// Flows that lower F = MMD^2(w, target)/2 (arXiv 2405.17075), torch-free. With the witness u = K w - mean_y k(., y):
///   transport  x_i -= step h^2 grad u(x_i)                      (published variant: times n w_i)
///   weights    ift: w -= rate/Lambda (u - mean u), projected on the simplex; Lambda = largest eigenvalue of the
///   centred K
///              wfr: w *= exp(-rate n/Lambda (u - w.u)), normalised
/// Both steps share one pass over the pairs (the published variant makes a second one in between).
class Flow {
 public:
  struct Schedule {
    bool fresh = false;      ///< other target points in every step
    std::int64_t steps = 0;  ///< length of the run, over which noise and, for fresh data, steps decay
    std::uint64_t seed = 0;
  };
  /// y: an exemplary batch of target points. pair_sums: null: the fused ones, in the options' precision.
  Flow(Kind kind, const FlowOptions& options, Cloud start, const std::vector<double>& y, const Schedule& schedule,
       pairs::PairSums pair_sums = nullptr);

  /// One iteration with target points y [m, d].
  void step(const std::vector<double>& y);

  /// MMD^2/2 between the cloud and points y, V-statistic.
  [[nodiscard]] double loss_against(const std::vector<double>& y);

  /// Everything that changes from one iteration to the next.
  struct State {
    Cloud cloud;
    std::vector<double> power;  ///< [n], the power iteration's vector
    double limit = 0;           ///< Lambda
    double loss = 0;            ///< before the last step, against its target points
    double speed = 0;           ///< root mean square displacement of the last step
    std::int64_t iteration = 0, splits = 0;

    /// All of it, into a checkpoint or back.
    void exchange(StateArchive& archive);
  };
  State state;
  [[nodiscard]] double bandwidth() const { return h_; }
  [[nodiscard]] const pairs::RadialKernel& kernel() const { return kernel_; }

 private:
  void sums(const std::vector<double>& at, const std::vector<double>& z, const double* a, double* value,
            double* gradient) const;
  void witness(const std::vector<double>& at, const std::vector<double>& y, double* gradient);
  void weight_step(double decay);
  void update_limit();
  [[nodiscard]] double self_energy(const std::vector<double>& y);

  Kind kind_;
  FlowOptions options_;
  pairs::RadialKernel kernel_;
  double h_ = 1;
  Schedule schedule_;
  pairs::PairSums pair_sums_;
  std::vector<double> own_, others_;  // K w and mean_y k at the particles
  double self_energy_ = 0;            // mean k(y, y') of the points last asked for
  const void* self_energy_of_ = nullptr;
};

}  // namespace scorefield::ift
