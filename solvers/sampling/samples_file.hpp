#pragma once

#include <torch/types.h>

#include <map>
#include <string>

#include "data/h5.hpp"
#include "solvers/sampling/run.hpp"

namespace scorefield::sampling {

/// Writes /samples, /weights, /log_prob, /trace/NAME, frames with the density around them, and the method's further
/// arrays, atomically. @throws FileError
void write_samples(const std::string& path, const RunResult& result, const std::string& target,
                   const RunOptions& options);

/// The cloud [N, d] float64 of a samples file. @throws FileError
[[nodiscard]] torch::Tensor read_samples(const std::string& path);

/// Clouds of the run as /frames/iterations [K] and /frames/positions [K, N, d]; nothing where there are none.
void write_frames(h5::File& file, const Frames& frames);
[[nodiscard]] Frames read_frames(const h5::File& file);

/// Named float64 or int64 tensors under one group of an open file.
void write_tensor_map(h5::File& file, const std::string& group, const std::map<std::string, torch::Tensor>& tensors);
[[nodiscard]] std::map<std::string, torch::Tensor> read_tensor_map(const h5::File& file, const std::string& group);

}  // namespace scorefield::sampling
