#include "data/shapes.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "core/error.hpp"

namespace scorefield::data {
namespace {

constexpr const char* kStartAgain = " The file is damaged or belongs to another run; remove it to start again.";

template <class T>
bool all_finite(const std::vector<T>& values) {
  if constexpr (std::is_floating_point_v<T>)
    return std::all_of(values.begin(), values.end(), [](T value) { return std::isfinite(value); });
  else return true;
}

}  // namespace

h5::Dims checked_dims(const h5::File& file, const std::string& name, std::size_t rank, const std::string& axes,
                      const std::string& remedy) {
  const auto wrong = [&](const std::string& problem) { throw FileError(file.path(), problem + "." + remedy); };
  if (!file.exists(name)) wrong("has no dataset '" + name + "', expected " + axes);
  if (!file.is_dataset(name)) wrong("'" + name + "' is no dataset, expected " + axes);
  const h5::Dims dims = file.dims(name);
  if (dims.size() != rank)
    wrong("dataset '" + name + "' has shape " + h5::to_text(dims) + ", expected rank " + std::to_string(rank) + " " +
          axes);
  if (std::any_of(dims.begin(), dims.end(), [](std::int64_t extent) { return extent < 1; }))
    wrong("dataset '" + name + "' of shape " + h5::to_text(dims) + " is empty");
  file.require_stored(name);
  return dims;
}

std::vector<double> read_finite(const h5::File& file, const std::string& name, std::size_t rank,
                                const std::string& axes, const std::string& remedy) {
  (void)checked_dims(file, name, rank, axes, remedy);
  auto values = file.read<double>(name);
  if (!all_finite(values))
    throw FileError(file.path(), "dataset '" + name + "' has a value that is not finite." + remedy);
  return values;
}

template <class T>
std::vector<T> read_state(const h5::File& file, const std::string& name, std::int64_t count) {
  auto values = file.exists(name) ? file.read<T>(name) : std::vector<T>{};
  if (static_cast<std::int64_t>(values.size()) != count)
    throw FileError(file.path(), "'" + name + "' holds " + std::to_string(values.size()) + " numbers, expected " +
                                     std::to_string(count) + "." + kStartAgain);
  if (!all_finite(values)) throw FileError(file.path(), "'" + name + "' has a value that is not finite." + kStartAgain);
  return values;
}

std::int64_t read_count(const h5::File& file, const std::string& object, const std::string& name, std::int64_t lowest,
                        std::int64_t highest) {
  const std::int64_t value = file.integer_attribute(object, name);
  if (value < lowest || value > highest)
    throw FileError(file.path(), "'" + name + "' of '" + object + "' is " + std::to_string(value) + ", expected " +
                                     std::to_string(lowest) + " to " + std::to_string(highest) + "." + kStartAgain);
  return value;
}

template std::vector<float> read_state(const h5::File&, const std::string&, std::int64_t);
template std::vector<double> read_state(const h5::File&, const std::string&, std::int64_t);
template std::vector<std::uint32_t> read_state(const h5::File&, const std::string&, std::int64_t);

}  // namespace scorefield::data
