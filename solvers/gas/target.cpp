#include "solvers/gas/target.hpp"

#include <torch/utils.h>

namespace scorefield::gas {

Matrix columns(const torch::Tensor& x) {
  const auto values = x.to(torch::kCPU, torch::kFloat64).contiguous();
  return Eigen::Map<const Matrix>(values.const_data_ptr<double>(), values.size(1), values.size(0));
}

torch::Tensor rows(const Matrix& x) {
  auto values = torch::empty({x.cols(), x.rows()}, torch::kFloat64);
  Eigen::Map<Matrix>(values.data_ptr<double>(), x.rows(), x.cols()) = x;
  return values;
}

Evaluator make_evaluator(std::shared_ptr<const targets::Target> target) {
  return [target](Cloud& cloud, bool with_score) {
    const auto x = rows(cloud.x);
    torch::Tensor log_p;
    if (with_score) {
      const auto both = target->evaluate(x);
      cloud.score = columns(both.score);
      log_p = both.log_density;
    } else {
      log_p = target->log_density(x);
    }
    if (log_p.defined()) {
      const auto values = log_p.to(torch::kCPU, torch::kFloat64).contiguous();
      cloud.log_p = Eigen::Map<const Vector>(values.const_data_ptr<double>(), values.numel());
    }
  };
}

}  // namespace scorefield::gas
