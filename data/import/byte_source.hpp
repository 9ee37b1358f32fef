#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace scorefield::data {

/// A stretch of bytes somewhere in a file, as it lies or compressed.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  [[nodiscard]] virtual const std::string& path() const = 0;
  [[nodiscard]] virtual std::int64_t size() const = 0;
  /// `count` bytes from byte `offset` on. @throws FileError if they end before, or are damaged
  [[nodiscard]] virtual std::string read(std::int64_t offset, std::int64_t count) const = 0;
};

/// `size` bytes of the file from byte `first` on; size < 0: all that follow.
[[nodiscard]] std::unique_ptr<ByteSource> plain_bytes(const std::string& path, std::int64_t first,
                                                      std::int64_t size = -1);

/// What `packed` deflated bytes from byte `first` on unpack to, `size` bytes. Unpacked as it is read: reading onwards
/// is fast, going back starts over. `name`: of the array, for messages.
[[nodiscard]] std::unique_ptr<ByteSource> deflated_bytes(const std::string& path, const std::string& name,
                                                         std::int64_t first, std::int64_t packed, std::int64_t size);

}  // namespace scorefield::data
