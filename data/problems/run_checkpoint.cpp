#include "data/problems/run_checkpoint.hpp"

#include <sstream>
#include <string>

#include "core/error.hpp"

namespace scorefield::problems {

void check_same_run(const h5::File& checkpoint, const data::Provenance& now) {
  const auto found = data::read_provenance(checkpoint, {data::kCheckpointFormat});
  std::istringstream lines_then(found.config), lines_now(now.config);
  std::string before, after;
  while (true) {
    const bool more = static_cast<bool>(std::getline(lines_then, before));
    if (!std::getline(lines_now, after)) after.clear();
    if (!more) before.clear();
    if (before != after)
      throw UsageError(checkpoint.path() + " was left by a run with '" + before + "', this one has '" + after +
                       "'. Resume with the same options, or generate without --resume.");
    if (!more && !lines_now) break;
  }
  if (found.seed != now.seed)
    throw UsageError(checkpoint.path() + " was left by a run with seed " + std::to_string(found.seed) + ", not " +
                     std::to_string(now.seed) + ".");
}

}  // namespace scorefield::problems
