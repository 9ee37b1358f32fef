#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/options.hpp"
#include "models/options.hpp"
#include "training/batch/options.hpp"
#include "training/fields/registry.hpp"
#include "training/losses/registry.hpp"
#include "training/optim/options.hpp"
#include "training/quadrature.hpp"

namespace scorefield::training {

enum class LaplacianKind { exact, hutchinson, stein };
enum class EngineKind { automatic, fused, operations, autograd };

/// The loss that is chosen by what the data have (losses/choose_loss.hpp).
inline constexpr const char* kAutomaticLoss = "auto";

/// The field that is chosen by what the data have (fields/choose_field.hpp).
inline constexpr const char* kAutomaticField = "auto";

/// What moves the population.
struct FieldOptions {
  std::string name = kAutomaticField;
  FieldList list{};  ///< every field, with the options that are its own

  /// The field of that name; as long as none is chosen, the last of the list, which takes all data. @throws UsageError
  [[nodiscard]] const Field& chosen() const { return name == kAutomaticField ? *list.all().back() : list.find(name); }
  [[nodiscard]] std::vector<std::string> names() const {
    auto all = list.names();
    all.insert(all.begin(), kAutomaticField);
    return all;
  }
};

/// Which functional is minimised (shared equations: training/README.md).
struct LossOptions {
  std::string name = kAutomaticLoss;
  double sigma = 0;   ///< diffusion in dX = b dt + sigma dW, normalised units; 0: kinetic energy E, > 0: entropic E_eps
  double growth = 0;  ///< lambda of unbalanced action matching, normalised units; 0: mass is conserved
  LaplacianKind laplacian = LaplacianKind::hutchinson;
  std::int64_t probes = 1;  ///< Hutchinson probes per point
  LossList list{};          ///< every loss, with the options that are its own

  /// The loss of that name; as long as none is chosen, the first of the list. @throws UsageError
  [[nodiscard]] const Loss& chosen() const { return list.find(name == kAutomaticLoss ? list.names().front() : name); }
  [[nodiscard]] std::vector<std::string> names() const {
    auto all = list.names();
    all.insert(all.begin(), kAutomaticLoss);
    return all;
  }
};

/// Whether the entropic term sigma^2/2 lap s is taken from the jitter that moved the samples: for x = y + delta xi,
/// E[lap s(x)] = E[xi.grad s(x)] / delta exactly (Stein's identity), so it costs no second derivative.
[[nodiscard]] inline bool laplacian_from_jitter(const LossOptions& loss) {
  return loss.sigma > 0 && loss.laplacian == LaplacianKind::stein;
}

struct TrainingOptions {
  std::int64_t steps = 10000;
  std::int64_t checkpoint_every = 1000;  ///< steps
  std::int64_t log_every = 100;          ///< steps between rows of the history and validations
  double validation_fraction = 0.05;     ///< share of the particles never trained on
  std::string leave_out{};               ///< runs not trained on, as in --mu
  std::int64_t memory_limit = 8192;      ///< MiB of samples held in memory; larger datasets stream
  EngineKind engine = EngineKind::automatic;
  bool cuda_graph = true;  ///< on a CUDA device: record the step once and replay it
  bool tf32 = false;       ///< on a CUDA device: matrix products in TF32
};

struct TrainConfig {
  FieldOptions field;
  models::ModelOptions model;
  LossOptions loss;
  QuadratureOptions quadrature;
  BatchOptions batch;
  optim::OptimizerOptions optimizer;
  TrainingOptions training;
};

/// Adds every key that a training understands.
void bind(OptionSet& set, TrainConfig& config);

/// @throws UsageError naming the key and what it accepts.
void validate(const TrainConfig& config);

}  // namespace scorefield::training
