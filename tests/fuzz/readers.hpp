#pragma once

#include <functional>
#include <string>
#include <vector>

namespace scorefield::test {

/// A kind of file: how to make a small good one, and all that the program reads of it.
struct Reader {
  std::string name;
  std::string file;  ///< name of the file, whose ending some readers go by
  bool hdf5 = false;
  std::function<void(const std::string& path)> make{};
  std::function<void(const std::string& path)> read{};
};

/// Every reader, for files that come from others or were damaged.
[[nodiscard]] std::vector<Reader> readers();

}  // namespace scorefield::test
