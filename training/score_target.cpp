#include "training/score_target.hpp"

#include <torch/types.h>

#include <filesystem>
#include <limits>

#include "core/error.hpp"
#include "data/h5.hpp"
#include "models/score_network.hpp"
#include "training/model_file.hpp"

namespace scorefield::training {

bool is_score_model(const std::string& path) {
  if (!std::filesystem::exists(path)) return false;
  try {
    const auto file = h5::File::open(path);
    return file.is_group("/model") && file.has_attribute("/model", "kind") &&
           file.string_attribute("/model", "kind") == to_string(ModelKind::score);
  } catch (const FileError&) {
    return false;
  }
}

ScoreTarget::ScoreTarget(const std::string& path) : ScoreTarget(path, {}, std::numeric_limits<double>::quiet_NaN()) {}

ScoreTarget::ScoreTarget(const std::string& path, const std::vector<double>& mu, double t) : path_(path) {
  const auto model = load_model(path);
  require_kind(model, path, ModelKind::score);
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
  for (const double scale : normalizer.scale) noise_.push_back(model.noise * scale);
  const auto nearest = model.initial.nearest(at);
  initial_ = torch::tensor(model.initial.samples[nearest]).view({model.initial.particles, dimension()});
}

torch::Tensor ScoreTarget::log_density(const torch::Tensor&) const {
  throw UsageError(path_ + " is a learned score: it has no log-density.");
}

torch::Tensor ScoreTarget::initial(std::int64_t count) const {
  return initial_.index_select(0, torch::arange(count).remainder(initial_.size(0))).to(torch::kFloat64);
}

std::int64_t ScoreTarget::dimension() const { return network_->shape().dimension(); }

const std::vector<double>& ScoreTarget::periods() const { return network_->normalizer().periods; }

torch::Tensor ScoreTarget::score(const torch::Tensor& x) const {
  TORCH_CHECK_VALUE(x.dim() == 2 && x.size(1) == dimension(), "score expects x [N, ", dimension(), "], got ", x.sizes());
  const auto points = ((x.detach().to(torch::kFloat64) - center_) / scale_).to(mu_.options());
  return (network_->gradient(points, mu_, time_).to(torch::kFloat64) / scale_).to(x.options().requires_grad(false));
}

}  // namespace scorefield::training
