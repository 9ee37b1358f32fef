// One instruction set's transfers, in a namespace named after it (CMakeLists.txt); no std:: templates.

#include "solvers/mpm/transfer.hpp"

#ifdef __AVX2__
#include <immintrin.h>
#endif

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

/// Nodes per vector register: a row of three neighbouring nodes with four numbers each lies in consecutive memory.
#if defined(__AVX512F__)
constexpr int kRegisterBytes = 64;
#elif defined(__AVX2__)
constexpr int kRegisterBytes = 32;
#else
constexpr int kRegisterBytes = 16;
#endif
template <class T>
constexpr int kTogether = kRegisterBytes / (4 * static_cast<int>(sizeof(T))) > 1
                              ? kRegisterBytes / (4 * static_cast<int>(sizeof(T)))
                              : 1;

template <class T, int nodes>
struct Wide {
  typedef T type __attribute__((vector_size(4 * nodes * sizeof(T)), aligned(sizeof(T)), may_alias));
};

/// Numbers of a row: `kTogether` nodes in a register; where a register holds two or four, the fourth node has weight 0.
template <class T>
struct Row {
  static constexpr int together = kTogether<T>;
  static constexpr int registers = together == 1 ? 3 : 4 / together;
  using W = typename Wide<T, together>::type;
  W part[registers];
};

// Four numbers into all nodes of a register, and one node's four out of it. Intrinsics: GCC takes the way through
// memory for vector types of different lengths.
inline __attribute__((always_inline)) void spread(Vec<float> v, Vec<float>& w) { w = v; }
inline __attribute__((always_inline)) void spread(Vec<double> v, Vec<double>& w) { w = v; }
template <int n>
inline __attribute__((always_inline)) void node_out(const Vec<float>& w, Vec<float>& v) {
  v = w;
}
template <int n>
inline __attribute__((always_inline)) void node_out(const Vec<double>& w, Vec<double>& v) {
  v = w;
}
#ifdef __AVX2__
using Wide8 = Wide<float, 2>::type;
inline __attribute__((always_inline)) void spread(Vec<float> v, Wide8& w) {
  w = (Wide8)_mm256_set_m128((__m128)v, (__m128)v);
}
template <int n>
inline __attribute__((always_inline)) void node_out(const Wide8& w, Vec<float>& v) {
  v = (Vec<float>)_mm256_extractf128_ps((__m256)w, n);
}
#endif
#ifdef __AVX512F__
using Wide16 = Wide<float, 4>::type;
using Wide8d = Wide<double, 2>::type;
inline __attribute__((always_inline)) void spread(Vec<float> v, Wide16& w) {
  w = (Wide16)_mm512_broadcast_f32x4((__m128)v);
}
inline __attribute__((always_inline)) void spread(Vec<double> v, Wide8d& w) {
  w = (Wide8d)_mm512_broadcast_f64x4((__m256d)v);
}
template <int n>
inline __attribute__((always_inline)) void node_out(const Wide16& w, Vec<float>& v) {
  v = (Vec<float>)_mm512_extractf32x4_ps((__m512)w, n);
}
template <int n>
inline __attribute__((always_inline)) void node_out(const Wide8d& w, Vec<double>& v) {
  v = (Vec<double>)_mm512_extractf64x4_pd((__m512d)w, n);
}
#endif

template <class T>
inline __attribute__((always_inline)) typename Row<T>::W spread(Vec<T> v) {
  typename Row<T>::W w;
  spread(v, w);
  return w;
}
template <class T, int n>
inline __attribute__((always_inline)) Vec<T> node_of(const Row<T>& row) {
  Vec<T> v;
  node_out<n % kTogether<T>>(row.part[n / kTogether<T>], v);
  return v;
}

/// a[j] + f (b[j] + f c[j]) for the three nodes j of a row: the weights of the quadratic B-spline, f in [.5, 1.5).
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
};

/// Where a particle stands: its lowest node, its place in cells from there.
template <class T, int D>
struct Place {
  i64 first = 0;
  T offset[D];  ///< in [.5, 1.5)

  inline __attribute__((always_inline)) Place(const GridView<T>& grid, Vec<T> x, Vec<T> origin, T inverse_h) {
    typedef int Four __attribute__((vector_size(16)));
    const Vec<T> place = (x - origin) * inverse_h;
    const Four base = __builtin_convertvector(place - T(0.5), Four);  // places are positive: truncation is the floor
    const Vec<T> f = place - __builtin_convertvector(base, Vec<T>);
    for (int a = 0; a < D; ++a) {
      offset[a] = f[a];
      first = first * grid.size[a] + base[a];
    }
  }
};

