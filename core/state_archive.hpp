#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "core/named_array.hpp"

namespace scorefield {

/// The state of a run as named arrays. An object lists its fields once, in a function that takes the archive by
/// reference: saving, the archive copies them out; restoring, it puts them back, each after a look at its presence,
/// kind, shape and range. What does not fit is a FileError that names the array.
class StateArchive {
 public:
  using Shape = std::vector<std::int64_t>;
  static constexpr std::int64_t kAny = -1;  ///< an extent that the array itself decides; at most one of a shape
  /// What an array of numbers may hold.
  enum class Numbers { finite, not_nan, any };

  /// Saves.
  StateArchive() = default;
  /// Restores from `stored`; messages name `origin`, the file that it was read from.
  StateArchive(NamedArrays stored, std::string origin);

  [[nodiscard]] bool restoring() const { return restoring_; }

  void number(const std::string& name, double& value, Numbers allowed = Numbers::finite);
  void count(const std::string& name, std::int64_t& value, std::int64_t lowest = 0,
             std::int64_t highest = std::numeric_limits<std::int64_t>::max());
  void flag(const std::string& name, bool& value);
  void array(const std::string& name, const Shape& shape, std::vector<double>& values,
             Numbers allowed = Numbers::finite);
  void array(const std::string& name, const Shape& shape, std::vector<std::int64_t>& values);

  /// The names that `body` uses begin with "name/".
  template <class Body>
  void group(const std::string& name, Body&& body) {
    const std::string outside = std::exchange(prefix_, prefix_ + name + "/");
    body();
    prefix_ = outside;
  }

  /// Restoring: a relation between fields that must hold. @throws FileError "array 'NAME' is not EXPECTED..."
  void require(bool holds, const std::string& name, const std::string& expected) const;

  /// What was saved.
  [[nodiscard]] NamedArrays take() { return std::move(arrays_); }
  /// Restoring: every array must have been asked for. @throws FileError
  void finish() const;

 private:
  template <class Value>
  void exchange(const std::string& name, const Shape& shape, std::vector<Value>& values);
  [[noreturn]] void refuse(const std::string& name, const std::string& problem) const;

  bool restoring_ = false;
  NamedArrays arrays_;  ///< restoring: those that nobody has asked for yet
  std::string origin_, prefix_;
};

}  // namespace scorefield
