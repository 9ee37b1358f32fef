#include "training/rollout/rollout_file.hpp"

#include <torch/types.h>

#include <span>
#include <utility>

namespace scorefield::training {
namespace {

std::span<const float> values(const torch::Tensor& tensor) {
  return {tensor.const_data_ptr<float>(), static_cast<std::size_t>(tensor.numel())};
}

}  // namespace

RolloutFile::RolloutFile(const std::string& path, const data::DatasetHeader& header, const std::string& log_density,
                         distributed::ProcessGroup* processes, Watch watch)
    : header_(header), with_density_(!log_density.empty()), processes_(processes), watch_(std::move(watch)) {
  if (processes_ && !processes_->is_root()) return;
  writer_.emplace(path, header);
  if (with_density_) writer_->add_log_density(log_density);
}

void RolloutFile::write(std::size_t first, std::int64_t frame, const torch::Tensor& own) {
  const auto frames = processes_ ? processes_->gather(own) : std::vector<torch::Tensor>{own};
  const std::int64_t d = header_.dimension();
  for (std::size_t r = 0; r < frames.size() && first + r < header_.mu.size(); ++r) {
    const auto m = static_cast<std::int64_t>(first + r);
    const auto samples = frames[r].narrow(1, 0, d).cpu().contiguous();
    const auto weights = header_.has_weights ? frames[r].select(1, width() - 1).cpu().contiguous() : torch::empty({0});
    watch_(first + r, frame, samples, weights);
    writer_->write_frame(m, frame, values(samples), {}, values(weights));
    if (with_density_) writer_->write_log_density(m, frame, values(frames[r].select(1, d).cpu().contiguous()));
  }
}

void RolloutFile::write_density(std::size_t first, std::int64_t frame, const std::vector<float>& values) {
  const auto own = torch::tensor(values);
  const auto frames = processes_ ? processes_->gather(own) : std::vector<torch::Tensor>{own};
  for (std::size_t r = 0; r < frames.size() && first + r < header_.mu.size(); ++r)
    writer_->write_density(static_cast<std::int64_t>(first + r), frame, scorefield::training::values(frames[r]));
}

void RolloutFile::commit() {
  if (writer_) writer_->commit();
}

}  // namespace scorefield::training
