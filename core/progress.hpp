#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace scorefield {

/// How fast a stage goes; negative where unknown.
struct Pace {
  double per_second = -1;
  double seconds_left = -1;
};

/// What a long computation tells its observer between steps. Libraries never print.
struct Progress {
  std::string stage;       ///< what is being done, e.g. "two-stream mu = 1.2"
  std::int64_t done = 0;   ///< finished units of this stage
  std::int64_t total = 0;  ///< all units of this stage
  std::string detail;      ///< free text shown behind the bar, e.g. "loss -1.23e-1"
  Pace pace{};             ///< where the computation knows better than its reports tell (a time limit)
};

using ProgressObserver = std::function<void(const Progress&)>;

}  // namespace scorefield
