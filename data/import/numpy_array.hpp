#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/import/arrays.hpp"

namespace scorefield::data {

/// `count` bytes of a file from byte `offset` on. @throws FileError if it ends before
[[nodiscard]] std::string read_bytes(const std::string& path, std::int64_t offset, std::int64_t count);

/// An array in the format of .npy at some place of a file.
class NumpyArray : public ForeignArray {
 public:
  /// @throws FileError for other types of numbers, Fortran order, or a file that ends within the array
  NumpyArray(std::string path, std::int64_t offset);

  [[nodiscard]] std::vector<float> read(std::int64_t offset, std::int64_t count) const override;
  [[nodiscard]] std::vector<double> read_all() const override;

 private:
  void read_header(const std::string& header);

  std::string path_, type_;
  std::int64_t first_ = 0;  ///< where the numbers begin
};

}  // namespace scorefield::data
