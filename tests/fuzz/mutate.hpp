#pragma once

#include <cstdint>
#include <random>
#include <string>

namespace scorefield::test {

using Dice = std::mt19937_64;

/// A number in [0, count).
[[nodiscard]] std::uint64_t roll(Dice& dice, std::uint64_t count);

/// What disks and transfers do to bytes: flips, runs of zeros, pieces lost, doubled or put elsewhere, numbers replaced
/// by those at the ends of their range; one to four of these.
[[nodiscard]] std::string mutated_bytes(std::string bytes, Dice& dice);

/// What other programs do to HDF5 files: a well-formed file in which one to three datasets or attributes have another
/// shape, type or values, or are gone. Replaces `path`; false where HDF5 itself does not take the change.
bool mutate_hdf5(const std::string& path, Dice& dice);

}  // namespace scorefield::test
