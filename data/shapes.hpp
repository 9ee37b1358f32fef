#pragma once

#include <string>
#include <vector>

#include "data/h5.hpp"

namespace scorefield::data {

// What every reader asks of arrays before it believes them. `remedy` ends the message: " Train the model again."

/// Shape of a numeric dataset that is there, has `rank` axes and is not empty; `axes` spells the expectation, for
/// example "[M, K, N, d]". @throws FileError
[[nodiscard]] h5::Dims checked_dims(const h5::File& file, const std::string& name, std::size_t rank,
                                    const std::string& axes, const std::string& remedy);

/// All numbers of such a dataset. @throws FileError also where one is not finite
[[nodiscard]] std::vector<double> read_finite(const h5::File& file, const std::string& name, std::size_t rank,
                                              const std::string& axes, const std::string& remedy);

/// All numbers of a dataset that must be `count`, for states of runs. @throws FileError also where one is not finite
template <class T>
[[nodiscard]] std::vector<T> read_state(const h5::File& file, const std::string& name, std::int64_t count);

/// An attribute in [lowest, highest]. @throws FileError
[[nodiscard]] std::int64_t read_count(const h5::File& file, const std::string& object, const std::string& name,
                                      std::int64_t lowest, std::int64_t highest);

}  // namespace scorefield::data
