#include "training/fields/drift_mover.hpp"

#include <torch/types.h>

#include <utility>

#include "models/growth_drift.hpp"
#include "models/score_network.hpp"

namespace scorefield::training {
namespace {

class DriftMover : public Mover {
 public:
  DriftMover(std::shared_ptr<models::ScoreNetwork> network, std::shared_ptr<const Loss> loss, double growth)
      : network_(std::move(network)), loss_(std::move(loss)), growth_(growth) {}

  [[nodiscard]] bool grows() const override { return growth_ > 0; }

  void move(const Motion& motion, const integrators::FrameObserver& on_frame) const override {
    if (motion.carried == Carried::log_weight) {
      integrators::integrate(models::GrowthDrift(network_, motion.mu, growth_), motion.state, motion.times,
                             motion.integration, on_frame);
      return;
    }
    const auto drift = loss_->drift_use()->field(network_, motion.mu, motion.carried);
    integrators::integrate(*drift, motion.state, motion.times, motion.integration, on_frame);
  }

 private:
  std::shared_ptr<models::ScoreNetwork> network_;
  std::shared_ptr<const Loss> loss_;
  double growth_;
};

}  // namespace

std::shared_ptr<const Mover> make_drift_mover(std::shared_ptr<models::ScoreNetwork> network,
                                              std::shared_ptr<const Loss> loss, double growth) {
  return std::make_shared<DriftMover>(std::move(network), std::move(loss), growth);
}

}  // namespace scorefield::training
