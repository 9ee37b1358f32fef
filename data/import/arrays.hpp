#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/h5.hpp"

namespace scorefield::data {

/// One array of numbers in a file, read in pieces: floating-point numbers of 2, 4 or 8 bytes, integers, booleans.
class ForeignArray {
 public:
  virtual ~ForeignArray() = default;
  [[nodiscard]] const h5::Dims& dims() const { return dims_; }
  [[nodiscard]] std::int64_t size() const { return h5::element_count(dims_); }
  /// `count` numbers in row-major order from number `offset` on: whole rows of the last axes. @throws FileError
  [[nodiscard]] virtual std::vector<double> read(std::int64_t offset, std::int64_t count) const = 0;
  /// The same as integers, all 64 bits of them.
  [[nodiscard]] virtual std::vector<std::int64_t> read_integers(std::int64_t offset, std::int64_t count) const = 0;
  [[nodiscard]] std::vector<double> read_all() const { return read(0, size()); }

 protected:
  h5::Dims dims_;
};

/// A file of named arrays; nothing in it is run.
class ArrayFile {
 public:
  virtual ~ArrayFile() = default;
  [[nodiscard]] virtual bool has(const std::string& name) const = 0;
  /// Names of the arrays that can be seen at once, sorted.
  [[nodiscard]] virtual std::vector<std::string> names() const = 0;
  /// Names of all arrays, those in groups by their paths.
  [[nodiscard]] virtual std::vector<std::string> all_names() const { return names(); }
  /// "NAME/FIELD" for the fields of a table (compound type), which are arrays, too; empty for other arrays.
  [[nodiscard]] virtual std::vector<std::string> fields(const std::string& /*name*/) const { return {}; }
  /// Numbers kept beside the arrays under this name ("NAME" or "OBJECT@NAME").
  [[nodiscard]] virtual std::optional<std::vector<double>> attribute(const std::string& /*name*/) const {
    return std::nullopt;
  }
  /// @throws FileError naming the file, the array and what it has instead
  [[nodiscard]] virtual std::unique_ptr<ForeignArray> array(const std::string& name) const = 0;
};

}  // namespace scorefield::data
