#include <torch/types.h>

#include "core/error.hpp"
#include "training/fields/define_field.hpp"
#include "training/fields/drift_mover.hpp"
#include "training/losses/choose_loss.hpp"
#include "training/losses/registry.hpp"
#include "training/losses/velocity_source.hpp"
#include "training/model_file.hpp"
#include "training/trainer.hpp"

namespace scorefield::training {

/// Any field b(x; mu, t), the output of a network: no potential, and with it no restriction to gradients. Regression on
/// particles' velocities u, E|b|^2/2 - E u.b, leads to E[u | x], which moves the density exactly; the same network and
/// modulation as a potential's, at half of the products a step.
class VectorField final : public Field {
 public:
  [[nodiscard]] std::unique_ptr<Field> clone() const override { return std::make_unique<VectorField>(*this); }
  [[nodiscard]] std::string name() const override { return "vector"; }
  [[nodiscard]] std::string summary() const override {
    return "any field, the mean velocity of particles that are followed";
  }

  [[nodiscard]] std::optional<std::string> suits(const data::DatasetReader& reader,
                                                 const TrainConfig& config) const override {
    const auto& header = reader.header();
    if (stored_velocities_say_all(header, config.batch))
      return "the data have velocities, whose mean moves the density";
    if (can_take_differences(header)) return "particles are followed, and their mean velocity moves the density";
    return std::nullopt;
  }
  void validate(const TrainConfig& config) const override {
    config.loss.chosen().validate(config);
    if (config.loss.name != kAutomaticLoss && !config.loss.chosen().is_regression())
      throw UsageError("option 'loss.name' = " + config.loss.name +
                       " needs the potential of a field: set model.field = potential, or another loss.");
    if (config.loss.sigma > 0 && !laplacian_from_jitter(config.loss))
      throw UsageError(
          "option 'loss.sigma' above 0 needs the Laplacian of a potential, or with loss.laplacian = stein the samples' "
          "jitter: set one of model.field = potential and loss.laplacian = stein.");
  }
  std::string resolve(TrainConfig& config, const data::DatasetReader& reader) const override {
    return resolve_regression(config, reader);
  }
  [[nodiscard]] TrainResult train(const TrainRequest& request) const override {
    TrainRequest vector = request;
    vector.config.model.vector = true;
    return vector.config.loss.chosen().train(vector);
  }

  [[nodiscard]] bool reads(const std::string& kind) const override { return kind.starts_with(kVectorKind); }
  void read(const h5::File& file, const data::ModelHeader& header, ReducedModel& model) const override {
    read_network(file, header, model);
    if (model.loss->drift_use()) model.mover = make_drift_mover(model.network, model.loss);
  }
};

template std::unique_ptr<Field> make_field<VectorField>();

}  // namespace scorefield::training
