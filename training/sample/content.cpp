#include "training/sample/content.hpp"

#include <torch/utils.h>

#include <algorithm>

#include "solvers/sampling/rows.hpp"

namespace scorefield::training {
namespace {

/// The cloud, and every other one of the run, in the user's coordinates.
void speak_as_user(data::SamplesFile& file, const sampling::RunResult& result, const targets::Target& target,
                   std::uint64_t seed) {
  const auto cloud = target.user_cloud(result.samples, seed);
  if (!cloud.samples.defined()) return;
  auto& arrays = file.arrays;
  const bool moved = cloud.samples.sizes() != result.samples.sizes() || !torch::equal(cloud.samples, result.samples);
  if (moved) {
    arrays["unconstrained"] = arrays.at("samples");
    file.log_prob_over = cloud.log_density.defined() ? "samples" : "unconstrained";
    arrays["samples"] = sampling::array_of(cloud.samples);
  }
  if (cloud.log_density.defined()) arrays["log_prob"] = sampling::array_of(cloud.log_density);
  file.names = cloud.names;
  for (const auto& variable : cloud.variables) {
    arrays["variables/" + variable.name] = sampling::array_of(variable.values);
    file.roles["variables/" + variable.name] = variable.role;
  }
  if (!moved) return;  // names alone
  const auto user = [&](const torch::Tensor& x) { return target.user_cloud(x, seed).samples; };
  for (const auto& [name, extra] : result.extras)
    if (extra.sizes() == result.samples.sizes()) arrays["extra/" + name] = sampling::array_of(user(extra));
  std::erase_if(arrays, [](const auto& entry) { return entry.first.starts_with("density/"); });
  std::vector<torch::Tensor> frames;
  for (const auto& frame : result.frames.clouds) frames.push_back(user(frame));
  if (!frames.empty()) arrays["frames/positions"] = sampling::array_of(torch::stack(frames));
}

}  // namespace

data::SamplesFile samples_content(const sampling::RunResult& result, const targets::Target& target,
                                  std::uint64_t seed) {
  data::SamplesFile file;
  file.method = result.method;
  file.iterations = result.iterations;
  file.score_evaluations = result.evaluations.score;
  file.density_evaluations = result.evaluations.density;
  file.converged = result.converged;
  for (const auto& check : result.checks)
    if (!check.passed()) file.failed_checks.push_back(check.name);
  if (!result.checks.empty()) file.trusted = file.failed_checks.empty();
  if (result.log_evidence) file.log_evidence = {result.log_evidence->value, result.log_evidence->error};
  file.notes = result.notes;
  file.arrays = result.arrays();
  file.notes.insert(file.notes.end(), result.warnings.begin(), result.warnings.end());
  speak_as_user(file, result, target, seed);
  return file;
}

}  // namespace scorefield::training
