#include "solvers/gas/cloud.hpp"

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

}  // namespace scorefield::gas
