#pragma once

#include <memory>
#include <string>

#include "models/targets/coordinate_space.hpp"
#include "models/targets/shared_library.hpp"
#include "models/targets/target.hpp"

namespace scorefield::targets {

/// Whether the library implements models/targets/scorefield_density.h.
[[nodiscard]] bool holds_density(const SharedLibrary& library);

/// A density in a library of the user's, with the limits and names that it declares, or, of each kind, those of
/// `given`.
/// @param data text for the library; null: none was given
/// @throws FileError where the library is of another version, cannot open the density, couples the rows of a batch, or
/// has a score that is not the gradient; UsageError for options that do not fit
[[nodiscard]] std::shared_ptr<const Target> open_library_target(const SharedLibrary& library, const std::string* data,
                                                                const SpaceOptions& given);

}  // namespace scorefield::targets
