#include "solvers/gas/affine.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/error.hpp"

namespace scorefield::gas {
namespace {

constexpr double kLargestMove = 0.5;

/// Velocity of a one-dimensional isothermal gas at places y under forces f, by quadratic B-splines on a grid.
Vector line_velocity(const Vector& y, const Vector& f, std::int64_t cells) {
  const double low = y.minCoeff(), high = y.maxCoeff(), h = (high - low) / static_cast<double>(cells) + 1e-300;
  const auto nodes = cells + 4;
  Vector mass = Vector::Zero(nodes), momentum = Vector::Zero(nodes), velocity = Vector::Zero(y.size());
  const auto visit = [&](Eigen::Index i, const auto& body) {
    const double place = (y[i] - low) / h + 1;
    const auto base = static_cast<Eigen::Index>(place - 0.5);
    const double t = place - static_cast<double>(base);
    const double w[3] = {0.5 * (1.5 - t) * (1.5 - t), 0.75 - (t - 1) * (t - 1), 0.5 * (t - 0.5) * (t - 0.5)};
    const double slope[3] = {t - 1.5, -2 * (t - 1), t - 0.5};  // of the weights, times h
    for (int k = 0; k < 3; ++k) body(base + k, w[k], slope[k]);
  };
  for (Eigen::Index i = 0; i < y.size(); ++i)
    visit(i, [&](Eigen::Index node, double w, double slope) {
      mass[node] += w;
      momentum[node] += w * f[i] + slope / h;  // force and pressure
    });
  for (Eigen::Index i = 0; i < y.size(); ++i)
    visit(i, [&](Eigen::Index node, double w, double) {
      velocity[i] += w * momentum[node] / std::max(mass[node], 1e-12);
    });
  return velocity;
}

}  // namespace

Affine::Affine(const Matrix& initial, const AffineOptions& options, std::uint64_t seed, Evaluator evaluate)
    : options_(options), seed_(seed), evaluate_(std::move(evaluate)) {
  if (initial.cols() <= initial.rows())
    throw UsageError("the affine gas needs more particles than coordinates: " + std::to_string(initial.cols()) +
                     " for d = " + std::to_string(initial.rows()) + ". Raise --particles.");
  cloud_.x = initial;
}

void Affine::affine_step(const Matrix& z, const Matrix& s, const Matrix& factor) {
  const auto d = z.rows();
  const double n = static_cast<double>(z.cols());
  Matrix A = dense::product_transposed(s, z) / n + Matrix::Identity(d, d);
  A = 0.5 * (A + A.transpose()).eval();
  const Vector b = s.rowwise().mean();
  const double size = std::sqrt(dense::symmetric_eigenvalues(A).cwiseAbs2().maxCoeff() + b.squaredNorm());
  const double h = std::min(options_.dt, kLargestMove / (size + 1e-300));
  const Matrix v = dense::product(A, z).colwise() + b;
  speed_ = v.squaredNorm() / (n * static_cast<double>(d));
  cloud_.x += h * dense::product(factor, v);
}

void Affine::sliced_step(const Matrix& z, const Matrix& s, const Matrix& factor) {
  const auto d = z.rows();
  const Matrix frame = dense::orthogonal_factor(
      normals(d, d, seed_, (std::uint64_t{0x73} << 56) + static_cast<std::uint64_t>(iteration_)));
  const Matrix y = dense::transposed_product(frame, z), f = dense::transposed_product(frame, s);
  Matrix v(d, z.cols());
  for (Eigen::Index a = 0; a < d; ++a)
    v.row(a) = line_velocity(y.row(a).transpose(), f.row(a).transpose(), options_.cells).transpose();
  const double fastest = std::sqrt(v.colwise().squaredNorm().maxCoeff());
  const double h = std::min(options_.dt, 2 * kLargestMove / (fastest + 1e-300));
  speed_ = v.squaredNorm() / static_cast<double>(v.size());
  cloud_.x += h * dense::product(factor, dense::product(frame, v));
}

void Affine::step(bool last) {
  ++iteration_;
  evaluate_(cloud_, true);
  const auto d = cloud_.dimension();
  const Vector mean = cloud_.x.rowwise().mean();
  Matrix c = dense::covariance(cloud_.x, mean);
  c.diagonal().array() += 1e-12 * c.trace() / static_cast<double>(d);
  const Matrix factor = dense::cholesky(c, "the cloud's covariance");
  const Matrix z = dense::solve_lower(factor, cloud_.x.colwise() - mean);
  const Matrix s = dense::transposed_product(factor, cloud_.score);
  if (!s.allFinite())
    throw DivergenceError(iteration_, "the score", "Start nearer to the target (sample.start_scale).");
  G_ = s.squaredNorm() / static_cast<double>(s.size());
  if (options_.sliced) sliced_step(z, s, factor);
  else affine_step(z, s, factor);
  converged_ = speed_ < options_.tolerance;
  if ((converged_ || last) && !options_.sliced && !options_.force)
    test_validity(
        dense::symmetric_eigenvalues(dense::product_transposed(s, s) / static_cast<double>(s.cols())).maxCoeff());
}

void Affine::test_validity(double largest) const {
  if (largest < options_.limit) return;
  char text[320];
  std::snprintf(
      text, sizeof text,
      "the affine gas does not suit this target: at rest G = E[s s'] C has an eigenvalue of %.2f, above %.2f (1 "
      "for one elliptic mode), so "
      "the density is curved or has several modes. Use --method gas, or affine.force=true to keep the cloud.",
      largest, options_.limit);
  throw UsageError(text);
}

std::vector<std::pair<std::string, double>> Affine::trace() const { return {{"mean_square_speed", speed_}, {"G", G_}}; }

void Affine::exchange(StateArchive& archive) {
  gas::exchange(archive, "x", cloud_.x, cloud_.dimension(), cloud_.count());
  archive.count("iteration", iteration_);
  archive.number("G", G_);
  archive.number("mean_square_speed", speed_);
  archive.flag("converged", converged_);
}

}  // namespace scorefield::gas
