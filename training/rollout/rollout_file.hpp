#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "data/dataset.hpp"
#include "training/distributed/process_group.hpp"

namespace scorefield::training {

/// Rollouts of several processes on their way to one file: frame k of the mu first, first + 1, ..., one from every
/// process. All processes make the same calls; rank 0 writes.
class RolloutFile {
 public:
  /// Sees every frame before it is written, on rank 0. samples: [N, d], physical; weights: [N], or empty
  using Watch = std::function<void(std::size_t mu_index, std::int64_t frame, const torch::Tensor& samples,
                                   const torch::Tensor& weights)>;

  /// `processes`: null for one alone. `log_density`: where it starts, in words; empty: none is written.
  RolloutFile(const std::string& path, const data::DatasetHeader& header, const std::string& log_density,
              distributed::ProcessGroup* processes, Watch watch);

  /// own: [N, d], physical, followed by the log-density where there is one, and by the weights where the header has
  /// them: this process's frame.
  void write(std::size_t first, std::int64_t frame, const torch::Tensor& own);
  /// values: [G], this process's density at the nodes of the header's grid.
  void write_density(std::size_t first, std::int64_t frame, const std::vector<float>& values);
  void commit();

  /// Columns of `own`.
  [[nodiscard]] std::int64_t width() const {
    return header_.dimension() + (with_density_ ? 1 : 0) + (header_.has_weights ? 1 : 0);
  }
  [[nodiscard]] bool is_root() const { return writer_.has_value(); }
  [[nodiscard]] const data::DatasetHeader& header() const { return header_; }

 private:
  data::DatasetHeader header_;
  bool with_density_;
  distributed::ProcessGroup* processes_;
  Watch watch_;
  std::optional<data::DatasetWriter> writer_;  ///< of rank 0
};

}  // namespace scorefield::training
