#pragma once

namespace scorefield {

/// [lower, upper] with lower < upper, either of them infinite.
struct Interval {
  double lower = 0, upper = 0;
  bool operator==(const Interval&) const = default;
};

}  // namespace scorefield
