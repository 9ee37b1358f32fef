// Compiled once per instruction set (core/simd/kernel_table.hpp).

#include "core/simd/quads.hpp"
#include "solvers/mpm/transfer.hpp"

namespace scorefield::mpm::SCOREFIELD_ISA {
namespace {

using namespace simd::SCOREFIELD_ISA;
using i64 = std::int64_t;
template <class T>
using V = Quad<T>;

/// Numbers of three neighbouring nodes with four numbers each, which lie in consecutive memory: as many nodes as fit in
/// each register; where two or four do, there is a fourth node, with weight 0.
template <class T>
struct Row {
  static constexpr int together = kQuads<T>;
  static constexpr int registers = together == 1 ? 3 : 4 / together;
  using W = Quads<T>;
  W part[registers];
};

template <class T, int n>
SCOREFIELD_INLINE V<T> node_of(const Row<T>& row) {
  return quad<n % kQuads<T>>(row.part[n / kQuads<T>]);
}

/// a[j] + f (b[j] + f c[j]) for the three nodes j of a row: the weights of the quadratic B-spline, f in [0.5, 1.5).
constexpr double kSpline[3][4] = {{1.125, -0.25, 0.125, 0}, {-1.5, 2, -0.5, 0}, {0.5, -1, 0.5, 0}};

template <class T>
struct SplineRow {
  Row<T> coefficient[3], index;
  SplineRow() {
    for (int j = 0; j < Row<T>::registers * Row<T>::together; ++j)
      for (int lane = 0; lane < 4; ++lane) {
        const int at = 4 * (j % Row<T>::together) + lane;
        for (int k = 0; k < 3; ++k) coefficient[k].part[j / Row<T>::together][at] = static_cast<T>(kSpline[k][j]);
        index.part[j / Row<T>::together][at] = static_cast<T>(j);
      }
  }
  /// Of register k, at place f of the particle.
  SCOREFIELD_INLINE typename Row<T>::W weight(int k, T f) const {
    return coefficient[0].part[k] + f * (coefficient[1].part[k] + f * coefficient[2].part[k]);
  }
};

/// Where a particle stands: its lowest node, its place in cells from there.
template <class T, int D>
struct Place {
  i64 first = 0;
  T offset[D];  ///< in [0.5, 1.5)

