#include "solvers/mpm/device_passage.hpp"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <array>
#include <memory>
#include <type_traits>
#include <vector>

namespace scorefield::mpm {
namespace {

using torch::Tensor;

/// Weights of the quadratic B-spline [N, 3] at places f [N] in [.5, 1.5) cells from the lowest node.
Tensor spline(const Tensor& f) {
  return torch::stack({0.5 * (1.5 - f).square(), 0.75 - (f - 1).square(), 0.5 * (f - 0.5).square()}, 1);
}

/// Particles seen from the grid: their lowest nodes and, for each of the 3^d nodes from there, its offset and weight.
struct Stencil {
  Tensor first;  ///< [N] index of the lowest node
  Tensor place;  ///< [N, d] in cells from it
  struct Node {
    std::int64_t offset;
    std::array<std::int64_t, 3> step;  ///< nodes along each axis
    Tensor weight;                     ///< [N]
  };
  std::vector<Node> nodes;
};

template <class T>
Stencil make_stencil(const GridView<T>& grid, const Tensor& x) {
  const auto d = x.size(1);
  const Tensor origin = torch::tensor(std::vector<T>(grid.origin, grid.origin + d), x.options());
  const Tensor position = (x - origin) * (1 / grid.h), base = (position - 0.5).floor();
  Stencil stencil{torch::zeros({x.size(0)}, x.options().dtype(torch::kInt64)), position - base, {}};
  std::vector<Tensor> weights;
  std::array<std::int64_t, 3> stride{1, 1, 1};
  for (std::int64_t a = d - 2; a >= 0; --a)
    stride[static_cast<std::size_t>(a)] = stride[static_cast<std::size_t>(a + 1)] * grid.size[a + 1];
  for (std::int64_t a = 0; a < d; ++a) {
    stencil.first += base.select(1, a).to(torch::kInt64) * stride[static_cast<std::size_t>(a)];
    weights.push_back(spline(stencil.place.select(1, a)));
  }
  std::int64_t count = 1;
  for (std::int64_t a = 0; a < d; ++a) count *= 3;
  for (std::int64_t n = 0; n < count; ++n) {
    Stencil::Node node{0, {}, {}};
    std::int64_t rest = n;
    for (std::int64_t a = 0; a < d; ++a, rest /= 3) {
      const auto k = static_cast<std::size_t>(a);
      node.step[k] = rest % 3;
      node.offset += node.step[k] * stride[k];
      const Tensor along = weights[k].select(1, node.step[k]);
      node.weight = node.weight.defined() ? node.weight * along : along;
    }
    stencil.nodes.push_back(std::move(node));
  }
  return stencil;
}

/// The velocities' change by accelerations a [N, d]: dt a, at most `limit` long (Kick).
Tensor kicked(const Tensor& a, const Kick& kick) {
  const Tensor length = a.norm(2, 1, true);
  return a * torch::where(length * kick.dt > kick.limit, kick.limit / length, torch::full_like(length, kick.dt));
}

template <class T>
class DevicePassage final : public GridPassage<T> {
 public:
  explicit DevicePassage(torch::Device device) : device_(device) {}

  void pass(const Passage<T>& passage, Whereabouts<T>& where) override {
    const torch::NoGradGuard no_graph;
    const Tensor rows = on_device(passage, passage.particles.data, passage.d + 2);
    const Tensor x = rows.select(1, 0).narrow(1, 0, passage.d);
    const Stencil stencil = make_stencil(passage.grid, x);
    const Tensor nodes = to_grid(passage, rows, stencil);
    const Tensor next = from_grid(passage, rows, stencil, nodes);
    leave(passage, next, where);
  }

 private:
  static constexpr auto kType = std::is_same_v<T, float> ? torch::kFloat32 : torch::kFloat64;

  /// Groups of four numbers of every particle, [N, groups, lane].
  [[nodiscard]] Tensor on_device(const Passage<T>& passage, const T* data, std::int64_t groups) const {
    // Only ever read through it.
    return torch::from_blob(const_cast<T*>(data), {passage.count, groups, kLanes}, kType).to(device_);
  }

