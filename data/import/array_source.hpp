#pragma once

#include <memory>
#include <string>

#include "data/import/arrays.hpp"
#include "data/import/format.hpp"

namespace scorefield::data {

/// Files of named arrays: samples and velocities [K, N, d], one mu, or [M, K, N, d]; times [K]; mu [M] or [M, p].
class ArrayFormat : public ImportFormat {
 public:
  [[nodiscard]] std::vector<std::unique_ptr<ImportSource>> open(const std::vector<std::string>& paths,
                                                                const ArrayNames& names) const override;

 protected:
  /// @throws FileError
  [[nodiscard]] virtual std::unique_ptr<ArrayFile> open_file(const std::string& path) const = 0;
};

}  // namespace scorefield::data
