#include "training/fields/force/frame_moments.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

#include "core/error.hpp"
#include "core/parallel.hpp"

namespace scorefield::training {
namespace {

using dense::Matrix;
using dense::Vector;
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

/// Sums over a run of particles of w z^n, w v z^n, w v^2 z^n and w a z^n, z = e^(i theta), [powers].
struct PowerSums {
  using Complexes = Eigen::ArrayXcd;
  Complexes one, speed, square, rate;
  double weight = 0, rate_square = 0;
};

PowerSums sum_powers(const models::PositionAxis& axis, const models::KineticPairs& pairs, const KineticFrame& frame,
                     std::size_t begin, std::size_t end, Index modes) {
  const auto count = static_cast<Index>(end - begin);
  Vector cosine(count), sine(count), weights(count), speeds(count), squares(count), rates(count);
  for (Index i = 0; i < count; ++i) {
    const std::size_t at = begin + static_cast<std::size_t>(i);
    const double angle = 2 * std::numbers::pi * (frame.samples[2 * at + pairs.position[0]] - axis.origin) / axis.length;
    const double v = frame.samples[2 * at + pairs.velocity[0]],
                 a = frame.accelerations.empty() ? 0 : frame.accelerations[at];
    cosine[i] = std::cos(angle);
    sine[i] = std::sin(angle);
    weights[i] = frame.weights.empty() ? 1 : frame.weights[at];
    speeds[i] = weights[i] * v;
    squares[i] = speeds[i] * v;
    rates[i] = weights[i] * a;
  }
  PowerSums sums;
  for (auto* each : {&sums.one, &sums.speed, &sums.square, &sums.rate})
    *each = PowerSums::Complexes::Zero(each == &sums.one ? 2 * modes + 1 : modes + 1);
  Vector real = Vector::Ones(count), imaginary = Vector::Zero(count);
  const auto sum = [&](const Vector& factors) { return std::complex(factors.dot(real), factors.dot(imaginary)); };
  for (Index n = 0; n <= 2 * modes; ++n) {
    sums.one[n] = sum(weights);
    if (n <= modes) {
      sums.speed[n] = sum(speeds);
      sums.square[n] = sum(squares);
      if (!frame.accelerations.empty()) sums.rate[n] = sum(rates);
    }
    const Vector next = real.cwiseProduct(cosine) - imaginary.cwiseProduct(sine);
    imaginary = real.cwiseProduct(sine) + imaginary.cwiseProduct(cosine);
    real = next;
  }
  sums.weight = weights.sum();
  for (Index i = 0; i < count; ++i)
    if (weights[i] != 0) sums.rate_square += rates[i] * rates[i] / weights[i];
  return sums;
}

/// (E[w], E[w cos n theta], E[w sin n theta], ...) of means of powers.
Vector real_waves(const PowerSums::Complexes& powers, Index modes) {
  Vector waves(2 * modes + 1);
  waves[0] = powers[0].real();
  for (Index n = 1; n <= modes; ++n) {
    waves[2 * n - 1] = powers[n].real();
    waves[2 * n] = powers[n].imag();
  }
  return waves;
}

/// E[. dphi/dx] of what has the means of powers.
Vector derivatives(const PowerSums::Complexes& powers, Index modes, double length) {
  Vector waves = Vector::Zero(2 * modes + 1);
  for (Index n = 1; n <= modes; ++n) {
    const double k = 2 * std::numbers::pi * static_cast<double>(n) / length;
    waves[2 * n - 1] = -k * powers[n].imag();
    waves[2 * n] = k * powers[n].real();
  }
  return waves;
}

/// E[phi phi'] by cos m cos n = (cos(m - n) + cos(m + n))/2 and so on.
Matrix gram_of(const PowerSums::Complexes& powers, Index modes) {
  Matrix gram(2 * modes + 1, 2 * modes + 1);
  gram.row(0) = real_waves(powers, modes).transpose();
  gram.col(0) = gram.row(0).transpose();
  for (Index m = 1; m <= modes; ++m)
    for (Index n = 1; n <= modes; ++n) {
      const auto sum = powers[m + n], other = powers[std::abs(m - n)];
      const double sine = n < m ? -other.imag() : other.imag();  // of (n - m) theta
      gram(2 * m - 1, 2 * n - 1) = (other.real() + sum.real()) / 2;
      gram(2 * m, 2 * n) = (other.real() - sum.real()) / 2;
      gram(2 * m - 1, 2 * n) = (sum.imag() + sine) / 2;
      gram(2 * n, 2 * m - 1) = gram(2 * m - 1, 2 * n);
    }
  return gram;
}

/// One periodic position: all means are those of powers of e^(i theta).
FrameMoments line_moments(const models::PositionBasis& basis, const models::KineticPairs& pairs,
                          const KineticFrame& frame) {
  const std::size_t count = frame.samples.size() / 2, blocks = (count + kBlock - 1) / kBlock;
  const auto modes = static_cast<Index>(basis.modes());
  const auto& axis = basis.axes().front();
  std::vector<PowerSums> parts(blocks);
  parallel_for(static_cast<std::int64_t>(blocks), [&](std::int64_t b) {
    const std::size_t begin = static_cast<std::size_t>(b) * kBlock;
    parts[static_cast<std::size_t>(b)] = sum_powers(axis, pairs, frame, begin, std::min(count, begin + kBlock), modes);
  });
  auto sums = parts.front();
  for (std::size_t b = 1; b < blocks; ++b) {
    sums.one += parts[b].one;
    sums.speed += parts[b].speed;
    sums.square += parts[b].square;
    sums.rate += parts[b].rate;
    sums.weight += parts[b].weight;
    sums.rate_square += parts[b].rate_square;
  }
  if (!(sums.weight > 0)) throw Error("a frame has no particle of any weight");
  for (auto* each : {&sums.one, &sums.speed, &sums.square, &sums.rate}) *each /= sums.weight;
  return {gram_of(sums.one, modes),
          real_waves(sums.one, modes),
          derivatives(sums.speed, modes, axis.length),
          real_waves(sums.speed, modes),
          derivatives(sums.square, modes, axis.length),
          real_waves(sums.rate, modes),
          Vector::Constant(1, sums.rate_square / sums.weight)};
}

}  // namespace

FrameMoments frame_moments(const models::PositionBasis& basis, const models::KineticPairs& pairs,
                           const KineticFrame& frame) {
  if (frame.samples.empty()) throw Error("a frame has no particle of any weight");
  if (basis.dimension() == 1 && basis.axes().front().periodic) return line_moments(basis, pairs, frame);
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