  SCOREFIELD_INLINE Place(const GridView<T>& grid, V<T> x, V<T> origin, T inverse_h) {
    using Four = Lanes<int, 4>;
    const V<T> place = (x - origin) * inverse_h;
    const Four base = __builtin_convertvector(place - T(0.5), Four);  // places are positive: truncation is the floor
    const V<T> f = place - __builtin_convertvector(base, V<T>);
    for (int a = 0; a < D; ++a) {
      offset[a] = f[a];
      first = first * grid.size[a] + base[a];
    }
  }
};

/// Weights of one axis.
template <class T>
SCOREFIELD_INLINE void weights(T f, T* w) {
  w[0] = T(0.5) * (T(1.5) - f) * (T(1.5) - f);
  w[1] = T(0.75) - (f - 1) * (f - 1);
  w[2] = T(0.5) * (f - T(0.5)) * (f - T(0.5));
}

/// The rows of 3^D nodes: products of the weights along all axes but the last, and where each row begins.
template <class T, int D>
struct Rows {
  static constexpr int count = D == 1 ? 1 : D == 2 ? 3 : 9;
  i64 start[count];
  explicit Rows(const GridView<T>& grid) {
    const i64 row = grid.size[D - 1], plane = D == 3 ? grid.size[1] * grid.size[2] : 0;
    for (int r = 0; r < count; ++r) start[r] = D == 1 ? 0 : D == 2 ? r * row : (r / 3) * plane + (r % 3) * row;
  }
};

/// The velocity's change by a particle's acceleration a [D].
template <class T, int D>
SCOREFIELD_INLINE V<T> kicked(const Kick& kick, const double* a) {
  double square = 0;
  for (int k = 0; k < D; ++k) square += a[k] * a[k];
  double factor = kick.dt;
  if (kick.dt * kick.dt * square > kick.limit * kick.limit) factor = kick.limit / __builtin_sqrt(square);
  V<T> change{};
  for (int k = 0; k < D; ++k) change[k] = static_cast<T>(factor * a[k]);
  return change;
}

/// A particle's weights along all axes but the last, whose weights are in registers (SplineRow).
template <class T, int D>
struct Weights {
  T w0[3] = {1, 0, 0}, w1[3] = {1, 0, 0};
  SCOREFIELD_INLINE explicit Weights(const Place<T, D>& at) {
    if constexpr (D >= 2) weights(at.offset[0], w0);
    if constexpr (D == 3) weights(at.offset[1], w1);
  }
};

/// Adds base + i outer + j middle + k along, weighted, to the nodes (i, j, k) around a particle.
template <class T, int D>
SCOREFIELD_INLINE void add_to_nodes(Row<T>* sum, const SplineRow<T>& spline, const Place<T, D>& at, V<T> value,
                                    const V<T>* column) {
  using W = typename Row<T>::W;
  const Weights<T, D> by(at);
  const W base = quads(value), along = quads(column[D - 1]), outer = quads(column[0]);
  [[maybe_unused]] const W middle = quads(column[D == 3 ? 1 : 0]);
  for (int k = 0; k < Row<T>::registers; ++k) {
    const W w = spline.weight(k, at.offset[D - 1]), row_value = w * (base + along * spline.index.part[k]);
    if constexpr (D == 1) {
      sum[0].part[k] += row_value;
    } else if constexpr (D == 2) {
      const W step = w * outer;
      sum[0].part[k] += by.w0[0] * row_value;
      sum[1].part[k] += by.w0[1] * (row_value + step);
      sum[2].part[k] += by.w0[2] * (row_value + T(2) * step);
    } else {
      const W step = w * outer, side = w * middle;
      for (int i = 0; i < 3; ++i)
        for (int j = 0; j < 3; ++j)
          sum[3 * i + j].part[k] += (by.w0[i] * by.w1[j]) * (row_value + T(i) * step + T(j) * side);
    }
  }
}

/// Consecutive particles of one cell add to the same 3^D nodes, which stay in registers in the meantime.
template <class T, int D>
void scatter(const GridView<T>& grid, const ParticleView<T>& particles, const Kick& kick, const std::int32_t* order,
             Range range) {
  using R = Rows<T, D>;
  using W = typename Row<T>::W;
  const V<T>* const data = reinterpret_cast<const V<T>*>(particles.data);
  const V<T>* const stress = reinterpret_cast<const V<T>*>(particles.stress);
  const T h = grid.h, inverse_h = 1 / grid.h;
  const V<T> origin = {grid.origin[0], grid.origin[1], grid.origin[2], 0};
  const R rows(grid);
  const SplineRow<T> spline;
  V<T> pressure[D] = {};
  for (int a = 0; a < D; ++a) pressure[a][a] = particles.pressure;
  Row<T> sum[R::count] = {};
  i64 cell = -1;
  const auto flush = [&]() __attribute__((always_inline)) {
    if (cell < 0) return;
    for (int r = 0; r < R::count; ++r) {
      W* const nodes = reinterpret_cast<W*>(grid.nodes + 4 * (cell + rows.start[r]));
      for (int k = 0; k < Row<T>::registers; ++k) nodes[k] += sum[r].part[k];
    }
  };
  for (i64 n = range.begin; n < range.end; ++n) {
    const i64 p = order[n];
    const V<T>* const particle = data + p * (D + 2);
    const Place<T, D> at(grid, particle[0], origin, inverse_h);
    if (at.first != cell) {
      flush();
      for (int r = 0; r < R::count; ++r) sum[r] = Row<T>{};
      cell = at.first;
    }
    V<T> column[D];
    for (int a = 0; a < D; ++a) column[a] = (particle[2 + a] + (stress ? stress[p * D + a] : pressure[a])) * h;
    V<T> value = particle[1];  // lanes d..2 are zero throughout
    if (kick.acceleration) value += kicked<T, D>(kick, kick.acceleration + p * D);
    value[3] = 1;
    for (int a = 0; a < D; ++a) value -= column[a] * at.offset[a];
    add_to_nodes<T, D>(sum, spline, at, value, column);
  }
  flush();
}

template <class T>
void update(const GridView<T>& grid, T keep, Range range) {
  V<T>* const nodes = reinterpret_cast<V<T>*>(grid.nodes);
  for (i64 i = range.begin; i < range.end; ++i) {
    V<T> node = nodes[i];
    const T mass = node[3];
    if (!(mass > T(1e-10))) {
      nodes[i] = V<T>{};
      continue;
    }
    node *= keep / mass;
    node[3] = mass;
    nodes[i] = node;
  }
}

/// A particle's velocity sum w v and the moments sum w i_a v.
template <class T, int D>
struct Moments {
  V<T> velocity, first[D];

