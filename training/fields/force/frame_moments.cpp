#include "training/fields/force/frame_moments.hpp"

#include <array>
#include <vector>

#include "core/error.hpp"
#include "core/parallel.hpp"

namespace scorefield::training {
namespace {

using dense::Matrix;
using Eigen::Index;

constexpr std::size_t kBlock = 2048;

/// Sums over a run of particles.
struct Block {
  double weight = 0;
  FrameMoments sums;
};

Block sum_block(const models::PositionBasis& basis, const models::KineticPairs& pairs, const KineticFrame& frame,
                std::size_t begin, std::size_t end) {
  const std::size_t c = basis.size(), s = basis.dimension(), d = 2 * s, count = end - begin;
  Matrix phi(count, c), rate(count, c), beside(count, 2 * s);
  std::vector<double> values(c), slopes(s * c);
  Block block;
  dense::Vector square = dense::Vector::Zero(static_cast<Index>(s));
  dense::Vector weights(count);
  for (std::size_t i = 0; i < count; ++i) {
    const float* const row = frame.samples.data() + (begin + i) * d;
    std::array<double, 3> x{};
    for (std::size_t a = 0; a < s; ++a) x[a] = row[pairs.position[a]];
    basis.values({x.data(), s}, values, slopes);
    const double weight = frame.weights.empty() ? 1 : frame.weights[begin + i];
    const auto at = static_cast<Index>(i);
    weights[at] = weight;
    block.weight += weight;
    for (std::size_t j = 0; j < c; ++j) {
      double sum = 0;
      for (std::size_t a = 0; a < s; ++a) sum += row[pairs.velocity[a]] * slopes[a * c + j];
      phi(at, static_cast<Index>(j)) = values[j];
      rate(at, static_cast<Index>(j)) = sum;
    }
    for (std::size_t a = 0; a < s; ++a) {
      const double known = frame.accelerations.empty() ? 0 : frame.accelerations[(begin + i) * s + a];
      beside(at, static_cast<Index>(a)) = row[pairs.velocity[a]];
      beside(at, static_cast<Index>(s + a)) = known;
      square[static_cast<Index>(a)] += weight * known * known;
    }
  }
  const Matrix weighted = weights.asDiagonal() * phi, weighted_rate = weights.asDiagonal() * rate;
  const Matrix products = dense::transposed_product(weighted, beside);
  const auto columns = static_cast<Index>(s);
  block.sums.gram = dense::transposed_product(phi, weighted);
  block.sums.density = weighted.colwise().sum().transpose();
  block.sums.current = weighted_rate.colwise().sum().transpose();
  block.sums.momentum = products.leftCols(columns);
  block.sums.target = products.rightCols(columns);
  block.sums.flux = dense::transposed_product(weighted_rate, Matrix(beside.leftCols(columns)));
  block.sums.square = square;
  return block;
}

}  // namespace

FrameMoments frame_moments(const models::PositionBasis& basis, const models::KineticPairs& pairs,
                           const KineticFrame& frame) {
  const std::size_t count = frame.samples.size() / (2 * basis.dimension());
  const std::size_t blocks = (count + kBlock - 1) / kBlock;
  std::vector<Block> parts(blocks);
  parallel_for(static_cast<std::int64_t>(blocks), [&](std::int64_t b) {
    const std::size_t begin = static_cast<std::size_t>(b) * kBlock;
    parts[static_cast<std::size_t>(b)] = sum_block(basis, pairs, frame, begin, std::min(count, begin + kBlock));
  });
  double weight = 0;
  for (const auto& part : parts) weight += part.weight;
  if (!(weight > 0)) throw Error("a frame has no particle of any weight");
  auto moments = parts.front().sums;
  for (std::size_t b = 1; b < blocks; ++b) {
    moments.gram += parts[b].sums.gram;
    moments.density += parts[b].sums.density;
    moments.current += parts[b].sums.current;
    moments.momentum += parts[b].sums.momentum;
    moments.flux += parts[b].sums.flux;
    moments.target += parts[b].sums.target;
    moments.square += parts[b].sums.square;
  }
  moments.gram /= weight;
  moments.density /= weight;
  moments.current /= weight;
  moments.momentum /= weight;
  moments.flux /= weight;
  moments.target /= weight;
  moments.square /= weight;
  return moments;
}

}  // namespace scorefield::training
