#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/h5.hpp"

namespace scorefield::data {

/// One array of numbers in a file, read in pieces.
class ForeignArray {
 public:
  virtual ~ForeignArray() = default;
  [[nodiscard]] const h5::Dims& dims() const { return dims_; }
  /// `count` numbers in row-major order from number `offset` on. @throws FileError
  [[nodiscard]] virtual std::vector<float> read(std::int64_t offset, std::int64_t count) const = 0;
  /// All of them, in double precision.
  [[nodiscard]] virtual std::vector<double> read_all() const = 0;

 protected:
  h5::Dims dims_;
};

/// The arrays of a foreign file: NumPy's .npy (one array, whatever name is asked for) and .npz (as np.savez writes it,
/// not compressed), or any HDF5 file. Numbers are float32, float64, int32 or int64; nothing in a file is run.
class ArrayFile {
 public:
  virtual ~ArrayFile() = default;
  [[nodiscard]] virtual std::vector<std::string> names() const = 0;
  [[nodiscard]] virtual bool has(const std::string& name) const = 0;
  /// @throws FileError naming the file, the array and what it has instead
  [[nodiscard]] virtual std::unique_ptr<ForeignArray> array(const std::string& name) const = 0;

  /// Picks the format by the file's first bytes. @throws FileError
  [[nodiscard]] static std::unique_ptr<ArrayFile> open(const std::string& path);
};

}  // namespace scorefield::data
