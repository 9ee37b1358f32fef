#include "training/batch/source.hpp"

#include <torch/types.h>

#include <algorithm>
#include <utility>

#include "core/error.hpp"
#include "training/batch/drawing.hpp"
#include "training/batch/random_streams.hpp"
#include "training/losses/loss.hpp"

namespace scorefield::training {
namespace {

std::span<float> row_of(const torch::Tensor& tensor, std::int64_t group) {
  const auto size = static_cast<std::size_t>(tensor.numel() / tensor.size(0));
  return {tensor.data_ptr<float>() + static_cast<std::size_t>(group) * size, size};
}

}  // namespace

BatchSource::BatchSource(data::DatasetReader reader, const models::Normalizer& normalizer, const TrainConfig& config,
                         std::int64_t seed, Share share)
    : normalizer_(normalizer),
      options_(config.batch),
      course_{.last_step = config.training.steps},
      extra_inputs_(config.loss.chosen().extra_inputs()),
      seed_(static_cast<std::uint64_t>(seed)),
      share_(share),
      plan_(config.loss.chosen().plan({reader, normalizer_, config, seed_})) {
  if (groups() / needs().together < share.size)
    throw UsageError(std::to_string(share.size) + " processes cannot share the " + std::to_string(groups()) +
                     " groups (mu, time) of a batch. Start fewer, or raise batch.mu, batch.nodes or quadrature.nodes.");
  particles_ = std::make_unique<const Particles>(std::move(reader), normalizer_, config, seed_, needs());
}

double BatchSource::jitter(std::int64_t step) const {
  if (options_.jitter_end < 0) return options_.jitter;
  const double progress = std::clamp(course_.at(step), 0.0, 1.0);
  return options_.jitter + (options_.jitter_end - options_.jitter) * progress;
}

Batch BatchSource::allocate(std::int64_t groups) const {
  Batch batch;
  batch.x = torch::empty({groups, particles(), header().dimension()});
  if (needs().target_columns > 0) batch.target = torch::empty({groups, particles(), needs().target_columns});
  batch.mu = torch::empty({groups, static_cast<std::int64_t>(header().mu_names.size()) + extra_inputs_});
  batch.t = torch::empty({groups});
  return batch;
}

void BatchSource::set_inputs(const Group& group, std::int64_t g, Batch& batch) const {
  batch.terms.push_back(group.terms);
  batch.t.data_ptr<float>()[g] = static_cast<float>(group.time);
  const auto mu = normalizer_.normalized_mu(header().mu[static_cast<std::size_t>(group.mu_index)]);
  std::copy(group.inputs.begin(), group.inputs.end(), std::copy(mu.begin(), mu.end(), row_of(batch.mu, g).begin()));
}

Batch BatchSource::make(std::int64_t step, Subset subset) {
  const auto step_seed = derive_seed(seed_, subset == Subset::training ? kStepStream : kValidationStream,
                                     static_cast<std::uint64_t>(step));
  const auto chosen = plan_->make_groups(particles_->marginals(), step_seed);
  const auto total = static_cast<std::int64_t>(chosen.size()), units = total / needs().together;
  const std::int64_t begin = units * share_.rank / share_.size * needs().together;
  const std::int64_t count = units * (share_.rank + 1) / share_.size * needs().together - begin;
  const double deviation = subset == Subset::training || needs().jittered_validation ? jitter(step) : 0;
  Batch batch = allocate(count);
  batch.first_group = begin;
  batch.total_groups = total;
  for (std::int64_t g = 0; g < count; ++g) {
    const Group& group = chosen[static_cast<std::size_t>(begin + g)];
    set_inputs(group, g, batch);
    // Groups that draw alike have numbers of their own, apart from those of all groups.
    const auto number = group.shared < 0 ? begin + g : total + group.shared;
    const auto seed = derive_seed(step_seed, kGroupStream, static_cast<std::uint64_t>(number));
    plan_->fill(Drawing(*particles_, {seed, subset}, deviation), group,
                {row_of(batch.x, g), batch.target.defined() ? row_of(batch.target, g) : std::span<float>()});
  }
  if (needs().gauge_points > 0) {
    batch.gauge = torch::empty({needs().gauge_points, header().dimension()});
    particles_->draw_anywhere({step_seed, subset},
                              {batch.gauge.data_ptr<float>(), static_cast<std::size_t>(batch.gauge.numel())});
  }
  return batch;
}

}  // namespace scorefield::training