  SCOREFIELD_INLINE Moments(const Row<T>* node, const SplineRow<T>& spline, const Place<T, D>& at) {
    using W = typename Row<T>::W;
    const Weights<T, D> by(at);
    Row<T> mean, outer, middle;  // sums w v, w i v, w j v of each node of a row
    for (int k = 0; k < Row<T>::registers; ++k) {
      const W w = spline.weight(k, at.offset[D - 1]);
      if constexpr (D == 1) {
        mean.part[k] = w * node[0].part[k];
      } else if constexpr (D == 2) {
        const W second = by.w0[1] * node[1].part[k], third = by.w0[2] * node[2].part[k];
        mean.part[k] = w * (by.w0[0] * node[0].part[k] + second + third);
        outer.part[k] = w * (second + T(2) * third);
      } else {
        W line[3], side{};
        for (int i = 0; i < 3; ++i) {
          const W second = by.w1[1] * node[3 * i + 1].part[k], third = by.w1[2] * node[3 * i + 2].part[k];
          line[i] = by.w0[i] * (by.w1[0] * node[3 * i].part[k] + second + third);
          side += by.w0[i] * (second + T(2) * third);
        }
        mean.part[k] = w * (line[0] + line[1] + line[2]);
        outer.part[k] = w * (line[1] + T(2) * line[2]);
        middle.part[k] = w * side;
      }
    }
    const V<T> second = node_of<T, 1>(mean), third = node_of<T, 2>(mean);
    velocity = node_of<T, 0>(mean) + second + third;
    first[D - 1] = second + T(2) * third;
    if constexpr (D >= 2) first[0] = node_of<T, 0>(outer) + node_of<T, 1>(outer) + node_of<T, 2>(outer);
    if constexpr (D == 3) first[1] = node_of<T, 0>(middle) + node_of<T, 1>(middle) + node_of<T, 2>(middle);
  }
};

/// The box around points; not a number where one of them is not finite.
template <class T>
struct Extent {
  V<T> low = V<T>{} + T(1e38), high = -low, odd{};

  SCOREFIELD_INLINE void add(V<T> x) {
    low = x < low ? x : low;
    high = x > high ? x : high;
    odd += x - x;
  }
};

template <class T, int D>
void gather(const GridView<T>& grid, const ParticleView<T>& particles, Move<T> move, Range range, double* positions,
            T* box) {
  using R = Rows<T, D>;
  using W = typename Row<T>::W;
  V<T>* const data = reinterpret_cast<V<T>*>(particles.data);
  const T dt = move.dt, limit = move.limit;
  const T inverse_h = 1 / grid.h, affine = particles.affine ? 4 * inverse_h : 0;
  const V<T> scale = {affine, affine, affine, 0}, along = {dt, dt, dt, 0};  // lane 3 is the density
  const V<T> most = {limit, limit, limit, limit}, least = -most;
  const V<T> origin = {grid.origin[0], grid.origin[1], grid.origin[2], 0};
  const R rows(grid);
  const SplineRow<T> spline;
  Row<T> node[R::count] = {};
  i64 cell = -1;
  Extent<T> extent;
  for (i64 p = range.begin; p < range.end; ++p) {
    V<T>* const particle = data + p * (D + 2);
    const Place<T, D> at(grid, particle[0], origin, inverse_h);
    if (at.first != cell) {
      cell = at.first;
      for (int r = 0; r < R::count; ++r) {
        const W* const nodes = reinterpret_cast<const W*>(grid.nodes + 4 * (cell + rows.start[r]));
        for (int k = 0; k < Row<T>::registers; ++k) node[r].part[k] = nodes[k];
      }
    }
    const Moments<T, D> sum(node, spline, at);
    for (int a = 0; a < D; ++a) particle[2 + a] = scale * (sum.first[a] - at.offset[a] * sum.velocity);
    particle[1] = sum.velocity;
    V<T> step = along * sum.velocity;
    step = most < step ? most : step;  // what is not a number stays
    step = least > step ? least : step;
    const V<T> x = particle[0] + step;
    particle[0] = x;
    extent.add(x);
    for (int a = 0; a < D; ++a) positions[p * D + a] = static_cast<double>(x[a]);
  }
  for (int a = 0; a < D; ++a) {
    box[a] = extent.low[a] + extent.odd[a];
    box[3 + a] = extent.high[a] + extent.odd[a];
  }
}

template <class T, int D>
void read(const ParticleView<T>& particles, double* x, Range range) {
  for (i64 p = range.begin; p < range.end; ++p)
    for (int k = 0; k < D; ++k) x[p * D + k] = static_cast<double>(particles.data[4 * p * (D + 2) + k]);
}

template <class T, int D>
constexpr Transfers<T> transfers_of() {
  return {scatter<T, D>, update<T>, gather<T, D>, read<T, D>};
}

}  // namespace

constinit const TransferKernels kTransfers = {
    {transfers_of<float, 1>(), transfers_of<float, 2>(), transfers_of<float, 3>()},
    {transfers_of<double, 1>(), transfers_of<double, 2>(), transfers_of<double, 3>()}};

}  // namespace scorefield::mpm::SCOREFIELD_ISA
