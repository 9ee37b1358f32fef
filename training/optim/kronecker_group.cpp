#include "training/optim/kronecker_group.hpp"

#include <torch/utils.h>

#include <cmath>

#include "core/error.hpp"

namespace scorefield::optim {
namespace {

/// Orthonormal eigenvectors of symmetric matrices [K, s, s], largest eigenvalue first. In double: the first factor
/// has the rank of one gradient, and float32 eigenvectors of a nearly singular matrix are poor.
torch::Tensor eigenbasis(const torch::Tensor& factor) {
  const auto vectors = std::get<1>(at::linalg_eigh(factor.to(torch::kFloat64)));
  return vectors.flip(-1).to(factor.scalar_type()).contiguous();
}

}  // namespace

MatrixShape matrix_shape(const torch::Tensor& parameter) {
  if (parameter.dim() < 2) return {};
  return {parameter.size(-2), parameter.size(-1)};
}

bool is_preconditioned(std::int64_t side, const OptimizerOptions& options) {
  return side > 1 && side <= options.max_precond_dim;
}

KroneckerGroup::KroneckerGroup(NamedTensors parameters, const OptimizerOptions& options, std::int64_t phase)
    : options_(options), phase_(phase), shape_(matrix_shape(parameters.front().second)) {
  std::int64_t count = 0;
  for (auto& [name, parameter] : parameters) {
    names_.push_back(name);
    values_.push_back(parameter.detach().view({-1, shape_.rows, shape_.columns}));
    count += values_.back().size(0);
    parameters_.push_back(std::move(parameter));
  }
  const auto float_options = values_.front().options();
  exp_avg_ = torch::zeros({count, shape_.rows, shape_.columns}, float_options);
  exp_avg_sq_ = torch::zeros_like(exp_avg_);
  const auto make_side = [&](std::int64_t length) {
    if (!is_preconditioned(length, options)) return Side{};
    return Side{torch::zeros({count, length, length}, float_options),
                torch::eye(length, float_options).repeat({count, 1, 1})};
  };
  left_ = make_side(shape_.rows);
  right_ = make_side(shape_.columns);
  rate_ = torch::zeros({}, float_options);
  second_scale_ = torch::ones({}, float_options);
  decay_ = torch::ones({}, float_options);
  gradient_ = torch::zeros_like(exp_avg_);
  rotated_ = torch::zeros_like(exp_avg_);
  half_ = torch::zeros_like(exp_avg_);
  change_ = torch::zeros_like(exp_avg_);
  for (std::int64_t first = 0; const auto& value : values_) {
    changes_.push_back(change_.narrow(0, first, value.size(0)));
    first += value.size(0);
  }
}

void KroneckerGroup::initialise() {
  const torch::NoGradGuard no_grad;
  gather_gradients();
  // LAPACK would fail on such input with a message about matrices; say which quantity it is.
  if (!gradient_.isfinite().all().item<bool>())
    throw DivergenceError(0, "the gradient of '" + names_.front() + "' or of a parameter of the same shape",
                          "Check the data for NaN and the model's initial weights.");
  update_factors();
  if (left_.active()) left_.basis.copy_(eigenbasis(left_.factor));
  if (right_.active()) right_.basis.copy_(eigenbasis(right_.factor));
}

void KroneckerGroup::prepare(std::int64_t count, double learning_rate) {
  const double correction1 = 1 - std::pow(options_.resolved_beta1(), static_cast<double>(count));
  const double correction2 = 1 - std::pow(options_.resolved_beta2(), static_cast<double>(count));
  rate_.fill_(-learning_rate / correction1);
  second_scale_.fill_(1 / std::sqrt(correction2));
  decay_.fill_(1 - learning_rate * options_.weight_decay);
}

void KroneckerGroup::apply() {
  const torch::NoGradGuard no_grad;
  const double beta1 = options_.resolved_beta1(), beta2 = options_.resolved_beta2();
  gather_gradients();
  exp_avg_.lerp_(gradient_, 1 - beta1);
  rotate(gradient_, rotated_);
  exp_avg_sq_.mul_(beta2).addcmul_(rotated_, rotated_, 1 - beta2);

  rotate(exp_avg_, rotated_);
  at::sqrt_out(change_, exp_avg_sq_).mul_(second_scale_).add_(options_.epsilon);
  rotated_.div_(change_).mul_(rate_);
  rotate_back(rotated_, change_);

  if (options_.weight_decay > 0) at::_foreach_mul_(values_, decay_);
  at::_foreach_add_(values_, changes_);
  update_factors();
}

void KroneckerGroup::gather_gradients() {
  std::vector<torch::Tensor> gradients;
  gradients.reserve(parameters_.size());
  for (std::size_t i = 0; i < parameters_.size(); ++i)
    gradients.push_back(gradient_or_zeros(parameters_[i]).view(values_[i].sizes()));
  at::cat_out(gradient_, gradients);
}

// Products with a transposed right factor are half as fast as with a transposed left one; a transposed copy of the
// right factor, where it is needed, is cheap.

/// Ql^T X Qr
void KroneckerGroup::rotate(const torch::Tensor& matrices, torch::Tensor& result) {
  if (!right_.active()) {
    at::bmm_out(result, left_.basis.mT(), matrices);
  } else if (!left_.active()) {
    at::bmm_out(result, matrices, right_.basis);
  } else {
    at::bmm_out(half_, left_.basis.mT(), matrices);
    at::bmm_out(result, half_, right_.basis);
  }
}

/// Ql X Qr^T
void KroneckerGroup::rotate_back(const torch::Tensor& matrices, torch::Tensor& result) {
  if (!right_.active()) {
    at::bmm_out(result, left_.basis, matrices);
  } else if (!left_.active()) {
    at::bmm_out(result, matrices, right_.basis.mT().contiguous());
  } else {
    at::bmm_out(half_, left_.basis, matrices);
    at::bmm_out(result, half_, right_.basis.mT().contiguous());
  }
}

/// L <- b2 L + (1 - b2) G G^T, R <- b2 R + (1 - b2) G^T G
void KroneckerGroup::update_factors() {
  const double beta2 = options_.resolved_beta2();
  if (left_.active()) {
    const torch::Tensor transposed = gradient_.mT().contiguous();
    left_.factor.baddbmm_(transposed.mT(), transposed, beta2, 1 - beta2);
  }
  if (right_.active()) right_.factor.baddbmm_(gradient_.mT(), gradient_, beta2, 1 - beta2);
}

void KroneckerGroup::refresh_bases(std::int64_t count) {
  const torch::NoGradGuard no_grad;
  // Every matrix is refreshed once in `period` updates; which ones now is a function of `count` alone, spread evenly
  // so that no step pays for all of them.
  const std::int64_t period = options_.precondition_frequency;
  const std::int64_t slot = (count + phase_) % period;
  const std::int64_t total = exp_avg_.size(0);
  const std::int64_t first = total * slot / period, last = total * (slot + 1) / period;
  if (first == last) return;
  if (left_.active()) refresh_side(left_, 1, first, last - first);
  if (right_.active()) refresh_side(right_, 2, first, last - first);
}

/// One power iteration Q <- qr(F Q). Columns are first sorted by their Rayleigh quotients diag(Q^T F Q): the iteration
/// converges to eigenvectors in the order of its columns. V follows the permutation along `dim`.
void KroneckerGroup::refresh_side(Side& side, std::int64_t dim, std::int64_t first, std::int64_t matrices) {
  torch::Tensor basis = side.basis.narrow(0, first, matrices);
  torch::Tensor variance = exp_avg_sq_.narrow(0, first, matrices);
  const torch::Tensor product = at::bmm(side.factor.narrow(0, first, matrices), basis);
  const torch::Tensor eigenvalues = (basis * product).sum(1);
  const torch::Tensor order = eigenvalues.argsort(/*stable=*/true, /*dim=*/-1, /*descending=*/true);
  basis.copy_(std::get<0>(at::linalg_qr(product.gather(2, order.unsqueeze(1).expand_as(product)))));
  variance.copy_(variance.gather(dim, order.unsqueeze(3 - dim).expand_as(variance)));
}

NamedTensors KroneckerGroup::state() const {
  NamedTensors state;
  std::int64_t first = 0;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    const std::int64_t matrices = values_[i].size(0);
    const auto add = [&, first](const std::string& prefix, const torch::Tensor& batch) {
      if (batch.defined()) state.emplace_back(prefix + "." + names_[i], batch.narrow(0, first, matrices));
    };
    add("exp_avg", exp_avg_);
    add("exp_avg_sq", exp_avg_sq_);
    add("left_factor", left_.factor);
    add("left_basis", left_.basis);
    add("right_factor", right_.factor);
    add("right_basis", right_.basis);
    first += matrices;
  }
  return state;
}

}  // namespace scorefield::optim
