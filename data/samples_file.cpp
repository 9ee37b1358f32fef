#include "data/samples_file.hpp"

#include <algorithm>
#include <cmath>
#include <variant>

#include "core/error.hpp"
#include "data/atomic_file.hpp"
#include "data/named_arrays.hpp"

namespace scorefield::data {

void write_samples(const std::string& path, const SamplesFile& content) {
  AtomicFile destination(path);
  auto file = h5::File::create(destination.temporary_path(), path);
  Provenance provenance = content.provenance;
  provenance.format = kSamplesFormat;
  write_provenance(file, provenance);
  write_arrays(file, content.arrays);
  if (!content.names.empty()) file.set_attribute("/samples", "names", content.names);
  if (!content.log_prob_over.empty() && content.arrays.contains("log_prob"))
    file.set_attribute("/log_prob", "over", content.log_prob_over);
  for (const auto& [array, role] : content.roles) file.set_attribute("/" + array, "role", role);
  file.set_attribute("/", "method", content.method);
  file.set_attribute("/", "target", content.target);
  file.set_attribute("/", "iterations", content.iterations);
  file.set_attribute("/", "score_evaluations", content.score_evaluations);
  file.set_attribute("/", "density_evaluations", content.density_evaluations);
  file.set_attribute("/", "converged", std::int64_t{content.converged});
  if (content.trusted) file.set_attribute("/", "trusted", std::int64_t{*content.trusted});
  if (!content.failed_checks.empty()) file.set_attribute("/", "failed_checks", content.failed_checks);
  if (content.log_evidence.size() == 2) {
    file.set_attribute("/", "log_evidence", content.log_evidence[0]);
    file.set_attribute("/", "log_evidence_error", content.log_evidence[1]);
  }
  if (!content.notes.empty()) file.set_attribute("/", "notes", content.notes);
  file.close();
  destination.commit();
}

NamedArray read_samples(const std::string& path) {
  const auto file = h5::File::open(path);
  (void)read_provenance(file, {kSamplesFormat});
  auto samples = read_array(file, "/samples");
  const auto* values = std::get_if<std::vector<double>>(&samples.values);
  if (samples.shape.size() != 2 || samples.shape[0] < 1 || samples.shape[1] < 1 || !values)
    throw FileError(path, "'/samples' has shape " + h5::to_text(samples.shape) + ", expected float64 [N, d].");
  if (!std::all_of(values->begin(), values->end(), [](double x) { return std::isfinite(x); }))
    throw FileError(path, "'/samples' holds numbers that are not finite.");
  return samples;
}

void write_run_checkpoint(const std::string& path, const RunCheckpoint& content) {
  AtomicFile destination(path);
  auto file = h5::File::create(destination.temporary_path(), path);
  Provenance provenance = content.provenance;
  provenance.format = kCheckpointFormat;
  write_provenance(file, provenance);
  write_arrays(file, content.arrays);
  if (!content.method.empty()) file.set_attribute("/", "method", content.method);
  if (!content.notes.empty()) file.set_attribute("/", "notes", content.notes);
  file.close();
  destination.commit();
}

RunCheckpoint read_run_checkpoint(const std::string& path, const Provenance& expected) {
  const auto file = h5::File::open(path);
  RunCheckpoint content{.provenance = read_provenance(file, {kCheckpointFormat}), .arrays = {}, .notes = {}};
  if (content.provenance.config != expected.config || content.provenance.seed != expected.seed)
    throw FileError(path,
                    "belongs to a run with other options. Repeat the same command with --resume, or "
                    "remove the file to start again.");
  content.arrays = read_arrays(file);
  if (file.has_attribute("/", "method")) content.method = file.string_attribute("/", "method");
  if (file.has_attribute("/", "notes")) content.notes = file.strings_attribute("/", "notes");
  return content;
}

}  // namespace scorefield::data
