#include "training/metrics/kept_run.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "data/finite.hpp"
#include "training/metrics/history_error.hpp"

namespace scorefield::metrics {

void KeptRun::begin(const data::DatasetHeader& header) {
  header_ = header;
  energies_.assign(header.mu.size(), std::vector<double>(header.time.size()));
}

void KeptRun::write_frame(std::int64_t mu_index, std::int64_t frame, std::span<const float> samples,
                          std::span<const float> /*velocities*/) {
  const auto m = static_cast<std::size_t>(mu_index);
  if (data::first_not_finite(samples))
    throw Error("a generated run is not finite at time " + std::to_string(frame) + " of mu number " +
                std::to_string(mu_index) + ".");
  if (energy_) energies_[m][static_cast<std::size_t>(frame)] = energy_->of(samples, {}, header_.mu[m]);
  const bool wanted = std::any_of(cloud_times_.begin(), cloud_times_.end(),
                                  [&](double t) { return nearest_time(header_.time, t) == frame; });
  if (wanted) clouds_[{mu_index, frame}].assign(samples.begin(), samples.end());
}

}  // namespace scorefield::metrics
