#include <algorithm>
#include <utility>

#include "data/dataset.hpp"

namespace scorefield::data {

std::int64_t DatasetHeader::least_frames() const {
  if (!ragged()) return frames();
  std::size_t least = runs.front().time.size();
  for (const Run& run : runs) least = std::min(least, run.time.size());
  return static_cast<std::int64_t>(least);
}

std::vector<double> merged_times(std::vector<double> all) {
  constexpr double kRounding = 1e-9;
  std::sort(all.begin(), all.end());
  const double same = kRounding * (all.back() - all.front());
  std::vector<double> times;
  for (const double t : all)
    if (times.empty() || t - times.back() > same) times.push_back(t);
  return times;
}

std::vector<double> all_times(const DatasetHeader& header) {
  if (!header.ragged()) return header.time;
  std::vector<double> all;
  for (const auto& run : header.runs) all.insert(all.end(), run.time.begin(), run.time.end());
  return merged_times(std::move(all));
}

}  // namespace scorefield::data
