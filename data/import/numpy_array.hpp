#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/import/arrays.hpp"
#include "data/import/byte_source.hpp"

namespace scorefield::data {

/// An array in the format of .npy: numbers of either byte order, rows in C order.
class NumpyArray : public ForeignArray {
 public:
  /// @throws FileError for other types of numbers, Fortran order, or bytes that end within the array
  explicit NumpyArray(std::unique_ptr<ByteSource> bytes);

  [[nodiscard]] std::vector<double> read(std::int64_t offset, std::int64_t count) const override;
  [[nodiscard]] std::vector<std::int64_t> read_integers(std::int64_t offset, std::int64_t count) const override;

 private:
  void read_header(const std::string& header);
  template <class To>
  [[nodiscard]] std::vector<To> numbers(std::int64_t offset, std::int64_t count) const;

  std::unique_ptr<ByteSource> bytes_;
  std::string type_;        ///< kind and bytes, "f8"
  bool swapped_ = false;    ///< big-endian
  std::int64_t width_ = 0;  ///< bytes per number
  std::int64_t first_ = 0;  ///< where the numbers begin
};

}  // namespace scorefield::data
