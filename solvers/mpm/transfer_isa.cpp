// One instruction set's transfers, in a namespace named after it (CMakeLists.txt); no std:: templates.

#include "solvers/mpm/transfer.hpp"

namespace scorefield::mpm::SCOREFIELD_ISA {
namespace {

using i64 = std::int64_t;

template <class T>
struct Pack;
template <>
struct Pack<float> {
  typedef float type __attribute__((vector_size(16), aligned(4), may_alias));
};
template <>
struct Pack<double> {
  typedef double type __attribute__((vector_size(32), aligned(8), may_alias));
};
template <class T>
using Vec = typename Pack<T>::type;

/// Where a particle stands: its lowest node, its place in cells from there, and the three weights of each axis.
template <class T, int D>
struct Stencil {
  i64 first = 0;
  T offset[D];     ///< in [.5, 1.5)
  T weight[D][3];

  Stencil(const GridView<T>& grid, const T* x, T inverse_h) {
    for (int a = 0; a < D; ++a) {
      const T place = (x[a] - grid.origin[a]) * inverse_h;
      const i64 base = static_cast<i64>(place - T(0.5));  // places are positive: truncation is the floor
      const T f = place - static_cast<T>(base);
      offset[a] = f;
      weight[a][0] = T(0.5) * (T(1.5) - f) * (T(1.5) - f);
      weight[a][1] = T(0.75) - (f - 1) * (f - 1);
      weight[a][2] = T(0.5) * (f - T(0.5)) * (f - T(0.5));
      first = first * grid.size[a] + base;
    }
  }
};

template <class T, int D>
void scatter(const GridView<T>& grid, const ParticleView<T>& particles, const std::int32_t* order, i64 begin, i64 end) {
  using V = Vec<T>;
  V* const nodes = reinterpret_cast<V*>(grid.nodes);
  const V* const data = reinterpret_cast<const V*>(particles.data);
  const V* const stress = reinterpret_cast<const V*>(particles.stress);
  const T h = grid.h, inverse_h = 1 / grid.h;
  const i64 row = grid.size[D - 1], plane = D == 3 ? grid.size[1] * grid.size[2] : 0;
  for (i64 n = begin; n < end; ++n) {
    const i64 p = order[n];
    const V* const particle = data + p * (D + 2);
    const Stencil<T, D> at(grid, reinterpret_cast<const T*>(particle), inverse_h);
    V column[D];
    for (int a = 0; a < D; ++a) {
      column[a] = particle[2 + a];
      if (stress) column[a] += stress[p * D + a];
      else column[a][a] += particles.pressure;
      column[a] *= h;
    }
    V value = particle[1];
    for (int a = D; a < 3; ++a) value[a] = 0;
    value[3] = 1;
    for (int a = 0; a < D; ++a) value -= column[a] * at.offset[a];
    V* const base = nodes + at.first;
    if constexpr (D == 1) {
      for (int i = 0; i < 3; ++i) base[i] += at.weight[0][i] * (value + T(i) * column[0]);
    } else if constexpr (D == 2) {
      for (int i = 0; i < 3; ++i) {
        const V start = value + T(i) * column[0];
        V* const line = base + i * row;
        for (int j = 0; j < 3; ++j) line[j] += (at.weight[0][i] * at.weight[1][j]) * (start + T(j) * column[1]);
      }
    } else {
      for (int i = 0; i < 3; ++i)
        for (int j = 0; j < 3; ++j) {
          const V start = value + T(i) * column[0] + T(j) * column[1];
          const T w = at.weight[0][i] * at.weight[1][j];
          V* const line = base + i * plane + j * row;
          for (int k = 0; k < 3; ++k) line[k] += (w * at.weight[2][k]) * (start + T(k) * column[2]);
        }
    }
  }
}

template <class T>
void update(const GridView<T>& grid, T keep, i64 begin, i64 end) {
  Vec<T>* const nodes = reinterpret_cast<Vec<T>*>(grid.nodes);
  for (i64 i = begin; i < end; ++i) {
    Vec<T> node = nodes[i];
    const T mass = node[3];
    if (!(mass > T(1e-10))) {
      nodes[i] = Vec<T>{};
      continue;
    }
    node *= keep / mass;
    node[3] = mass;
    nodes[i] = node;
  }
}

template <class T, int D>
void gather(const GridView<T>& grid, const ParticleView<T>& particles, T dt, T limit, i64 begin, i64 end) {
  using V = Vec<T>;
  const V* const nodes = reinterpret_cast<const V*>(grid.nodes);
  V* const data = reinterpret_cast<V*>(particles.data);
  const T inverse_h = 1 / grid.h, scale = particles.affine ? 4 * inverse_h : 0;
  const i64 row = grid.size[D - 1], plane = D == 3 ? grid.size[1] * grid.size[2] : 0;
  for (i64 p = begin; p < end; ++p) {
    V* const particle = data + p * (D + 2);
    const Stencil<T, D> at(grid, reinterpret_cast<const T*>(particle), inverse_h);
    V velocity{};
    V first[D];  // moments sum w i_a v, turned into C below
    for (int a = 0; a < D; ++a) first[a] = V{};
    const V* const base = nodes + at.first;
    if constexpr (D == 1) {
      for (int i = 0; i < 3; ++i) {
        const V part = at.weight[0][i] * base[i];
        velocity += part;
        first[0] += T(i) * part;
      }
    } else if constexpr (D == 2) {
      for (int i = 0; i < 3; ++i) {
        const V* const line = base + i * row;
        const V p0 = at.weight[1][0] * line[0], p1 = at.weight[1][1] * line[1], p2 = at.weight[1][2] * line[2];
        const V sum = at.weight[0][i] * (p0 + p1 + p2);
        velocity += sum;
        first[0] += T(i) * sum;
        first[1] += at.weight[0][i] * (p1 + 2 * p2);
      }
    } else {
      for (int i = 0; i < 3; ++i)
        for (int j = 0; j < 3; ++j) {
          const V* const line = base + i * plane + j * row;
          const T w = at.weight[0][i] * at.weight[1][j];
          const V p0 = at.weight[2][0] * line[0], p1 = at.weight[2][1] * line[1], p2 = at.weight[2][2] * line[2];
          const V sum = w * (p0 + p1 + p2);
          velocity += sum;
          first[0] += T(i) * sum;
          first[1] += T(j) * sum;
          first[2] += w * (p1 + 2 * p2);
        }
    }
    for (int a = 0; a < D; ++a) {
      V c = scale * (first[a] - at.offset[a] * velocity);
      c[3] = 0;
      particle[2 + a] = c;
    }
    particle[1] = velocity;
    for (int a = 0; a < D; ++a) {
      const T move = dt * velocity[a];
      particle[0][a] += move > limit ? limit : move < -limit ? -limit : move;
    }
  }
}

template <class T>
constexpr Transfers<T> kTransfers[3] = {{scatter<T, 1>, update<T>, gather<T, 1>},
                                        {scatter<T, 2>, update<T>, gather<T, 2>},
                                        {scatter<T, 3>, update<T>, gather<T, 3>}};

}  // namespace

const Transfers<float>* single_transfers() { return kTransfers<float>; }
const Transfers<double>* double_transfers() { return kTransfers<double>; }

}  // namespace scorefield::mpm::SCOREFIELD_ISA
