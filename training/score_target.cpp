#include "training/score_target.hpp"

#include <torch/types.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "core/error.hpp"
#include "core/random.hpp"
#include "core/random_subset.hpp"
#include "data/h5.hpp"
#include "models/score_network.hpp"
#include "solvers/integrators.hpp"
#include "training/model_file.hpp"

namespace scorefield::training {
namespace {

constexpr double kWindow = 0.7;  ///< deviation of the window along a periodic coordinate, in periods
constexpr std::uint64_t kWindowStream = std::uint64_t{0x77} << 56;
constexpr std::uint64_t kStartSeed = 0x9017;  ///< which particles of a weighted population stand for it

}  // namespace

bool is_score_model(const std::string& path) {
  if (!std::filesystem::exists(path)) return false;
  try {
    const auto file = h5::File::open(path);
    return file.is_group("/model") && read_loss(file)->score_use();
  } catch (const FileError&) {
    return false;
  }
}

ScoreTarget::ScoreTarget(const std::string& path) : ScoreTarget(path, {}, std::numeric_limits<double>::quiet_NaN()) {}

ScoreTarget::ScoreTarget(const std::string& path, const std::vector<double>& mu, double t) : path_(path) {
  const auto model = load_model(path);
  const double noise = require_score(model, path).noise();
  network_ = model.network;
  const auto& normalizer = network_->normalizer();
  const auto& at = mu.empty() ? normalizer.mu_center : mu;
  if (at.size() != normalizer.mu_center.size())
    throw UsageError(path + " has " + std::to_string(normalizer.mu_center.size()) + " physics parameters, " +
                     std::to_string(at.size()) + " were given.");
  mu_ = network_->normalized_mu(at);
  time_ = std::isnan(t) ? 0 : normalizer.normalized_time(t);
  center_ = torch::tensor(normalizer.center, torch::kFloat64);
  scale_ = torch::tensor(normalizer.scale, torch::kFloat64);
  for (const double scale : normalizer.scale) noise_.push_back(noise * scale);
  const auto nearest = model.initial.nearest(at);
  initial_ = torch::tensor(model.initial.samples[nearest]).view({-1, dimension()});
  if (!model.initial.weights.empty())
    initial_ = initial_.index_select(
        0, torch::tensor(draw_by_weight(model.initial.weights[nearest], initial_.size(0), kStartSeed)));
}

torch::Tensor ScoreTarget::log_density(const torch::Tensor&) const {
  throw UsageError(path_ + " is a learned score: it has no log-density.");
}

torch::Tensor ScoreTarget::initial(std::int64_t count) const {
  return unwrapped(initial_.index_select(0, torch::arange(count).remainder(initial_.size(0))).to(torch::kFloat64));
}

torch::Tensor ScoreTarget::wrapped(const torch::Tensor& x) const { return integrators::wrap(x, periods()); }

torch::Tensor ScoreTarget::unwrapped(const torch::Tensor& x) const {
  auto moved = wrapped(x).to(torch::kFloat64).contiguous();
  const std::int64_t d = dimension();
  const Philox random(0, kWindowStream);
  auto* const values = moved.data_ptr<double>();
  for (std::int64_t i = 0; i < moved.numel(); ++i) {
    const double period = periods()[static_cast<std::size_t>(i % d)];
    if (!(period > 0)) continue;
    // Shares of x + k period under the window, k = -4..4, and the one that a uniform number picks.
    constexpr int kFar = 4;
    double share[2 * kFar + 1], sum = 0;
    for (int k = -kFar; k <= kFar; ++k) {
      const double z = (values[i] / period + k - 0.5) / kWindow;
      sum += share[k + kFar] = std::exp(-0.5 * z * z);
    }
    double left = random.uniforms(static_cast<std::uint64_t>(i))[0] * sum;
    int k = 0;
    while (k < 2 * kFar && left >= share[k]) left -= share[k++];
    values[i] += (k - kFar) * period;
  }
  return moved;
}

std::int64_t ScoreTarget::dimension() const { return network_->shape().dimension(); }

const std::vector<double>& ScoreTarget::periods() const { return network_->normalizer().periods; }

torch::Tensor ScoreTarget::score(const torch::Tensor& x) const {
  TORCH_CHECK_VALUE(x.dim() == 2 && x.size(1) == dimension(), "score expects x [N, ", dimension(), "], got ",
                    x.sizes());
  const auto place = x.detach().to(torch::kFloat64);
  auto force = network_->field(((place - center_) / scale_).to(mu_.options()), mu_, time_).to(torch::kFloat64) / scale_;
  for (std::size_t axis = 0; axis < periods().size(); ++axis)
    if (const double period = periods()[axis]; period > 0) {
      const auto column = static_cast<std::int64_t>(axis);
      force.select(1, column).sub_((place.select(1, column) - 0.5 * period) / (kWindow * kWindow * period * period));
    }
  return force.to(x.options().requires_grad(false));
}

}  // namespace scorefield::training
