#include "data/import/source.hpp"

namespace scorefield::data {

std::optional<Diagnostics> ImportSource::read_diagnostics(std::int64_t /*run*/) const { return std::nullopt; }

}  // namespace scorefield::data
