#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <chrono>

#include "benchmarks/benchmark.hpp"
#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "core/parallel.hpp"
#include "models/sweeps/sweeps.hpp"

namespace scorefield::benchmarks {
namespace {

/// @throws Interrupted when the user asks to stop
double seconds_of(const std::function<void()>& work) {
  if (interrupt_requested()) throw Interrupted("interrupted; the cases so far are printed.");
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto middle = values.size() / 2;
  return values.size() % 2 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

}  // namespace

std::vector<double> median_milliseconds(const std::vector<std::function<void()>>& works, double seconds) {
  std::vector<std::vector<double>> times(works.size());
  std::vector<double> total(works.size(), 0.0);
  for (const auto& work : works) seconds_of(work);
  for (bool unfinished = true; unfinished;) {
    unfinished = false;
    for (std::size_t i = 0; i < works.size(); ++i) {
      if (times[i].size() >= 3 && total[i] >= seconds) continue;
      unfinished = true;
      times[i].push_back(seconds_of(works[i]));
      total[i] += times[i].back();
    }
  }
  std::vector<double> medians;
  for (auto& values : times) medians.push_back(1e3 * median(std::move(values)));
  return medians;
}

struct MatrixProducts::Operands {
  torch::Tensor a, b, c;
};

namespace {
constexpr std::int64_t kRows = 240, kProducts = 100;
static_assert(kRows % kernels::kProductRows == 0);
}  // namespace

MatrixProducts::MatrixProducts(std::int64_t width)
    : operands_(std::make_shared<std::vector<Operands>>()), width_(width) {
  for (int i = 0; i < thread_count(); ++i)
    operands_->push_back({torch::randn({kRows, width}), torch::randn({width, width}), torch::empty({kRows, width})});
}

void MatrixProducts::by_libtorch() const {
  // Every thread multiplies for itself: LibTorch does not start threads inside a parallel region.
  parallel_for(static_cast<std::int64_t>(operands_->size()), [&](std::int64_t i) {
    const torch::NoGradGuard no_grad;
    auto& own = (*operands_)[static_cast<std::size_t>(i)];
    for (std::int64_t k = 0; k < kProducts; ++k) at::mm_out(own.c, own.a, own.b);
  });
}

void MatrixProducts::by_kernels() const {
  parallel_for(static_cast<std::int64_t>(operands_->size()), [&](std::int64_t i) {
    const auto& own = (*operands_)[static_cast<std::size_t>(i)];
    const auto *a = own.a.const_data_ptr<float>(), *b = own.b.const_data_ptr<float>();
    for (std::int64_t k = 0; k < kProducts; ++k)
      kernels::multiply(kRows, width_, width_, a, b, own.c.mutable_data_ptr<float>());
  });
}

double MatrixProducts::bound(double operations, double libtorch_milliseconds, double kernels_milliseconds) const {
  const double of_a_call =
      static_cast<double>(operands_->size()) * 2.0 * kRows * static_cast<double>(width_ * width_) * kProducts;
  return operations / of_a_call * std::min(libtorch_milliseconds, kernels_milliseconds);
}

}  // namespace scorefield::benchmarks
