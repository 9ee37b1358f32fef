#include "data/temporary_file.hpp"

#include <unistd.h>

#include <filesystem>

namespace scorefield::data {

TemporaryFile::~TemporaryFile() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove(path_, ignored);
}

std::string temporary_path(const std::string& beside, const std::string& purpose) {
  const std::filesystem::path file(beside);
  std::filesystem::path name = ".";
  name += file.filename();
  name += "." + purpose + "-" + std::to_string(::getpid());
  const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
  const bool writable = ::access(folder.c_str(), W_OK) == 0;
  return ((writable ? folder : std::filesystem::temp_directory_path()) / name).string();
}

}  // namespace scorefield::data
