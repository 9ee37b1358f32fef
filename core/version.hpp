#pragma once

#include <string>

namespace scorefield {

/// Version of the project, "major.minor.patch"; stored in every file.
[[nodiscard]] std::string version();

/// The present time in UTC, ISO 8601 ("2026-01-31T12:00:00Z").
[[nodiscard]] std::string iso8601_now();

}  // namespace scorefield
