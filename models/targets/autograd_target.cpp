#include "models/targets/autograd_target.hpp"

#include <ATen/Parallel.h>
#include <torch/autograd.h>
#include <torch/utils.h>

#include <algorithm>
#include <vector>

#include "core/error.hpp"
#include "core/parallel.hpp"

namespace scorefield::targets {
namespace {

constexpr std::int64_t kBlockRows = 1024;

/// LibTorch's own loops run serially inside a block: their partial sums would depend on the number of threads.
class SerialTensorLoops {
 public:
  SerialTensorLoops() : threads_(at::get_num_threads()) {
    if (threads_ > 1) at::set_num_threads(1);
  }
  ~SerialTensorLoops() {
    if (threads_ > 1) at::set_num_threads(threads_);
  }
  SerialTensorLoops(const SerialTensorLoops&) = delete;
  SerialTensorLoops& operator=(const SerialTensorLoops&) = delete;

 private:
  int threads_;
};

std::int64_t block_count(const torch::Tensor& x) {
  return x.is_cpu() ? std::max<std::int64_t>(1, (x.size(0) + kBlockRows - 1) / kBlockRows) : 1;
}

template <class Result, class Body>
std::vector<Result> over_blocks(const torch::Tensor& x, const Body& body) {
  const auto count = block_count(x);
  std::vector<Result> results(static_cast<std::size_t>(count));
  if (count == 1) {
    const SerialTensorLoops serial;
    results[0] = body(x);
    return results;
  }
  parallel_for(count, [&](std::int64_t b) {
    results[static_cast<std::size_t>(b)] = body(x.slice(0, b * kBlockRows, std::min(x.size(0), (b + 1) * kBlockRows)));
  });
  return results;
}

}  // namespace

torch::Tensor AutogradTarget::log_density(const torch::Tensor& x) const {
  const auto blocks = over_blocks<torch::Tensor>(x.detach(), [&](const torch::Tensor& rows) {
    const torch::NoGradGuard no_grad;
    return expression(rows);
  });
  return blocks.size() == 1 ? blocks.front() : torch::cat(blocks);
}

Target::Evaluation AutogradTarget::evaluate_block(const torch::Tensor& x) const {
  const torch::AutoGradMode with_gradients(true);
  const auto rows = x.detach().clone().requires_grad_(true);
  const auto log_p = expression(rows);
  if (!log_p.requires_grad())
    throw UsageError("target '" + name() +
                     "': log p gives no gradient in x: it is computed under no_grad, from a detached x, or does not "
                     "depend on x. Mend that, or add a method score(x) -> [N, d].");
  const auto gradient = torch::autograd::grad({log_p}, {rows}, {torch::ones_like(log_p)}).front();
  return {log_p.detach(), gradient.detach()};
}

Target::Evaluation AutogradTarget::evaluate(const torch::Tensor& x) const {
  auto blocks = over_blocks<Evaluation>(x.detach(), [&](const torch::Tensor& rows) { return evaluate_block(rows); });
  if (blocks.size() == 1) return std::move(blocks.front());
  std::vector<torch::Tensor> log_p, score;
  for (const auto& block : blocks) {
    log_p.push_back(block.log_density);
    score.push_back(block.score);
  }
  return {torch::cat(log_p), torch::cat(score)};
}

}  // namespace scorefield::targets
