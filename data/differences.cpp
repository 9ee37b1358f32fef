#include "data/differences.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"

namespace scorefield::data {

std::pair<std::int64_t, std::int64_t> Differences::around(std::int64_t mu_index, std::int64_t frame,
                                                          std::int64_t count) const {
  if (frames.empty()) {
    if (frame < 1 || frame + 1 >= count) throw Error("differences exist at inner frames only");
    return {frame - 1, frame + 1};
  }
  const auto& kept = frames[static_cast<std::size_t>(mu_index)];
  const auto at = std::lower_bound(kept.begin(), kept.end(), frame);
  if (at == kept.begin() || at == kept.end() || *at != frame || at + 1 == kept.end())
    throw Error("differences exist at inner frames only, of those that are trained on");
  return {*(at - 1), *(at + 1)};
}

bool uneven(double before, double after) { return std::abs(after - before) > 1e-6 * (before + after); }

double velocity_of(const Steps& steps, bool rough) {
  const auto [before, after, time_before, time_after] = steps;
  if (!uneven(time_before, time_after)) return (before + after) / (time_before + time_after);
  const double a = after / time_after, b = before / time_before;
  return rough ? (a + b) / 2 : (time_before * a + time_after * b) / (time_before + time_after);
}

}  // namespace scorefield::data
