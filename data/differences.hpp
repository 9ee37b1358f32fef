#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace scorefield::data {

/// Which frames velocities are differences of, and how the two one-sided ones around a frame are put together. With
/// a = (x+ - x) / dt+ and b = (x - x-) / dt-:
///   (a + b) / 2                            where paths have a quadratic variation: its mean at x is the current
///                                          velocity of a diffusion, at any spacing, other weights leave a part of the
///                                          osmotic one in it;
///   (dt- a + dt+ b) / (dt- + dt+)          where they are smooth: exact to the second order at any spacing.
/// At even times both are (x+ - x-) / (t+ - t-).
struct Differences {
  std::vector<std::vector<std::int64_t>> frames{};  ///< [M] those that may be read, increasing; empty: all of them
  std::vector<bool> rough{};                        ///< [d] coordinates with a quadratic variation; empty: none

  /// The frames that may be read before and after one of `count` frames. @throws Error at both ends
  [[nodiscard]] std::pair<std::int64_t, std::int64_t> around(std::int64_t mu_index, std::int64_t frame,
                                                             std::int64_t count) const;
};

/// Whether two steps in time differ by more than rounding.
[[nodiscard]] bool uneven(double before, double after);

/// The steps of one coordinate to a time and on from it, and of the times.
struct Steps {
  double before, after;            ///< of the coordinate
  double time_before, time_after;  ///< of time
};

/// The velocity in between.
[[nodiscard]] double velocity_of(const Steps& steps, bool rough);

}  // namespace scorefield::data
