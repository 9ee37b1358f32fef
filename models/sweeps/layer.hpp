#pragma once

#include <cstdint>
#include <vector>

namespace scorefield::kernels {

/// One layer of the plain MLP that a modulation makes for every group g = (mu, t), in factors:
///   y = W_g x + b_g,   W_g = weight + left diag(values_g[scale_start ..]) right,
///                      b_g = bias + bias_map values_g[latent_start ..].
/// Time derivatives follow from the rates of the values, plus weight_rate and bias_rate. Absent arrays are empty.
/// This is the one description of a layer: of tensors where modulations make it and LibTorch computes with it, of
/// GroupArray where kernels do. Low-rank and bias modulation stay in factors, so that kernels write neither effective
/// weights nor their gradients to memory.
template <class Array>
struct Layer {
  Array weight{};                 ///< [out, in] shared by the groups, or [G, out, in]
  Array bias{};                   ///< [out] shared by the groups, or [G, out]
  Array left{};                   ///< [out, r]
  Array right{};                  ///< [r, in]
  Array bias_map{};               ///< [out, z]
  Array weight_rate{};            ///< [G, out, in]: d weight / dt of a group's own weight
  Array bias_rate{};              ///< [G, out]
  std::int64_t scale_start = 0;   ///< of the r values that scale the columns of `left`
  std::int64_t latent_start = 0;  ///< of the z values that `bias_map` takes
};

/// All layers, and what the groups' own parts of them depend on.
template <class Array>
struct LayerWeights {
  std::vector<Layer<Array>> layers;
  Array values{};  ///< [G, n]
  Array rates{};   ///< [G, n], d values / dt; absent unless asked for
};

/// f(array) for every array of a layer, absent ones included, in a fixed order.
template <class LayerOfArrays, class F>
void for_each_tensor(LayerOfArrays& layer, F&& f) {
  f(layer.weight), f(layer.bias), f(layer.left), f(layer.right), f(layer.bias_map), f(layer.weight_rate),
      f(layer.bias_rate);
}
/// Likewise for all layers, then `values` and `rates`.
template <class Weights, class F>
  requires requires(Weights& weights) { weights.layers; }
void for_each_tensor(Weights& weights, F&& f) {
  for (auto& layer : weights.layers) for_each_tensor(layer, f);
  f(weights.values), f(weights.rates);
}

/// One array for all groups, row-major: that of group g starts at data + stride g; stride 0: the groups share it.
template <class T>
struct GroupArray {
  T* data = nullptr;  ///< null: absent
  std::int64_t stride = 0;
  std::int64_t rows = 0, columns = 0;  ///< of one group; a vector is one row
};

}  // namespace scorefield::kernels
