#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/dataset.hpp"
#include "data/problems/problem.hpp"

namespace scorefield::test {

/// A problem and what is asked of it, set as on the command line.
struct ProblemRequest {
  ProblemRequest(const std::string& problem_name, const std::vector<std::string>& assignments)
      : name(problem_name), problem(problems::make_problem(problem_name)) {
    problems::bind(set, options);
    problem->bind(set);
    for (const auto& assignment : assignments) set.set_assignment(assignment);
  }

  [[nodiscard]] std::string config() { return "problem = \"" + name + "\"\n" + set.to_toml(); }
  void generate(const std::string& path, const ProgressObserver& observer = {}) {
    options.config = config();
    problems::generate_dataset(*problem, options, path, observer);
  }

  std::string name;
  OptionSet set;
  problems::GenerateOptions options;
  std::unique_ptr<problems::Problem> problem;
};

/// One frame of a dataset, [N, d].
inline std::vector<float> frame(const data::DatasetReader& reader, std::int64_t mu, std::int64_t index) {
  std::vector<float> values(static_cast<std::size_t>(reader.header().frame_size()));
  reader.read_samples(mu, index, values);
  return values;
}

inline std::vector<float> rates(const data::DatasetReader& reader, std::int64_t mu, std::int64_t index) {
  std::vector<float> values(static_cast<std::size_t>(reader.header().frame_size()));
  reader.read_velocities(mu, index, values);
  return values;
}

}  // namespace scorefield::test
