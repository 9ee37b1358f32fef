#include "training/fields/sde/increments.hpp"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "core/error.hpp"
#include "core/random_subset.hpp"
#include "data/common_particles.hpp"
#include "data/frame_cache.hpp"
#include "training/batch/random_streams.hpp"

namespace scorefield::training {
namespace {

using torch::Tensor;

/// Draws of pairs a step: so many (mu, time) are looked at, the more the better.
constexpr std::int64_t kGroups = 64;

Tensor tensor_of(const std::vector<float>& values, std::int64_t d) {
  return torch::tensor(values).view({static_cast<std::int64_t>(values.size()) / d, d});
}

std::vector<float> levels_of(const std::vector<float>& weights) {
  std::vector<float> levels;
  double sum = 0, total = 0;
  for (const float weight : weights) total += weight;
  for (const float weight : weights) levels.push_back(static_cast<float>((sum += weight) / total));
  return levels;
}

/// Rows of a frame in another order.
std::vector<float> rows_of(const std::vector<float>& values, std::int64_t width,
                           const std::vector<std::int64_t>& rows) {
  std::vector<float> picked;
  if (values.empty()) return picked;
  picked.reserve(rows.size() * static_cast<std::size_t>(width));
  for (const std::int64_t row : rows)
    picked.insert(picked.end(), values.begin() + row * width, values.begin() + (row + 1) * width);
  return picked;
}

/// The short way round.
Tensor way(const Tensor& from, const Tensor& to, const std::vector<double>& periods) {
  Tensor change = to - from;
  for (std::size_t k = 0; k < periods.size(); ++k) {
    if (periods[k] <= 0) continue;
    Tensor column = change.select(1, static_cast<std::int64_t>(k));
    column -= periods[k] * (column / periods[k]).round();
  }
  return change;
}

std::vector<double> numbers(const Tensor& tensor) {
  const Tensor values = tensor.to(torch::kFloat64).contiguous();
  return {values.const_data_ptr<double>(), values.const_data_ptr<double>() + values.numel()};
}

}  // namespace

IncrementTable::IncrementTable(const data::DatasetReader& reader, const models::Normalizer& normalizer,
                               double validation_fraction, std::int64_t limit_bytes, std::uint64_t seed)
    : normalizer_(normalizer), validation_fraction_(validation_fraction), seed_(seed) {
  const auto& header = reader.header();
  if (!header.follows() || header.least_frames() < 2)
    throw FileError(reader.path(),
                    "holds no particles that are followed over two times, from which the drift and the "
                    "noise of an SDE are learned. Train with model.field = potential.");
  periods_ = normalizer.normalized_periods();
  std::int64_t frames = 0;
  for (std::int64_t m = 0; m < header.mu_count(); ++m) frames += std::ssize(header.times(m));
  const std::int64_t copies = header.follows_by_id() ? 2 : 1;
  const auto most = limit_bytes / std::max<std::int64_t>(1, copies * frames * header.dimension() * 4);
  for (std::int64_t m = 0; m < header.mu_count(); ++m) add_run(reader, m, std::max<std::int64_t>(16, most));
  if (pairs_.empty()) throw FileError(reader.path(), "holds no particle that is there at two neighbouring times.");
  runs_ = header.mu_count();
  measure();
}

void IncrementTable::add_run(const data::DatasetReader& reader, std::int64_t mu_index, std::int64_t most) {
  const auto& header = reader.header();
  const std::int64_t d = header.dimension();
  const auto& times = header.times(mu_index);
  const auto mu = normalizer_.normalized_mu(header.mu[static_cast<std::size_t>(mu_index)]);
  const Tensor center = torch::tensor(normalizer_.center, torch::kFloat64);
  const Tensor scale = torch::tensor(normalizer_.scale, torch::kFloat64);
  const auto normalised = [&](const std::vector<float>& samples) {
    return ((tensor_of(samples, d).to(torch::kFloat64) - center) / scale).to(torch::kFloat32);
  };
  const auto prepared = [&](std::int64_t k) {
    auto frame = reader.read_frame(mu_index, k);
    if (!header.follows_by_id()) {
      const auto n = static_cast<std::int64_t>(frame.samples.size()) / d;
      const auto rows = random_subset(n, std::min(n, most), seed_);
      frame.samples = rows_of(frame.samples, d, rows);
      frame.weights = rows_of(frame.weights, 1, rows);
    }
    return frame;
  };
  data::ParticleFrame here = prepared(0);
  Tensor at_here = header.follows_by_id() ? Tensor() : normalised(here.samples);
  for (std::size_t k = 0; k + 1 < times.size(); ++k) {
    data::ParticleFrame next = prepared(static_cast<std::int64_t>(k) + 1);
    Pair pair{.mu = mu, .time = normalizer_.normalized_time(times[k])};
    pair.step = normalizer_.normalized_time(times[k + 1]) - pair.time;
    std::vector<float> weights = here.weights;
    if (header.follows_by_id()) {
      data::Frame a{.samples = here.samples, .weights = here.weights, .id = here.id};
      data::Frame b{.samples = next.samples, .weights = next.weights, .id = next.id};
      data::keep_common(static_cast<std::size_t>(d), {&a, &b});
      if (a.samples.empty()) {
        here = std::move(next);
        continue;
      }
      pair.from = normalised(a.samples);
      pair.to = normalised(b.samples);
      weights = a.weights;
    } else {
      pair.from = at_here;
      pair.to = at_here = normalised(next.samples);
    }
    if (!weights.empty()) pair.levels = levels_of(weights);
    const std::int64_t n = pair.from.size(0);
    pair.training =
        n - std::min(n - 1, static_cast<std::int64_t>(std::ceil(validation_fraction_ * static_cast<double>(n))));
    pairs_.push_back(std::move(pair));
    here = std::move(next);
  }
}

Increments IncrementTable::draw(std::int64_t count, std::uint64_t index, bool validation) const {
  const Philox random(derive_seed(seed_, validation ? kValidationStream : kStepStream, index), kParticleStream);
  std::vector<Tensor> from, change;
  std::vector<float> mu, time, step;
  std::uint64_t next = 0;
  for (std::int64_t done = 0; done < count;) {
    const auto& pair = pairs_[random.integer(next++, pairs_.size())];
    const std::int64_t n = pair.from.size(0);
    const std::int64_t first = validation && pair.training < n ? pair.training : 0;
    const std::int64_t last = validation ? n : pair.training;
    const std::int64_t rows = std::min(count - done, std::max<std::int64_t>(1, count / kGroups));
    std::vector<std::int64_t> drawn;
    for (std::int64_t i = 0; i < rows; ++i) {
      const double u = random.uniforms(next++)[0];
      if (pair.levels.empty()) {
        drawn.push_back(first + static_cast<std::int64_t>(u * static_cast<double>(last - first)));
        continue;
      }
      const double low = first > 0 ? pair.levels[first - 1] : 0, high = pair.levels[last - 1];
      const auto at = std::upper_bound(pair.levels.begin() + first, pair.levels.begin() + last,
                                       static_cast<float>(low + u * (high - low)));
      drawn.push_back(std::min(last - 1, static_cast<std::int64_t>(at - pair.levels.begin())));
    }
    const Tensor chosen = torch::tensor(drawn, torch::kInt64);
    from.push_back(pair.from.index_select(0, chosen));
    change.push_back(way(from.back(), pair.to.index_select(0, chosen), periods_));
    for (std::int64_t i = 0; i < rows; ++i) {
      for (const double value : pair.mu) mu.push_back(static_cast<float>(value));
      time.push_back(static_cast<float>(pair.time));
      step.push_back(static_cast<float>(pair.step));
    }
    done += rows;
  }
  const auto column = [count](const std::vector<float>& values) { return torch::tensor(values).view({count, -1}); };
  return {torch::cat(from), torch::cat(change), column(mu), column(time), column(step)};
}

std::int64_t IncrementTable::size() const {
  std::int64_t sum = 0;
  for (const Pair& pair : pairs_) sum += pair.training;
  return sum;
}

void IncrementTable::measure() {
  std::vector<double> steps;
  Tensor squares = torch::zeros({normalizer_.dimension()}, torch::kFloat64);
  double spans = 0;
  for (const Pair& pair : pairs_) {
    steps.push_back(pair.step);
    squares += way(pair.from, pair.to, periods_).to(torch::kFloat64).square().mean(0);
    spans += pair.step;
  }
  std::nth_element(steps.begin(), steps.begin() + std::ssize(steps) / 2, steps.end());
  typical_step_ = steps[steps.size() / 2];
  variation_ = numbers(squares / spans);
}

}  // namespace scorefield::training
