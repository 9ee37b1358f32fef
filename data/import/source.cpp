#include "data/import/source.hpp"

namespace scorefield::data {

std::optional<double> ImportSource::number(std::int64_t /*run*/, const std::string& /*name*/) const {
  return std::nullopt;
}

std::optional<Diagnostics> ImportSource::read_diagnostics(std::int64_t /*run*/, const std::string& /*names*/,
                                                          const std::string& /*time*/) const {
  return std::nullopt;
}

}  // namespace scorefield::data