  /// Momentum of the affine field m (v + C (x_i - x)) less the force's impulse, and mass, both per particle mass; then
  /// velocity: [nodes, lane].
  [[nodiscard]] Tensor to_grid(const Passage<T>& passage, const Tensor& rows, const Stencil& stencil) const {
    const auto& [grid, node_count, particles, count, d, kick, keep, move] = passage;
    Tensor columns = rows.narrow(1, 2, d);  // [N, axis, lane]
    if (particles.stress) columns = columns + on_device(passage, particles.stress, d);
    else columns = columns + particles.pressure * torch::eye(d, kLanes, rows.options());
    columns = columns * grid.h;
    Tensor value = rows.select(1, 1).clone();
    if (kick.acceleration) {
      const Tensor a =
          torch::from_blob(const_cast<double*>(kick.acceleration), {count, d}, torch::kFloat64).to(device_);
      value.narrow(1, 0, d) += kicked(a, kick).to(kType);
    }
    value.select(1, 3).fill_(1);
    value -= (columns * stencil.place.unsqueeze(2)).sum(1);
    Tensor nodes = torch::zeros({node_count, kLanes}, rows.options());
    for (const auto& node : stencil.nodes) {
      Tensor here = value;
      for (std::int64_t a = 0; a < d; ++a)
        if (const auto step = node.step[static_cast<std::size_t>(a)]; step > 0)
          here = here + static_cast<double>(step) * columns.select(1, a);
      nodes.index_put_({stencil.first + node.offset}, node.weight.unsqueeze(1) * here, /*accumulate=*/true);
    }
    const Tensor mass = nodes.select(1, 3).clone(), occupied = mass > 1e-10;
    nodes *= torch::where(occupied, keep / mass, torch::zeros_like(mass)).unsqueeze(1);
    nodes.select(1, 3).copy_(torch::where(occupied, mass, torch::zeros_like(mass)));
    return nodes;
  }

  /// The particles after the passage, [N, group, lane].
  [[nodiscard]] Tensor from_grid(const Passage<T>& passage, const Tensor& rows, const Stencil& stencil,
                                 const Tensor& nodes) const {
    const std::int64_t d = passage.d;
    Tensor velocity = torch::zeros({passage.count, kLanes}, rows.options());  // lane 3: the density
    std::vector<Tensor> moments(static_cast<std::size_t>(d), torch::zeros_like(velocity));
    for (const auto& node : stencil.nodes) {
      const Tensor here = node.weight.unsqueeze(1) * nodes.index_select(0, stencil.first + node.offset);
      velocity = velocity + here;
      for (std::int64_t a = 0; a < d; ++a)
        if (const auto step = node.step[static_cast<std::size_t>(a)]; step > 0) {
          auto& moment = moments[static_cast<std::size_t>(a)];
          moment = moment + static_cast<double>(step) * here;
        }
    }
    Tensor next = torch::zeros_like(rows);
    next.select(1, 1).copy_(velocity);
    if (passage.particles.affine)
      for (std::int64_t a = 0; a < d; ++a) {
        const Tensor column = (4 / passage.grid.h) * (moments[static_cast<std::size_t>(a)] -
                                                      stencil.place.select(1, a).unsqueeze(1) * velocity);
        next.select(1, 2 + a).narrow(1, 0, d).copy_(column.narrow(1, 0, d));
      }
    const Tensor step = (passage.move.dt * velocity.narrow(1, 0, d)).clamp(-passage.move.limit, passage.move.limit);
    next.select(1, 0).narrow(1, 0, d).copy_(rows.select(1, 0).narrow(1, 0, d) + step);
    return next;
  }

  /// Particles back on the host, and where they are.
  static void leave(const Passage<T>& passage, const Tensor& next, Whereabouts<T>& where) {
    const auto to_host = [](const Tensor& tensor, auto* out) {
      const Tensor plain = tensor.to(torch::kCPU).contiguous();
      std::copy_n(plain.const_data_ptr<std::remove_pointer_t<decltype(out)>>(), plain.numel(), out);
    };
    const Tensor x = next.select(1, 0).narrow(1, 0, passage.d);
    to_host(next, passage.particles.data);
    to_host(x.to(torch::kFloat64), where.positions.data());
    const Tensor odd = (x - x).sum(0);  // not a number where a coordinate is not finite
    to_host(x.amin(0) + odd, where.box);
    to_host(x.amax(0) + odd, where.box + 3);
  }

  torch::Device device_;
};

}  // namespace

Passages device_passages(torch::Device device) {
  return {std::make_shared<DevicePassage<float>>(device), std::make_shared<DevicePassage<double>>(device)};
}

Passages passages_on(torch::Device device) { return device.is_cpu() ? Passages{} : device_passages(device); }

}  // namespace scorefield::mpm
