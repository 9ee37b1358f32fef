#include "solvers/sph/device_sums.hpp"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <utility>

namespace scorefield::sph {
namespace {

using torch::Tensor;

Tensor to_device(std::span<const float> row, torch::Device device) {
  return torch::from_blob(const_cast<float*>(row.data()), {static_cast<std::int64_t>(row.size())}, torch::kFloat32)
      .to(device);  // only read
}

Tensor to_device(std::span<const std::vector<float>> rows, torch::Device device) {
  std::vector<Tensor> all;
  for (const auto& row : rows) all.push_back(to_device(row, device));
  return torch::stack(all);
}

std::vector<float> to_host(const Tensor& tensor) {
  const Tensor plain = tensor.to(torch::kCPU).contiguous();
  return {plain.const_data_ptr<float>(), plain.const_data_ptr<float>() + plain.numel()};
}

/// w(q) and F(q) = -w'(q)/q from q^2, zero outside the support (smoothing.hpp).
Tensor profile_value(Shape shape, const Tensor& square) {
  if (shape == Shape::gaussian) return torch::where(square < 9, torch::exp(-square), torch::zeros_like(square));
  const Tensor q = square.sqrt();
  if (shape == Shape::wendland) return (1 - 0.5 * q).clamp_min(0).pow(4) * (1 + 2 * q);
  return 0.25 * (2 - q).clamp_min(0).pow(3) - (1 - q).clamp_min(0).pow(3);
}

Tensor profile_slope(Shape shape, const Tensor& square) {
  if (shape == Shape::gaussian) return 2 * profile_value(shape, square);
  const Tensor q = square.sqrt();
  if (shape == Shape::wendland) return 5 * (1 - 0.5 * q).clamp_min(0).pow(3);
  const Tensor outer = (0.75 * (2 - q).clamp_min(0).square() - 3 * (1 - q).clamp_min(0).square()) / q.clamp_min(1e-6);
  return torch::where(q < 1e-3, torch::full_like(q, 3), outer);
}

/// Some particles beside their candidates of one range.
struct Block {
  std::int64_t begin, end;  ///< the particles
  Tensor index;             ///< [B, K] candidates; undefined: all n of them, for every particle
  Tensor outside;           ///< [B, K] entries of `index` beyond a particle's range; undefined: none

  /// rows [..., n] at the candidates: [..., B, K] or [..., 1, n].
  [[nodiscard]] Tensor candidates(const Tensor& rows) const {
    if (!index.defined()) return rows.unsqueeze(-2);
    auto shape = rows.sizes().vec();
    shape.back() = index.size(0);
    shape.push_back(index.size(1));
    return rows.index_select(-1, index.flatten()).view(shape);
  }
  /// rows [..., n] at the particles themselves: [..., B, 1].
  [[nodiscard]] Tensor own(const Tensor& rows) const { return rows.narrow(-1, begin, end - begin).unsqueeze(-1); }
};

template <class Body>
void for_blocks(const Arrangement& all, torch::Device device, Body&& body) {
  const auto n = static_cast<std::int64_t>(all.x.front().size()), d = static_cast<std::int64_t>(all.x.size());
  for (std::size_t r = 0; r < all.first.size(); ++r) {
    std::int64_t most = 0;
    for (std::size_t i = 0; i < all.first[r].size(); ++i) most = std::max(most, all.last[r][i] - all.first[r][i]);
    if (most == 0) continue;
    const auto indices = [&](const std::vector<std::int64_t>& row) {
      return torch::from_blob(const_cast<std::int64_t*>(row.data()), {n, 1}, torch::kInt64).to(device);
    };
    const bool everyone = most == n;
    const Tensor first = everyone ? Tensor() : indices(all.first[r]), last = everyone ? Tensor() : indices(all.last[r]);
    const Tensor count = torch::arange(most, torch::TensorOptions(device).dtype(torch::kInt64));
    const std::int64_t rows = std::max<std::int64_t>(1, kDeviceNumbers / (most * d));
    for (std::int64_t begin = 0; begin < n; begin += rows) {
      Block block{begin, std::min(n, begin + rows), {}, {}};
      if (!everyone) {
        const Tensor index = first.slice(0, block.begin, block.end) + count;
        block.outside = index >= last.slice(0, block.begin, block.end);
        block.index = index.clamp_max(n - 1);
      }
      body(block);
    }
  }
}

constexpr float kFar = 1e15F;  ///< squared distance of what is no candidate

Tensor squared(const Block& block, const Tensor& difference) {
  Tensor square = difference.square().sum(0);
  if (block.outside.defined()) square.masked_fill_(block.outside, kFar);
  return square;
}

std::vector<float> density(torch::Device device, const Arrangement& all) {
  const torch::NoGradGuard no_graph;
  const Tensor x = to_device(all.x, device), sum = torch::zeros({x.size(1)}, x.options());
  for_blocks(all, device, [&](const Block& block) {
    const Tensor difference = block.own(x) - block.candidates(x);
    sum.slice(0, block.begin, block.end) += profile_value(all.shape, squared(block, difference)).sum(1);
  });
  return to_host(sum);
}

FloatRows force(torch::Device device, const Arrangement& all, std::span<const float> pressure_row,
                std::span<const float> density_row, std::span<const std::vector<float>> velocity_rows,
                float viscosity) {
  const torch::NoGradGuard no_graph;
  const Tensor x = to_device(all.x, device), pressure = to_device(pressure_row, device),
               rho = to_device(density_row, device);
  const Tensor v = velocity_rows.empty() ? Tensor() : to_device(velocity_rows, device), sum = torch::zeros_like(x);
  const double along_factor = static_cast<double>(x.size(0) + 2) / 3;
  for_blocks(all, device, [&](const Block& block) {
    const Tensor difference = block.own(x) - block.candidates(x), square = squared(block, difference);
    const Tensor F = profile_slope(all.shape, square);
    Tensor radial = (block.own(pressure) + block.candidates(pressure)) * F, total;
    if (v.defined()) {
      const Tensor velocity = block.own(v) - block.candidates(v), along = (velocity * difference).sum(0);
      const Tensor drag = F * (2 * viscosity) / (block.own(rho) + block.candidates(rho));
      radial = radial - along_factor * drag * along / (square + 1e-12);
      total = (radial * difference - (5.0 / 3) * drag * velocity).sum(2);
    } else {
      total = (radial * difference).sum(2);
    }
    sum.slice(1, block.begin, block.end) += total;
  });
  FloatRows rows;
  for (const Tensor& row : sum.unbind(0)) rows.push_back(to_host(row));
  return rows;
}

}  // namespace

NeighbourSums device_neighbour_sums(torch::Device device) {
  return {[device](const Arrangement& all) { return density(device, all); },
          [device](const Arrangement& all, std::span<const float> pressure, std::span<const float> rho,
                   std::span<const std::vector<float>> v,
                   float viscosity) { return force(device, all, pressure, rho, v, viscosity); }};
}

NeighbourSums neighbour_sums_on(torch::Device device) {
  return device.is_cpu() ? NeighbourSums{} : device_neighbour_sums(device);
}

}  // namespace scorefield::sph
