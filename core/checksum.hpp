#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace scorefield {

/// XXH64 (Y. Collet, https://xxhash.com), for telling damaged bytes from those that were written; no protection against
/// intent. Some gigabytes a second, the same on every machine.
[[nodiscard]] std::uint64_t checksum(std::span<const std::byte> bytes, std::uint64_t seed = 0) noexcept;

}  // namespace scorefield