/// Weights of one axis.
template <class T>
inline __attribute__((always_inline)) void weights(T f, T* w) {
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
inline __attribute__((always_inline)) Vec<T> kicked(const Kick& kick, const double* a) {
  double square = 0;
  for (int k = 0; k < D; ++k) square += a[k] * a[k];
  double factor = kick.dt;
  if (kick.dt * kick.dt * square > kick.limit * kick.limit) factor = kick.limit / __builtin_sqrt(square);
  Vec<T> change{};
  for (int k = 0; k < D; ++k) change[k] = static_cast<T>(factor * a[k]);
  return change;
}

/// Consecutive particles of one cell add to the same 3^D nodes, which stay in registers in the meantime.
template <class T, int D>
void scatter(const GridView<T>& grid, const ParticleView<T>& particles, const Kick& kick, const std::int32_t* order,
             i64 begin, i64 end) {
  using V = Vec<T>;
  using R = Rows<T, D>;
  using W = typename Row<T>::W;
  constexpr int registers = Row<T>::registers;
  const V* const data = reinterpret_cast<const V*>(particles.data);
  const V* const stress = reinterpret_cast<const V*>(particles.stress);
  const T h = grid.h, inverse_h = 1 / grid.h;
  const V origin = {grid.origin[0], grid.origin[1], grid.origin[2], 0};
  const R rows(grid);
  const SplineRow<T> spline;
  V pressure[D] = {};
  for (int a = 0; a < D; ++a) pressure[a][a] = particles.pressure;
  Row<T> sum[R::count] = {};
  i64 cell = -1;
  const auto flush = [&]() __attribute__((always_inline)) {
    if (cell < 0) return;
    for (int r = 0; r < R::count; ++r) {
      W* const nodes = reinterpret_cast<W*>(grid.nodes + 4 * (cell + rows.start[r]));
      for (int k = 0; k < registers; ++k) nodes[k] += sum[r].part[k];
    }
  };
  for (i64 n = begin; n < end; ++n) {
    const i64 p = order[n];
    const V* const particle = data + p * (D + 2);
    const Place<T, D> at(grid, particle[0], origin, inverse_h);
    if (at.first != cell) {
      flush();
      for (int r = 0; r < R::count; ++r) sum[r] = Row<T>{};
      cell = at.first;
    }
    V column[D];
    for (int a = 0; a < D; ++a) column[a] = (particle[2 + a] + (stress ? stress[p * D + a] : pressure[a])) * h;
    V value = particle[1];  // lanes d..2 are zero throughout
    if (kick.acceleration) value += kicked<T, D>(kick, kick.acceleration + p * D);
    value[3] = 1;
    for (int a = 0; a < D; ++a) value -= column[a] * at.offset[a];
    T w0[3] = {1, 0, 0}, w1[3] = {1, 0, 0};
    if constexpr (D >= 2) weights(at.offset[0], w0);
    if constexpr (D == 3) weights(at.offset[1], w1);
    const W base = spread<T>(value), along = spread<T>(column[D - 1]), outer = spread<T>(column[0]);
    [[maybe_unused]] const W middle = spread<T>(column[D == 3 ? 1 : 0]);
    for (int k = 0; k < registers; ++k) {
      const T f = at.offset[D - 1];
      const W w =
          spline.coefficient[0].part[k] + f * (spline.coefficient[1].part[k] + f * spline.coefficient[2].part[k]);
      const W row_value = w * (base + along * spline.index.part[k]);
      if constexpr (D == 1) {
        sum[0].part[k] += row_value;
      } else if constexpr (D == 2) {
        const W step = w * outer;
        sum[0].part[k] += w0[0] * row_value;
        sum[1].part[k] += w0[1] * (row_value + step);
        sum[2].part[k] += w0[2] * (row_value + T(2) * step);
      } else {
        const W step = w * outer, side = w * middle;
        for (int i = 0; i < 3; ++i)
          for (int j = 0; j < 3; ++j)
            sum[3 * i + j].part[k] += (w0[i] * w1[j]) * (row_value + T(i) * step + T(j) * side);
      }
    }
  }
  flush();
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
void gather(const GridView<T>& grid, const ParticleView<T>& particles, T dt, T limit, i64 begin, i64 end,
            double* positions, T* box) {
  using V = Vec<T>;
  using R = Rows<T, D>;
  using W = typename Row<T>::W;
  constexpr int registers = Row<T>::registers;
  V* const data = reinterpret_cast<V*>(particles.data);
  const T inverse_h = 1 / grid.h, affine = particles.affine ? 4 * inverse_h : 0;
  const V scale = {affine, affine, affine, 0}, along = {dt, dt, dt, 0};  // lane 3 is the density
  const V most = {limit, limit, limit, limit}, least = -most;
  const V origin = {grid.origin[0], grid.origin[1], grid.origin[2], 0};
  const R rows(grid);
  const SplineRow<T> spline;
  Row<T> node[R::count] = {};
  i64 cell = -1;
  V low = V{} + T(1e38), high = -low, odd{};
  for (i64 p = begin; p < end; ++p) {
    V* const particle = data + p * (D + 2);
    const Place<T, D> at(grid, particle[0], origin, inverse_h);
    if (at.first != cell) {
      cell = at.first;
      for (int r = 0; r < R::count; ++r) {
        const W* const nodes = reinterpret_cast<const W*>(grid.nodes + 4 * (cell + rows.start[r]));
        for (int k = 0; k < registers; ++k) node[r].part[k] = nodes[k];
      }
    }
    T w0[3] = {1, 0, 0}, w1[3] = {1, 0, 0};
    if constexpr (D >= 2) weights(at.offset[0], w0);
    if constexpr (D == 3) weights(at.offset[1], w1);
    Row<T> mean, outer, middle;  // sums w v, w i v, w j v of each node of a row
    for (int k = 0; k < registers; ++k) {
      const T f = at.offset[D - 1];
      const W w =
          spline.coefficient[0].part[k] + f * (spline.coefficient[1].part[k] + f * spline.coefficient[2].part[k]);
      if constexpr (D == 1) {
        mean.part[k] = w * node[0].part[k];
      } else if constexpr (D == 2) {
        const W second = w0[1] * node[1].part[k], third = w0[2] * node[2].part[k];
        mean.part[k] = w * (w0[0] * node[0].part[k] + second + third);
        outer.part[k] = w * (second + T(2) * third);
      } else {
        W line[3], side{};
        for (int i = 0; i < 3; ++i) {
          const W second = w1[1] * node[3 * i + 1].part[k], third = w1[2] * node[3 * i + 2].part[k];
          line[i] = w0[i] * (w1[0] * node[3 * i].part[k] + second + third);
          side += w0[i] * (second + T(2) * third);
        }
        mean.part[k] = w * (line[0] + line[1] + line[2]);
        outer.part[k] = w * (line[1] + T(2) * line[2]);
        middle.part[k] = w * side;
      }
    }
    const V second = node_of<T, 1>(mean), third = node_of<T, 2>(mean);
    const V velocity = node_of<T, 0>(mean) + second + third;
    V first[D];  // moments sum w i_a v, turned into C below
    first[D - 1] = second + T(2) * third;
    if constexpr (D >= 2) first[0] = node_of<T, 0>(outer) + node_of<T, 1>(outer) + node_of<T, 2>(outer);
    if constexpr (D == 3) first[1] = node_of<T, 0>(middle) + node_of<T, 1>(middle) + node_of<T, 2>(middle);
    for (int a = 0; a < D; ++a) {
      particle[2 + a] = scale * (first[a] - at.offset[a] * velocity);
    }
    particle[1] = velocity;
    V move = along * velocity;
    move = most < move ? most : move;  // what is not a number stays
    move = least > move ? least : move;
    const V x = particle[0] + move;
    particle[0] = x;
    low = x < low ? x : low;
    high = x > high ? x : high;
    odd += x - x;  // not a number when x is not finite
    for (int a = 0; a < D; ++a) positions[p * D + a] = static_cast<double>(x[a]);
  }
  for (int a = 0; a < D; ++a) {
    box[a] = low[a] + odd[a];
    box[3 + a] = high[a] + odd[a];
  }
}

template <class T, int D>
void read(const ParticleView<T>& particles, double* x, i64 begin, i64 end) {
  for (i64 p = begin; p < end; ++p)
    for (int k = 0; k < D; ++k) x[p * D + k] = static_cast<double>(particles.data[4 * p * (D + 2) + k]);
}

template <class T, int D>
constexpr Transfers<T> transfers_of() {
  return {scatter<T, D>, update<T>, gather<T, D>, read<T, D>};
}

template <class T>
constexpr Transfers<T> kTransfers[3] = {transfers_of<T, 1>(), transfers_of<T, 2>(), transfers_of<T, 3>()};

}  // namespace

const Transfers<float>* single_transfers() { return kTransfers<float>; }
const Transfers<double>* double_transfers() { return kTransfers<double>; }

}  // namespace scorefield::mpm::SCOREFIELD_ISA
