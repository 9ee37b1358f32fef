#include "training/fields/growth/populations.hpp"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>

#include "core/random_subset.hpp"
#include "training/batch/random_streams.hpp"

namespace scorefield::training {
namespace {

using torch::Tensor;

Tensor summed(const std::vector<float>& weights, std::int64_t first_part) {
  const auto all = torch::tensor(weights).to(torch::kFloat64);
  const auto rest = all.size(0) - first_part;
  return torch::cat({all.narrow(0, 0, first_part).cumsum(0), all.narrow(0, first_part, rest).cumsum(0)});
}

}  // namespace

Populations::Populations(const data::DatasetReader& reader, const models::Normalizer& normalizer, MassKind mass,
                         double validation_fraction, std::uint64_t seed) {
  const auto& header = reader.header();
  const auto d = header.dimension();
  const auto masses = frame_masses(reader, mass);
  const auto center = torch::tensor(normalizer.center), scale = torch::tensor(normalizer.scale);
  for (std::int64_t m = 0; m < header.mu_count(); ++m) {
    auto& run = runs_.emplace_back();
    auto& frames = frames_.emplace_back();
    run.mu = torch::tensor(normalizer.normalized_mu(header.mu[static_cast<std::size_t>(m)])).to(torch::kFloat32);
    for (std::size_t k = 0; k < header.times(m).size(); ++k) {
      auto read = reader.read_frame(m, static_cast<std::int64_t>(k));
      const auto n = static_cast<std::int64_t>(read.samples.size()) / d;
      const auto order = torch::tensor(
          random_subset(n, n, derive_seed(seed, kShuffleStream, static_cast<std::uint64_t>(1000 * m) + k)));
      auto& frame = frames.emplace_back();
      const auto x = torch::from_blob(read.samples.data(), {n, d}).to(torch::kFloat64);
      frame.x = ((x - center) / scale).to(torch::kFloat32).index_select(0, order);
      const auto kept = static_cast<std::int64_t>(std::ceil(validation_fraction * static_cast<double>(n)));
      frame.first_part = std::max<std::int64_t>(1, n - std::max<std::int64_t>(1, kept));
      if (header.has_weights) {
        const auto weights = torch::tensor(read.weights).index_select(0, order).contiguous();
        frame.sums = summed({weights.const_data_ptr<float>(), weights.const_data_ptr<float>() + n}, frame.first_part);
      }
      run.times.push_back(normalizer.normalized_time(header.times(m)[k]));
      run.log_mass.push_back(std::log(masses[static_cast<std::size_t>(m)][k]));
    }
  }
}

Tensor Populations::draw(std::size_t run, std::size_t frame, std::int64_t count, std::uint64_t seed,
                         bool validation) const {
  const Frame& from = frames_[run][frame];
  const auto first = validation ? from.first_part : 0;
  const auto n = validation ? from.x.size(0) - from.first_part : from.first_part;
  if (!from.sums.defined()) {
    // As many as there are without repetition, then again.
    std::vector<std::int64_t> rows;
    for (std::uint64_t round = 0; std::ssize(rows) < count; ++round)
      for (const auto row : random_subset(n, count - std::ssize(rows), seed + round)) rows.push_back(first + row);
    return from.x.index_select(0, torch::tensor(rows));
  }
  std::vector<double> levels;
  for (std::int64_t i = 0; i < count; ++i)
    levels.push_back((static_cast<double>(i) + uniform(seed, kParticleStream, static_cast<std::uint64_t>(i))) /
                     static_cast<double>(count));
  const auto sums = from.sums.narrow(0, first, n).contiguous();
  const auto rows = torch::searchsorted(sums, torch::tensor(levels, torch::kFloat64) * sums[-1], false, true);
  return from.x.index_select(0, first + rows.clamp_max(n - 1));
}

}  // namespace scorefield::training
