#pragma once

#include <string>

#include "models/targets/bridgestan_model.hpp"

namespace scorefield::training {

/// The data of a Stan model from --data FILE. Beside a library that interprets models lies the model itself as JSON,
/// MODEL.stanli beside MODEL.so (scripts/stan_model makes both); it travels in the data under the key "__stanli".
/// @param file empty: no data. @throws FileError
[[nodiscard]] targets::StanData read_stan_data(const std::string& library, const std::string& file);

}  // namespace scorefield::training
