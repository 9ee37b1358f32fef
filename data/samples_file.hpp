#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/named_array.hpp"
#include "data/schema.hpp"

namespace scorefield::data {

/// What a samples file holds (data/README.md): a cloud, and how it came about.
struct SamplesFile {
  Provenance provenance;
  std::string method, target;
  std::int64_t iterations = 0, score_evaluations = 0, density_evaluations = 0;
  bool converged = false;
  std::optional<bool> trusted{};  ///< absent: it was not checked
  std::vector<std::string> failed_checks{};
  std::vector<double> log_evidence{};  ///< and its standard error; empty: unknown
  std::vector<std::string> notes;
  std::vector<std::string> names{};            ///< of the coordinates, where the target names them
  std::string log_prob_over{};                 ///< "samples" or "unconstrained": the array over which log_prob is
  std::map<std::string, std::string> roles{};  ///< of arrays variables/NAME: "parameter"
  /// samples [N, d], weights [N], log_prob [N], unconstrained [N, d'], variables/NAME [N, ...], trace/NAME
  /// [iterations], frames/..., density/..., extra/NAME; all but the samples where there are any.
  NamedArrays arrays;
};

/// Atomically. @throws FileError
void write_samples(const std::string& path, const SamplesFile& content);

/// The cloud [N, d] float64 of a samples file, finite. @throws FileError
[[nodiscard]] NamedArray read_samples(const std::string& path);

/// What an unfinished sampling run goes on from: any named arrays, and what the method has said so far.
struct RunCheckpoint {
  Provenance provenance;
  NamedArrays arrays;
  std::vector<std::string> notes;
  std::string method{};  ///< of those that `auto` may take
};

/// Atomically. @throws FileError
void write_run_checkpoint(const std::string& path, const RunCheckpoint& content);

/// @throws FileError, also when it was left by a run with another seed or configuration than `expected`
[[nodiscard]] RunCheckpoint read_run_checkpoint(const std::string& path, const Provenance& expected);

}  // namespace scorefield::data
