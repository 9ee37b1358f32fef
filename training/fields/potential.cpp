#include <torch/types.h>

#include "training/fields/define_field.hpp"
#include "training/fields/drift_mover.hpp"
#include "training/losses/choose_loss.hpp"
#include "training/losses/registry.hpp"
#include "training/model_file.hpp"
#include "training/trainer.hpp"

namespace scorefield::training {

/// The gradient of a network's potential s(x; mu, t), what snapshots identify: any loss of training/losses. Scores and
/// conditional samplers are networks of the same make.
class PotentialField final : public Field {
 public:
  [[nodiscard]] std::unique_ptr<Field> clone() const override { return std::make_unique<PotentialField>(*this); }
  [[nodiscard]] std::string name() const override { return "potential"; }
  [[nodiscard]] std::string summary() const override {
    return "the gradient of a network's potential, which moves any density with the least energy";
  }
  [[nodiscard]] std::optional<std::string> suits(const data::DatasetReader&, const TrainConfig&) const override {
    return "a gradient field moves any population";
  }
  void validate(const TrainConfig& config) const override { config.loss.chosen().validate(config); }
  std::string resolve(TrainConfig& config, const data::DatasetReader& reader) const override {
    return resolve_loss(config, reader);
  }
  [[nodiscard]] TrainResult train(const TrainRequest& request) const override {
    return request.config.loss.chosen().train(request);
  }

  [[nodiscard]] bool reads(const std::string& kind) const override { return LossList().leaving(kind) != nullptr; }
  void read(const h5::File& file, const data::ModelHeader& header, ReducedModel& model) const override {
    read_network(file, header, model);
    if (model.loss->drift_use()) model.mover = make_drift_mover(model.network, model.loss, header.growth);
  }
};

template std::unique_ptr<Field> make_field<PotentialField>();

}  // namespace scorefield::training
