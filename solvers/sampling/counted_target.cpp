#include "solvers/sampling/counted_target.hpp"

namespace scorefield::sampling {

CountedTarget::CountedTarget(std::shared_ptr<const targets::Target> target, torch::Device device)
    : target_(std::move(target)), device_(device) {}

torch::Tensor CountedTarget::log_density(const torch::Tensor& x) const {
  count_.density += x.size(0);
  ++count_.calls;
  if (device_.is_cpu()) return target_->log_density(x);
  return target_->log_density(x.to(device_)).to(torch::kCPU);
}

targets::Target::Evaluation CountedTarget::evaluate(const torch::Tensor& x) const {
  count_.score += x.size(0);
  ++count_.calls;
  if (device_.is_cpu()) return target_->evaluate(x);
  auto result = target_->evaluate(x.to(device_));
  if (result.log_density.defined()) result.log_density = result.log_density.to(torch::kCPU);
  result.score = result.score.to(torch::kCPU);
  return result;
}

targets::UserCloud CountedTarget::user_cloud(const torch::Tensor& x, std::uint64_t seed) const {
  auto cloud = target_->user_cloud(x.to(device_), seed);
  if (!cloud.samples.defined()) return cloud;
  const auto here = [](torch::Tensor& tensor) {
    if (tensor.defined()) tensor = tensor.to(torch::kCPU, torch::kFloat64).contiguous();
  };
  here(cloud.samples);
  here(cloud.log_density);
  for (auto& variable : cloud.variables) here(variable.values);
  return cloud;
}

torch::Tensor CountedTarget::from_user(const torch::Tensor& samples) const {
  return target_->from_user(samples.to(device_)).to(torch::kCPU, torch::kFloat64).contiguous();
}

}  // namespace scorefield::sampling
