#include "training/losses/registry.hpp"

#include "core/error.hpp"

namespace scorefield::training {

/// One line a loss, in the order of `list methods`; the first that leaves a kind of model stands for that kind.
constexpr std::unique_ptr<Loss> (*kLosses[])() = {
    make_loss<class VelocityLoss>, make_loss<class ActionMatchingLoss>,
    make_loss<class DiceLoss>,     make_loss<class TransportLoss>,
    make_loss<class DsmLoss>,      make_loss<class NcsmLoss>,
    make_loss<class CfmLoss>,
};

LossList::LossList() {
  for (const auto make : kLosses) all_.push_back(make());
}

LossList::LossList(const LossList& other) {
  for (const auto& loss : other.all_) all_.push_back(loss->clone());
}

LossList& LossList::operator=(const LossList& other) { return *this = LossList(other); }

const Loss& LossList::find(const std::string& name) const {
  for (const auto& loss : all_)
    if (loss->name() == name) return *loss;
  throw UsageError("option 'loss.name': " + unknown_name_message("value", name, names()));
}

std::vector<std::string> LossList::names() const {
  std::vector<std::string> found;
  for (const auto& loss : all_) found.push_back(loss->name());
  return found;
}

std::string LossList::help() const {
  std::string text;
  for (const auto& loss : all_) text += (text.empty() ? "" : "; ") + loss->name() + ": " + loss->summary();
  return text;
}

void LossList::bind(OptionSet& set) {
  for (const auto& loss : all_) loss->bind(set);
}

std::unique_ptr<Loss> LossList::leaving(const std::string& kind) const {
  for (const auto& loss : all_)
    if (loss->kind() == kind) return loss->clone();
  return nullptr;
}

}  // namespace scorefield::training
