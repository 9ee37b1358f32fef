// The sweeps of a network whose outputs are the components of a field. Per-instruction-set source
// (core/simd/vector.hpp).
#pragma once

#include "models/sweeps/sweep_values.hpp"

namespace scorefield::kernels::SCOREFIELD_ISA {

/// b = W_L h_L + b_L into w.output [rows, d16], after the forward sweep.
template <class T>
void output_field(const Tile<T>& tile) {
  const long d = tile.shape.components, d16 = padded(d), last = tile.shape.hidden_layers - 1;
  const GroupLayer<T>& layer = tile.w.layer[last + 1];
  const Term<T> term{tile.w.hidden[last].value, tile.stride, 1, layer.weight_t, d16, tile.shape.width};
  product<T>(
      &term, 1, tile.rows, d, [&](long, long j) { return load<T>(layer.bias + j); }, write_to(tile.w.output, d16));
}

/// `field` [points, d] from w.output.
template <class T>
void copy_field(const Tile<T>& tile, T* field) {
  const long d = tile.shape.components, d16 = padded(d);
  for (long p = 0; p < tile.points; ++p)
    for (long c = 0; c < d; ++c) field[p * d + c] = tile.w.output[p * d16 + c];
}

/// The cotangent u = kinetic b + velocity y of the outputs takes their place; rows that are not in use get none.
template <class T>
void set_cotangent(const Tile<T>& tile, const GroupTerms& terms, GroupSums& sums) {
  const long d = tile.shape.components, d16 = padded(d);
  for (long p = 0; p < tile.rows; ++p)
    for (long c = 0; c < d; ++c) {
      T& output = tile.w.output[p * d16 + c];
      if (p >= tile.points) {
        output = 0;
        continue;
      }
      const T b = output, given = tile.given.velocity ? tile.given.velocity[p * d + c] : T(0);
      sums.kinetic += 0.5 * static_cast<double>(b) * b;
      sums.velocity += static_cast<double>(given) * b;
      output = static_cast<T>(terms.kinetic) * b + static_cast<T>(terms.velocity) * given;
    }
}

/// The reverse sweep from the outputs' cotangent: adjoints of every hidden layer and the output layer's gradients.
template <class T>
void reverse_field(const Tile<T>& tile) {
  const long d = tile.shape.components, d16 = padded(d), stride = tile.stride, last = tile.shape.hidden_layers - 1;
  Workspace<T>& w = tile.w;
  GroupLayer<T>& output = w.layer[last + 1];
  const Term<T> outer{w.output, 1, d16, w.hidden[last].value, stride, tile.rows};
  accumulate(tile, &outer, 1, last + 1, output.d_weight);
  for (long p = 0; p < tile.points; ++p)
    for (long c = 0; c < d; ++c) output.d_bias[c] += w.output[p * d16 + c];
  for (long l = last; l >= 0; --l) {
    const LayerBuffers<T>& here = w.hidden[l];
    const Term<T> term =
        l == last ? Term<T>{w.output, d16, 1, output.weight, stride, d}
                  : Term<T>{w.hidden[l + 1].adjoint, stride, 1, w.layer[l + 1].weight, stride, tile.shape.width};
    product<T>(&term, 1, tile.rows, tile.shape.width, start_from_zero<T>(), [&](long i, long j, Vec<T> g) {
      const long at = i * stride + j;
      store<T>(here.adjoint + at, g * load<T>(here.first + at));
    });
  }
}

}  // namespace scorefield::kernels::SCOREFIELD_ISA
