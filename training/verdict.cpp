#include "training/verdict.hpp"

#include <algorithm>
#include <cmath>

namespace scorefield::training {
namespace {

/// Shares of the least loss: half of what was gained is gone; all of it, and as much again.
constexpr double kRisen = 0.5, kLost = 2;
/// A training loss so many times the untrained one is an explosion.
constexpr double kExplosion = 100;
/// Numbers up to so many times the untrained ones are noise.
constexpr double kNoise = 2;

double least(const std::vector<double>& values) { return *std::min_element(values.begin(), values.end()); }

/// `noise`: what a loss may vary by without having risen.
bool risen(double now, double least, double share, double noise) {
  return now - least > std::max(share * std::abs(least), noise);
}

}  // namespace

std::size_t best_row(const History& history) {
  const auto& losses = history.validation_loss;
  return static_cast<std::size_t>(std::min_element(losses.begin(), losses.end()) - losses.begin());
}

Verdict judge(const History& history, const Untrained& untrained) {
  if (history.loss.empty()) return Verdict::sound;
  const double validation = history.validation_loss.back(), best = least(history.validation_loss);
  const double loss = history.loss.back(), best_loss = least(history.loss), noise = kNoise * untrained.scale;
  if (risen(validation, best, kLost, noise) && risen(loss, best_loss, kLost, noise)) return Verdict::diverged;
  const double largest = *std::max_element(history.loss.begin(), history.loss.end());
  if (untrained.scale > 0 && largest > kExplosion * untrained.scale && validation > untrained.validation_loss)
    return Verdict::diverged;
  // Particles that are trained on are followed ever better, others ever worse.
  const bool apart = validation - loss > kRisen * std::abs(loss);
  if (risen(validation, best, kRisen, noise) && apart && !risen(loss, best_loss, kRisen, noise))
    return Verdict::overfitted;
  return Verdict::sound;
}

}  // namespace scorefield::training
