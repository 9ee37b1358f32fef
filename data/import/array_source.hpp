#pragma once

#include <memory>
#include <string>

#include "data/import/arrays.hpp"
#include "data/import/format.hpp"

namespace scorefield::data {

/// Files of named arrays. All times in one array: samples [K, N, d], one mu, or [M, K, N, d]; or an array for each
/// coordinate, [K, N] or [M, K, N]. One array per time, in files of their own or under names with %T: [N, d], or [N]
/// for each coordinate. Velocities alike; times [K]; mu [M] or [M, p] or an attribute; weights and ids [N], or one per
/// sample.
class ArrayFormat : public ImportFormat {
 public:
  [[nodiscard]] std::vector<std::unique_ptr<ImportSource>> open(const std::vector<RunFiles>& runs,
                                                                const ArrayNames& names) const override;
  /// @throws FileError
  [[nodiscard]] virtual std::unique_ptr<ArrayFile> open_file(const std::string& path) const = 0;
};

/// The arrays that are the samples of a file: those of the comma-separated `names`; where that is the default and the
/// file does not have it, fields of a table or arrays of usual names (x, v, px, ..) of one shape.
[[nodiscard]] std::vector<std::string> sample_names(const ArrayFile& file, const std::string& names);

/// The first of `name` and the usual other names for it that the file has; "" where it has none.
[[nodiscard]] std::string known_name(const ArrayFile& file, const std::string& name);

}  // namespace scorefield::data
