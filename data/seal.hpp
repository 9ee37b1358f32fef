#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace scorefield::data {

/// Checksums of a finished file, one a block, which follow its content: readers that know nothing of them do not see
/// them, and a program that changes the file cuts them off. Layout, little-endian:
///   n x u64     checksum(block i, seed i) of block i of the content, `kBlock` bytes each, the last one shorter
///   u64, u64    bytes of content, kBlock
///   u64         checksum of all of the above
///   16 bytes    "scorefield seal1"
struct Seal {
  static constexpr std::uint64_t kBlock = 1 << 16;
  static constexpr std::size_t kFooter = 40;

  std::uint64_t content = 0;          ///< bytes
  std::vector<std::uint64_t> blocks;  ///< checksums

  /// Bytes of block i.
  [[nodiscard]] std::uint64_t size(std::uint64_t block) const;
  [[nodiscard]] bool holds(std::uint64_t block, std::span<const std::byte> bytes) const;
  /// "is damaged: bytes 65536 to 131071 ...", for messages about a block that does not hold.
  [[nodiscard]] std::string complaint(std::uint64_t block) const;
};

/// Whether the file ends as a seal does.
[[nodiscard]] bool has_seal(const std::string& path);
/// The seal of an open file; absent where it has none. @throws FileError naming `path` where it is damaged itself
[[nodiscard]] std::optional<Seal> read_seal(int descriptor, const std::string& path);

/// Reads the whole file `location` and appends its seal. @throws FileError naming `path`
void append_seal(const std::string& location, const std::string& path);

/// Reads every byte of a file. @return the bytes that were compared; absent where the file has no seal
/// @throws FileError with the first damaged bytes
[[nodiscard]] std::optional<std::uint64_t> verify_seal(const std::string& path);

}  // namespace scorefield::data
