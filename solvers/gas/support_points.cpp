#include "solvers/gas/support_points.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "core/parallel.hpp"

namespace scorefield::gas {
namespace {

constexpr Eigen::Index kBlock = 2048;  // candidates of a task: a coordinate of them stays in the first-level cache

using Rows = Eigen::MatrixXf;  // a row per point: distances to one point are vectors over the others

/// Coordinates over their deviation, [M, d].
Rows in_units(const Matrix& x, const Vector& weights) {
  const Vector w = weights / weights.sum();
  const Vector mean = x * w;
  Matrix centred = x.colwise() - mean;
  const Vector variance = centred.cwiseAbs2() * w;
  for (Eigen::Index c = 0; c < x.rows(); ++c) centred.row(c) /= std::sqrt(std::max(variance[c], 1e-300));
  return centred.transpose().cast<float>();
}

/// Points [first, first + size).
struct Block {
  Eigen::Index first, size;
};

/// total[i] += weight |x_i - x_j| for the points of a block.
void add_distances(const Rows& x, Block block, Eigen::Index j, float weight, Eigen::ArrayXf& squares, Vector& total) {
  squares.head(block.size).setZero();
  for (Eigen::Index c = 0; c < x.cols(); ++c)
    squares.head(block.size) += (x.col(c).segment(block.first, block.size).array() - x(j, c)).square();
  total.segment(block.first, block.size).array() += (weight * squares.head(block.size).sqrt()).cast<double>();
}

template <class Body>
void for_blocks(Eigen::Index points, Body&& body) {
  parallel_for((points + kBlock - 1) / kBlock, [&](std::int64_t b) {
    const Eigen::Index first = b * kBlock;
    body(b, Block{first, std::min(kBlock, points - first)});
  });
}

/// E|x_i - Y| over every k-th of the points.
Vector mean_distances(const Rows& x, const Vector& weights) {
  Vector far = Vector::Zero(x.rows());
  const Eigen::Index stride = (x.rows() + kMostReferences - 1) / kMostReferences;
  double sum = 0;
  for (Eigen::Index j = 0; j < x.rows(); j += stride) sum += weights[j];
  for_blocks(x.rows(), [&](std::int64_t, Block block) {
    Eigen::ArrayXf squares(block.size);
    for (Eigen::Index j = 0; j < x.rows(); j += stride)
      add_distances(x, block, j, static_cast<float>(weights[j] / sum), squares, far);
  });
  return far;
}

class Selection {
 public:
  /// far: E|x_i - Y|
  Selection(Rows x, Vector far)
      : x_(std::move(x)),
        far_(std::move(far)),
        near_(Vector::Zero(x_.rows())),
        taken_(static_cast<std::size_t>(x_.rows()), 0),
        best_(static_cast<std::size_t>((x_.rows() + kBlock - 1) / kBlock)) {}

  /// The free point that lowers the energy distance most beside the `chosen` ones, after `left` has left them (-1: none
  /// has).
  Eigen::Index choose(Eigen::Index last, Eigen::Index left, double chosen) {
    if (left >= 0) taken_[static_cast<std::size_t>(left)] = 0;
    for_blocks(x_.rows(), [&](std::int64_t b, Block block) {
      Eigen::ArrayXf squares(block.size);
      if (last >= 0) add_distances(x_, block, last, 1, squares, near_);
      if (left >= 0) add_distances(x_, block, left, -1, squares, near_);
      Best& best = best_[static_cast<std::size_t>(b)];
      best = {};
      for (Eigen::Index i = block.first; i < block.first + block.size; ++i) {
        const double value = far_[i] - near_[i] / chosen;
        if (value < best.value && taken_[static_cast<std::size_t>(i)] == 0) best = {value, i};
      }
    });
    Best best;
    for (const Best& candidate : best_)
      if (candidate.value < best.value) best = candidate;
    taken_[static_cast<std::size_t>(best.index)] = 1;
    return best.index;
  }

 private:
  struct Best {
    double value = std::numeric_limits<double>::infinity();
    Eigen::Index index = 0;
  };

  Rows x_;
  Vector far_;   ///< E|x_i - Y|
  Vector near_;  ///< sum over the chosen ones of |x_i - x_j|
  std::vector<char> taken_;
  std::vector<Best> best_;
};

void check_count(std::int64_t count, Eigen::Index points) {
  if (count > points)
    throw Error("support points: " + std::to_string(count) + " of " + std::to_string(points) +
                " points were asked for.");
}

/// One after the other, then each once more while the others stay.
std::vector<Eigen::Index> select(Selection selection, std::int64_t count) {
  std::vector<Eigen::Index> chosen;
  Eigen::Index last = -1;
  for (std::int64_t k = 0; k < count; ++k)
    chosen.push_back(last = selection.choose(last, -1, static_cast<double>(k + 1)));
  for (auto& point : chosen) point = last = selection.choose(last, point, static_cast<double>(count));
  return chosen;
}

}  // namespace

std::vector<Eigen::Index> support_points(const Matrix& x, const Vector& weights, std::int64_t count) {
  check_count(count, x.cols());
  Rows rows = in_units(x, weights);
  Vector far = mean_distances(rows, weights);
  return select({std::move(rows), std::move(far)}, count);
}

std::vector<Eigen::Index> support_points_among(const Matrix& x, const Vector& mean_distance, std::int64_t count) {
  check_count(count, x.cols());
  return select({x.transpose().cast<float>(), mean_distance}, count);
}

}  // namespace scorefield::gas
