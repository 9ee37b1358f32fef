#include "solvers/sph/neighbours.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

#include "core/parallel.hpp"
#include "core/require.hpp"
#include "solvers/sph/sums_table.hpp"

namespace scorefield::sph {
namespace {

constexpr std::int64_t kBlock = 64;     // particles of a task above d = 3
constexpr std::int64_t kTile = 512;     // their candidates at a time
constexpr std::int64_t kMaxCells = 96;  // along an axis: outliers share the outermost cells
constexpr std::int64_t kCellsPerTask = 8;
constexpr float kFar = 1e15f;

/// Rows of floats [rows][size], 64 bytes aligned, kept by each thread.
struct Rows {
  std::vector<float> memory;
  std::vector<float*> row;
  void shape(std::size_t rows, std::size_t size) {
    const std::size_t stride = (size + 15) / 16 * 16;
    if (memory.size() < rows * stride + 16) memory.resize(rows * stride + 16);
    void* start = memory.data();
    std::size_t space = memory.size() * sizeof(float);
    auto* aligned = static_cast<float*>(std::align(64, rows * stride * sizeof(float), start, space));
    row.resize(rows);
    for (std::size_t r = 0; r < rows; ++r) row[r] = aligned + r * stride;
  }
};

}  // namespace

void Neighbours::arrange(const std::vector<double>& x, std::int64_t d, double h) {
  require("the dimension", d, in(1, kMaxDimension));
  require("the smoothing length", h, above(0));
  d_ = d;
  n_ = static_cast<std::int64_t>(x.size()) / d;
  h_ = h;
  order_.resize(static_cast<std::size_t>(n_));
  place_.resize(order_.size());
  cell_of_.assign(order_.size(), 0);
  std::iota(order_.begin(), order_.end(), 0);
  cells_ = {1, 1, 1};
  cell_start_ = {0, n_};
  occupied_ = {0};
  if (d <= 3) sort_into_cells(x);
  x_.resize(static_cast<std::size_t>(d));
  for (std::size_t c = 0; c < x_.size(); ++c) {
    x_[c].resize(order_.size());
    for (std::size_t i = 0; i < order_.size(); ++i)
      x_[c][i] = static_cast<float>(x[static_cast<std::size_t>(order_[i] * d) + c] / h);
  }
  for (std::size_t i = 0; i < order_.size(); ++i)
    place_[static_cast<std::size_t>(order_[i])] = static_cast<std::int64_t>(i);
}

/// Counting sort, stable. The grid is centred on the mean; cells beyond its ends are folded into the outermost ones,
/// which keeps neighbours in the same or in adjacent cells.
void Neighbours::sort_into_cells(const std::vector<double>& x) {
  const double edge = support(shape_) * h_ * (1 + 1e-6);
  const auto d = static_cast<std::size_t>(d_);
  std::array<double, 3> low{}, high{};
  for (std::size_t c = 0; c < d; ++c) {
    double mean = 0, least = x[c], most = x[c];
    for (std::size_t i = c; i < x.size(); i += d) {
      mean += x[i] / static_cast<double>(n_);
      least = std::min(least, x[i]);
      most = std::max(most, x[i]);
    }
    const double reach = edge * kMaxCells / 2;
    low[c] = std::max(least, mean - reach);
    high[c] = std::min(most, mean + reach);
    cells_[c] = std::clamp<std::int64_t>(static_cast<std::int64_t>((high[c] - low[c]) / edge) + 1, 1, kMaxCells);
  }
  std::vector<std::int64_t> cell(order_.size());
  cell_start_.assign(static_cast<std::size_t>(cells_[0] * cells_[1] * cells_[2]) + 1, 0);
  for (std::size_t i = 0; i < cell.size(); ++i) {
    std::int64_t index = 0;
    for (std::size_t c = 0; c < 3; ++c) {
      const std::int64_t along = c < d ? static_cast<std::int64_t>(std::clamp((x[i * d + c] - low[c]) / edge, 0.0,
                                                                              static_cast<double>(cells_[c] - 1)))
                                       : 0;
      index = index * cells_[c] + along;
    }
    cell[i] = index;
    ++cell_start_[static_cast<std::size_t>(index) + 1];
  }
  occupied_.clear();
  for (std::size_t k = 1; k < cell_start_.size(); ++k) {
    if (cell_start_[k] > 0) occupied_.push_back(static_cast<std::int64_t>(k) - 1);
    cell_start_[k] += cell_start_[k - 1];
  }
  auto next = cell_start_;
  for (std::size_t i = 0; i < cell.size(); ++i) {
    const auto at = static_cast<std::size_t>(next[static_cast<std::size_t>(cell[i])]++);
    order_[at] = static_cast<std::int64_t>(i);
    cell_of_[at] = cell[i];
  }
}

/// The last axis varies fastest, so that three cells along it are one range.
Neighbours::Cell Neighbours::cell(std::int64_t index) const {
  Cell found{cell_start_[static_cast<std::size_t>(index)], cell_start_[static_cast<std::size_t>(index) + 1], {}, 0};
  const std::int64_t last = d_ <= 3 ? d_ - 1 : 0;
  // Unused axes have one cell; the fastest used axis is `last`.
  std::array<std::int64_t, 3> at{index / (cells_[1] * cells_[2]), index / cells_[2] % cells_[1], index % cells_[2]};
  std::array<std::int64_t, 3> low = at, high = at;
  for (std::size_t c = 0; c < 3; ++c) {
    low[c] = std::max<std::int64_t>(at[c] - 1, 0);
    high[c] = std::min(at[c] + 1, cells_[c] - 1);
  }
  const auto start = [&](std::int64_t a, std::int64_t b, std::int64_t c) {
    return (a * cells_[1] + b) * cells_[2] + c;
  };
  const auto add = [&](std::int64_t from, std::int64_t to) {
    const std::int64_t first = cell_start_[static_cast<std::size_t>(from)],
                       end = cell_start_[static_cast<std::size_t>(to) + 1];
    if (first < end) found.ranges[static_cast<std::size_t>(found.range_count++)] = {first, end};
  };
  if (last == 0) add(start(low[0], 0, 0), start(high[0], 0, 0));
  for (std::int64_t a = low[0]; last > 0 && a <= high[0]; ++a) {
    if (last == 1) add(start(a, low[1], 0), start(a, high[1], 0));
    for (std::int64_t b = low[1]; last == 2 && b <= high[1]; ++b) add(start(a, b, low[2]), start(a, b, high[2]));
  }
  return found;
}

bool Neighbours::near(std::int64_t a, std::int64_t b) const {
  float square = 0;
  for (const auto& row : x_) {
    const float difference = row[static_cast<std::size_t>(a)] - row[static_cast<std::size_t>(b)];
    square += difference * difference;
  }
  const auto reach = static_cast<float>(support(shape_));
  return square < reach * reach;
}

/// body(task, first): one group of particles against all its candidates. Fields are sorted rows beside the coordinates,
/// gathered with them; task.own_... point at the group's own entries.
template <class Fields, class Body>
void Neighbours::sweep(const Fields& fields, Body&& body) const {
  const std::size_t rows = x_.size() + fields.size();
  const auto source = [&](std::size_t r) { return r < x_.size() ? x_[r].data() : fields[r - x_.size()].data(); };
  const auto fill = [&](Rows& to, std::size_t r, std::size_t from, std::size_t padded) {
    for (std::size_t j = from; j < padded; ++j) to.row[r][j] = r < x_.size() ? kFar : 1.0f;
  };
  const bool by_cells = d_ <= 3;
  const auto groups = by_cells ? static_cast<std::int64_t>(occupied_.size()) : (n_ + kBlock - 1) / kBlock;
  const std::int64_t per_task = by_cells ? kCellsPerTask : 1;
  parallel_for((groups + per_task - 1) / per_task, [&](std::int64_t task) {
    thread_local Rows near_by;
    std::vector<const float*> own(rows);
    for (std::int64_t group = task * per_task; group < std::min(groups, (task + 1) * per_task); ++group) {
      if (by_cells) {
        const Cell home = cell(occupied_[static_cast<std::size_t>(group)]);
        std::size_t count = 0;
        for (std::int64_t k = 0; k < home.range_count; ++k)
          count += static_cast<std::size_t>(home.ranges[static_cast<std::size_t>(k)].second -
                                            home.ranges[static_cast<std::size_t>(k)].first);
        near_by.shape(rows, count);
        for (std::size_t r = 0; r < rows; ++r) {
          float* to = near_by.row[r];
          for (std::int64_t k = 0; k < home.range_count; ++k) {
            const auto& [first, last] = home.ranges[static_cast<std::size_t>(k)];
            to = std::copy(source(r) + first, source(r) + last, to);
          }
          fill(near_by, r, count, (count + 15) / 16 * 16);
          own[r] = source(r) + home.first;
        }
        body(near_by.row.data(), (count + 15) / 16 * 16, own.data(), home.first, home.last - home.first, true);
      } else {
        const std::int64_t first = group * kBlock;
        for (std::size_t r = 0; r < rows; ++r) own[r] = source(r) + first;
        for (std::int64_t tile = 0; tile < n_; tile += kTile) {
          const auto count = static_cast<std::size_t>(std::min(kTile, n_ - tile));
          near_by.shape(rows, count);
          for (std::size_t r = 0; r < rows; ++r) {
            std::copy_n(source(r) + tile, count, near_by.row[r]);
            fill(near_by, r, count, (count + 15) / 16 * 16);
          }
          body(near_by.row.data(), (count + 15) / 16 * 16, own.data(), first, std::min(kBlock, n_ - first), tile == 0);
        }
      }
    }
  });
}

/// Every particle has its cell's ranges; the shorter lists end in empty ones.
Arrangement Neighbours::arrangement() const {
  const auto n = static_cast<std::size_t>(n_);
  Arrangement all{shape_, x_, {}, {}};
  if (d_ > 3) {
    all.first.emplace_back(n, 0);
    all.last.emplace_back(n, n_);
    return all;
  }
  const std::size_t ranges = d_ == 1 ? 1 : d_ == 2 ? 3 : 9;
  all.first.assign(ranges, std::vector<std::int64_t>(n, 0));
  all.last = all.first;
  for (const std::int64_t index : occupied_) {
    const Cell home = cell(index);
    for (std::size_t r = 0; r < static_cast<std::size_t>(home.range_count); ++r) {
      std::fill(all.first[r].begin() + home.first, all.first[r].begin() + home.last, home.ranges[r].first);
      std::fill(all.last[r].begin() + home.first, all.last[r].begin() + home.last, home.ranges[r].second);
    }
  }
  return all;
}

void Neighbours::density(std::vector<double>& rho) const {
  const SumKernels kernels = kSumKernels.chosen();
  const double scale = normalisation(shape_, d_) / std::pow(h_, static_cast<double>(d_)) / static_cast<double>(n_);
  rho.resize(static_cast<std::size_t>(n_));
  if (elsewhere_.density) {
    const auto sums = elsewhere_.density(arrangement());
    for (std::size_t i = 0; i < sums.size(); ++i)
      rho[static_cast<std::size_t>(order_[i])] = scale * static_cast<double>(sums[i]);
    return;
  }
  sweep(FloatRows{},
        [&](float** x, std::size_t candidates, const float** own, std::int64_t first, std::int64_t count, bool fresh) {
          std::vector<float> sums(static_cast<std::size_t>(count));
          SumTask task{};
          task.shape = static_cast<int>(shape_);
          task.d = d_;
          task.candidates = static_cast<long>(candidates);
          task.x = x;
          task.count = count;
          task.own_x = own;
          task.sum = sums.data();
          kernels.density(task);
          for (std::int64_t i = 0; i < count; ++i) {
            double& value = rho[static_cast<std::size_t>(order_[static_cast<std::size_t>(first + i)])];
            value = (fresh ? 0 : value) + scale * static_cast<double>(sums[static_cast<std::size_t>(i)]);
          }
        });
}

void Neighbours::acceleration(const std::vector<double>& A, const std::vector<double>& rho,
                              const std::vector<double>& v, double nu, std::vector<double>& a) const {
  const SumKernels kernels = kSumKernels.chosen();
  const auto d = static_cast<std::size_t>(d_), n = static_cast<std::size_t>(n_);
  FloatRows fields(2 + (nu > 0 ? d : 0), std::vector<float>(n));
  // Densities of 100 dimensions are no float32: in units of one particle's kernel they are 1 to n.
  const double unit = normalisation(shape_, d_) / std::pow(h_, static_cast<double>(d_)) / static_cast<double>(n_);
  for (std::size_t i = 0; i < n; ++i) {
    const auto from = static_cast<std::size_t>(order_[i]);
    fields[0][i] = static_cast<float>(A[from] * unit);
    fields[1][i] = static_cast<float>(rho[from] / unit);
    for (std::size_t c = 0; nu > 0 && c < d; ++c) fields[2 + c][i] = static_cast<float>(v[from * d + c]);
  }
  // grad W = -norm F x/h^(d+2); with x in units of h one factor h remains. Viscosity has x and v, one h less.
  const double scale = 1 / h_;
  const auto viscosity = static_cast<float>(nu / h_);
  a.resize(n * d);
  if (elsewhere_.force) {
    const auto force = elsewhere_.force(arrangement(), fields[0], fields[1], std::span(fields).subspan(2), viscosity);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t c = 0; c < d; ++c)
        a[static_cast<std::size_t>(order_[i]) * d + c] = scale * static_cast<double>(force[c][i]);
    return;
  }
  sweep(fields, [&](float** rows, std::size_t candidates, const float** own, std::int64_t first, std::int64_t count,
                    bool fresh) {
    Rows sums;
    sums.shape(d, static_cast<std::size_t>(count));
    SumTask task{};
    task.shape = static_cast<int>(shape_);
    task.d = d_;
    task.candidates = static_cast<long>(candidates);
    task.x = rows;
    task.pressure = rows[d];
    task.density = rows[d + 1];
    task.v = nu > 0 ? rows + d + 2 : nullptr;
    task.count = count;
    task.own_x = own;
    task.own_pressure = own[d];
    task.own_density = own[d + 1];
    task.own_v = own + d + 2;
    task.viscosity = viscosity;
    task.force = sums.row.data();
    kernels.force(task);
    for (std::int64_t i = 0; i < count; ++i)
      for (std::size_t c = 0; c < d; ++c) {
        double& value = a[static_cast<std::size_t>(order_[static_cast<std::size_t>(first + i)]) * d + c];
        value = (fresh ? 0 : value) + scale * static_cast<double>(sums.row[c][i]);
      }
  });
}

std::int64_t Neighbours::pair_count() const {
  std::int64_t pairs = 0;
  for (std::int64_t i = 0; i < n_; ++i) for_neighbours(i, [&](std::int64_t) { ++pairs; });
  return pairs;
}

}  // namespace scorefield::sph
