#include "solvers/gas/cloud.hpp"

#include <cmath>
#include <vector>

#include "core/random.hpp"

namespace scorefield::gas {

Matrix normals(std::int64_t rows, std::int64_t columns, std::uint64_t seed, std::uint64_t stream) {
  const Philox random(seed, stream);
  Matrix values(rows, columns);
  double* const out = values.data();
  for (std::int64_t i = 0; i < values.size(); i += 2) {
    const auto pair = random.normals(static_cast<std::uint64_t>(i));
    out[i] = pair[0];
    if (i + 1 < values.size()) out[i + 1] = pair[1];
  }
  return values;
}

Vector uniforms(std::int64_t count, std::uint64_t seed, std::uint64_t stream) {
  const Philox random(seed, stream);
  Vector values(count);
  for (std::int64_t i = 0; i < count; ++i) values[i] = random.uniforms(static_cast<std::uint64_t>(i))[0];
  return values;
}

double relative_ess(Vector log_weights) {
  for (auto& w : log_weights)
    if (std::isnan(w)) w = -INFINITY;
  if (!std::isfinite(log_weights.maxCoeff())) return 0;
  const Vector w = (log_weights.array() - log_weights.maxCoeff()).exp();
  return w.sum() * w.sum() / w.squaredNorm() / static_cast<double>(w.size());
}

void exchange(StateArchive& archive, const std::string& name, Matrix& matrix, std::int64_t rows, std::int64_t columns) {
  std::vector<double> values(matrix.data(), matrix.data() + matrix.size());
  archive.array(name, {columns, rows}, values);
  if (archive.restoring())
    matrix = Eigen::Map<const Matrix>(values.data(), rows, static_cast<Eigen::Index>(values.size()) / rows);
}

void exchange(StateArchive& archive, const std::string& name, Vector& vector, std::int64_t size) {
  std::vector<double> values(vector.data(), vector.data() + vector.size());
  archive.array(name, {size}, values);
  if (archive.restoring()) vector = Eigen::Map<const Vector>(values.data(), static_cast<Eigen::Index>(values.size()));
}

void exchange(StateArchive& archive, const std::string& name, Cloud& cloud, std::int64_t d, std::int64_t count) {
  archive.group(name, [&] {
    exchange(archive, "x", cloud.x, d, count);
    exchange(archive, "score", cloud.score, d, cloud.x.cols());
    exchange(archive, "log_p", cloud.log_p, cloud.x.cols());
  });
}

}  // namespace scorefield::gas
