#pragma once

#include <cstdint>

#include "core/options.hpp"
#include "solvers/pairs/radial_kernel.hpp"

namespace scorefield::ift {

/// What moves: positions only, with noise, positions and weights by Fisher-Rao, positions and weights in the MMD
/// geometry.
enum class Kind { mmd_flow, noisy_mmd_flow, wfr, ift };

/// Kernel flows (solvers/ift/README.md). Steps are free of n: positions move by step h^2 (-grad witness).
struct FlowOptions {
  enum class Variant { ours, published };
  enum class Energy { mmd, kl };
  enum class Weights { mmd, kl };
  enum class Data { automatic, fixed, fresh };

  Variant variant = Variant::ours;
  Energy energy = Energy::mmd;
  Weights weights = Weights::mmd;
  pairs::KernelOptions kernel;
  double step = 0;             ///< transport step in units of h^2; 0: 1, and .02 for the published variant
  double weight_rate = 0.2;    ///< weight step as a fraction of the largest stable one
  double published_rate = 20;  ///< weight step 2 lr_w n of the published variant
  double ess = 0.75;           ///< heavy particles are split while the weight ESS is below this share of N
  double noise = 0.2;          ///< of the noisy flow, in units of h, during the first 4/9 of the steps
  Data data = Data::automatic;
  std::int64_t target_samples = 0;  ///< a batch; 0: as many as particles
  std::int64_t loss_every = 25;     ///< iterations between two losses against held-out draws (fresh data)
  bool double_precision = false;
};

/// Keys ift.*; all flows share them.
void bind(OptionSet& set, FlowOptions& options);

}  // namespace scorefield::ift
