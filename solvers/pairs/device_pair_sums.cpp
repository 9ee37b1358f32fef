#include "solvers/pairs/device_pair_sums.hpp"

#include <torch/types.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/interrupt.hpp"

namespace scorefield::pairs {
namespace {

using torch::Tensor;

constexpr std::int64_t kDirect = 3;  // up to this dimension distances come from coordinates, as in the fused sums

/// phi(r^2) and 2 phi'(r^2) of a matrix of squared distances.
struct Pairs {
  Tensor value, slope;
};

Pairs evaluate(const RadialKernel& kernel, const Tensor& squares) {
  if (kernel.form == Form::energy) {
    const double e = kernel.bandwidths[0] / 100;
    const Tensor radius = (squares + e * e).sqrt();
    return {-radius, -radius.reciprocal()};
  }
  const double weight = 1 / static_cast<double>(kernel.bandwidths.size());
  Pairs sum{torch::zeros_like(squares), torch::zeros_like(squares)};
  for (const double h : kernel.bandwidths) {
    if (kernel.form == Form::gaussian) {
      const Tensor value = (squares * (-0.5 / (h * h))).exp_();
      sum.value.add_(value, weight);
      sum.slope.add_(value, -weight / (h * h));
    } else {
      const Tensor value = (squares * (1 / (h * h))).add_(1).rsqrt_();
      sum.value.add_(value, weight);
      sum.slope.add_(value.pow(3), -weight / (h * h));
    }
  }
  return sum;
}

Tensor squared_distances(const Tensor& x, const Tensor& z) {
  if (x.size(1) > kDirect)
    return torch::addmm(z.square().sum(1).unsqueeze(0), x, z.t(), 1, -2).add_(x.square().sum(1, true)).clamp_min_(0);
  Tensor sum = torch::zeros({x.size(0), z.size(0)}, x.options());
  for (std::int64_t c = 0; c < x.size(1); ++c)
    sum += (x.select(1, c).unsqueeze(1) - z.select(1, c).unsqueeze(0)).square_();
  return sum;
}

}  // namespace

PairSums device_pair_sums(torch::Device device, bool double_precision) {
  return [=](const RadialKernel& kernel, const PairInputs& in, const PairOutputs& out) {
    const torch::NoGradGuard no_graph;
    const auto type = double_precision ? torch::kFloat64 : torch::kFloat32;
    const auto wide = [&](const double* rows, at::IntArrayRef shape) {
      return torch::from_blob(const_cast<double*>(rows), shape, torch::kFloat64).to(device);  // only ever read
    };
    const auto keep = [](const Tensor& block, double* rows, std::int64_t first) {
      const Tensor plain = block.to(torch::kCPU, torch::kFloat64).contiguous();
      std::copy_n(plain.const_data_ptr<double>(), plain.numel(), rows + first * (plain.numel() / plain.size(0)));
    };
    // Centred on the sources, so that float loses no digits to a far origin.
    const Tensor z_wide = wide(in.z, {in.m, in.d}), origin = z_wide.mean(0);
    const Tensor z = (z_wide - origin).to(type), x = (wide(in.x, {in.n, in.d}) - origin).to(type);
    const Tensor a = in.a
                         ? wide(in.a, {in.m}).to(type)
                         : torch::full({in.m}, 1 / static_cast<double>(in.m), torch::TensorOptions(device).dtype(type));
    const Tensor s = in.s ? wide(in.s, {in.m, in.d}).to(type) : Tensor();
    const std::int64_t rows = std::max<std::int64_t>(1, kDevicePairs / in.m);
    for (std::int64_t first = 0; first < in.n; first += rows) {
      if (abandon_requested()) throw Interrupted("interrupted.");
      const Tensor block = x.slice(0, first, std::min(in.n, first + rows));
      const Pairs pairs = evaluate(kernel, squared_distances(block, z));
      if (out.value) keep(pairs.value.matmul(a), out.value, first);
      if (out.gradient) {
        const Tensor slope = pairs.slope * a;
        keep(slope.sum(1, true) * block - slope.matmul(z), out.gradient, first);
      }
      if (out.field) keep((pairs.value * a).matmul(s), out.field, first);
    }
  };
}

PairSums pair_sums_on(torch::Device device, bool double_precision) {
  return device.is_cpu() ? fused_pair_sums(double_precision) : device_pair_sums(device, double_precision);
}

}  // namespace scorefield::pairs
