#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/h5.hpp"

namespace scorefield::data {

/// One array of numbers in a file, read in pieces. Numbers are float32, float64, int32 or int64, in C order.
class ForeignArray {
 public:
  virtual ~ForeignArray() = default;
  [[nodiscard]] const h5::Dims& dims() const { return dims_; }
  /// `count` numbers in row-major order from number `offset` on: whole rows of the last axes. @throws FileError
  [[nodiscard]] virtual std::vector<float> read(std::int64_t offset, std::int64_t count) const = 0;
  /// All of them, in double precision.
  [[nodiscard]] virtual std::vector<double> read_all() const = 0;

 protected:
  h5::Dims dims_;
};

/// A file of named arrays; nothing in it is run.
class ArrayFile {
 public:
  virtual ~ArrayFile() = default;
  [[nodiscard]] virtual bool has(const std::string& name) const = 0;
  /// @throws FileError naming the file, the array and what it has instead
  [[nodiscard]] virtual std::unique_ptr<ForeignArray> array(const std::string& name) const = 0;
};

}  // namespace scorefield::data
