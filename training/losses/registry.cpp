#include "training/losses/registry.hpp"

namespace scorefield::training {

/// One line a loss, in the order of `list methods`; the first that leaves a kind of model stands for that kind.
constexpr std::unique_ptr<Loss> (*kLosses[])() = {
    make_loss<class VelocityLoss>,  make_loss<class ActionMatchingLoss>, make_loss<class DiceLoss>,
    make_loss<class TransportLoss>, make_loss<class WeakLoss>,           make_loss<class TwoParameterLoss>,
    make_loss<class DsmLoss>,       make_loss<class NcsmLoss>,           make_loss<class CfmLoss>,
};

LossList::LossList() : NamedList("loss.name", kLosses) {}

std::unique_ptr<Loss> LossList::leaving(const std::string& kind) const {
  for (const auto& loss : all())
    if (loss->kind() == kind) return loss->clone();
  return nullptr;
}

}  // namespace scorefield::training
