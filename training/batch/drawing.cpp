#include "training/batch/drawing.hpp"

#include <algorithm>

#include "training/batch/random_streams.hpp"

namespace scorefield::training {

void Drawing::jitter(std::span<float> x, std::span<float> target, std::span<const double> slope) const {
  if (!(deviation_ > 0)) return;
  const Philox random(from_.seed, kJitterStream);
  const auto d = static_cast<std::size_t>(dimension());
  for (std::size_t i = 0; i < x.size(); i += 2) {
    const auto pair = random.normals(i / 2);
    for (std::size_t j = i; j < std::min(i + 2, x.size()); ++j) {
      const double xi = pair[j - i];
      x[j] += static_cast<float>(deviation_ * xi);
      if (!target.empty()) target[j] += static_cast<float>(slope[j % d] / deviation_ * xi);
    }
  }
}

}  // namespace scorefield::training
