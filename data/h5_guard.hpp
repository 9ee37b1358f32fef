#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace scorefield::h5 {

/// Texts of variable length, by object ("group/dataset", "." for the root) and attribute.
using Texts = std::map<std::pair<std::string, std::string>, std::vector<std::string>>;

/// Lets a child process, with limits of time and memory, read what a file without a seal (data/seal.hpp) holds:
/// objects, attributes, texts, indices of chunks and some of the numbers. HDF5 1.10 crashes on some damaged files and
/// reads others for ever (global heaps under texts of variable length, say); the child's end is then a FileError here.
/// So is what HDF5 itself complains of there, but for numbers that need filters or other files: after a complaint it
/// may crash when the file is closed. Some milliseconds a file; once a process for a file that has not changed. The
/// caller holds a Session.
/// @return the texts of variable length as the child has read them: reading a damaged global heap may put bytes
/// anywhere, so this process does not. Null where nothing could be read for it.
[[nodiscard]] std::shared_ptr<const Texts> require_readable(const std::string& path);

}  // namespace scorefield::h5
