#pragma once

#include "data/h5.hpp"
#include "data/schema.hpp"

namespace scorefield::problems {

/// Whether the checkpoint was left by a run with the same configuration and seed as `now`. @throws UsageError that says
/// what differs, FileError where the file is no checkpoint
void check_same_run(const h5::File& checkpoint, const data::Provenance& now);

}  // namespace scorefield::problems
