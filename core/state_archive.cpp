#include "core/state_archive.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "core/error.hpp"

namespace scorefield {
namespace {

std::string shape_text(const StateArchive::Shape& shape) {
  std::string text = "[";
  for (std::size_t k = 0; k < shape.size(); ++k)
    text += (k > 0 ? ", " : "") + (shape[k] == StateArchive::kAny ? "any" : std::to_string(shape[k]));
  return text + "]";
}

/// The shape with its free extent filled in from the number of values; nothing is free in what comes back.
StateArchive::Shape filled(StateArchive::Shape shape, std::size_t count) {
  std::int64_t others = 1;
  for (const std::int64_t extent : shape)
    if (extent != StateArchive::kAny) others *= extent;
  for (std::int64_t& extent : shape)
    if (extent == StateArchive::kAny) extent = others > 0 ? static_cast<std::int64_t>(count) / others : 0;
  return shape;
}

bool fits(const StateArchive::Shape& found, const StateArchive::Shape& expected, std::size_t count) {
  std::int64_t product = 1;
  for (const std::int64_t extent : found) product *= extent;
  return found == filled(expected, count) && product == static_cast<std::int64_t>(count);
}

}  // namespace

StateArchive::StateArchive(NamedArrays stored, std::string origin)
    : restoring_(true), arrays_(std::move(stored)), origin_(std::move(origin)) {}

void StateArchive::refuse(const std::string& name, const std::string& problem) const {
  throw FileError(origin_, "array '" + prefix_ + name + "' " + problem +
                               ". The file is damaged or belongs to another run; remove it to start again.");
}

void StateArchive::require(bool holds, const std::string& name, const std::string& expected) const {
  if (restoring_ && !holds) refuse(name, "is not " + expected);
}

void StateArchive::finish() const {
  if (restoring_ && !arrays_.empty())
    throw FileError(origin_,
                    "array '" + arrays_.begin()->first +
                        "' is unknown to this run. The file belongs to another one; remove it to start again.");
}

template <class Value>
void StateArchive::exchange(const std::string& name, const Shape& shape, std::vector<Value>& values) {
  if (!restoring_) {
    arrays_[prefix_ + name] = {filled(shape, values.size()), values};
    return;
  }
  const auto found = arrays_.find(prefix_ + name);
  if (found == arrays_.end()) refuse(name, "is missing");
  auto* stored = std::get_if<std::vector<Value>>(&found->second.values);
  if (!stored) refuse(name, std::is_same_v<Value, double> ? "holds integers, expected float64" : "holds no integers");
  if (!fits(found->second.shape, shape, stored->size()))
    refuse(name, "has shape " + shape_text(found->second.shape) + ", expected " + shape_text(shape));
  values = std::move(*stored);
  arrays_.erase(found);
}

void StateArchive::array(const std::string& name, const Shape& shape, std::vector<double>& values, Numbers allowed) {
  exchange(name, shape, values);
  if (!restoring_ || allowed == Numbers::any) return;
  const bool fine = std::all_of(values.begin(), values.end(), [&](double value) {
    return allowed == Numbers::finite ? std::isfinite(value) : !std::isnan(value);
  });
  if (!fine) refuse(name, "holds numbers that are not finite");
}

void StateArchive::array(const std::string& name, const Shape& shape, std::vector<std::int64_t>& values) {
  exchange(name, shape, values);
}

void StateArchive::number(const std::string& name, double& value, Numbers allowed) {
  std::vector<double> one{value};
  array(name, {}, one, allowed);
  value = one.front();
}

void StateArchive::count(const std::string& name, std::int64_t& value, std::int64_t lowest, std::int64_t highest) {
  std::vector<std::int64_t> one{value};
  array(name, {}, one);
  if (restoring_ && (one.front() < lowest || one.front() > highest))
    refuse(name,
           "is " + std::to_string(one.front()) + ", expected " + std::to_string(lowest) +
               (highest == std::numeric_limits<std::int64_t>::max() ? " or more" : " to " + std::to_string(highest)));
  value = one.front();
}

void StateArchive::flag(const std::string& name, bool& value) {
  std::int64_t number = value ? 1 : 0;
  count(name, number, 0, 1);
  value = number == 1;
}

}  // namespace scorefield
