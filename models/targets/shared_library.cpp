#include "models/targets/shared_library.hpp"

#include <dlfcn.h>

#include <filesystem>

#include "core/error.hpp"

namespace scorefield::targets {
namespace {

/// A path with a slash: without one, the system looks among its own libraries.
void* load(const std::string& path) {
  if (!std::filesystem::exists(path)) {
    if (!std::filesystem::is_symlink(path)) throw FileError(path, "no such file.");
    throw FileError(path, "is a link to " + std::filesystem::read_symlink(path).string() +
                              ", which is not there any more. Make the library again (Stan: scripts/stan_model).");
  }
  void* handle = dlopen(std::filesystem::absolute(path).c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle) return handle;
  const char* reason = dlerror();
  throw FileError(path,
                  "is not a shared library that can be loaded: " + std::string(reason ? reason : "unknown error"));
}

}  // namespace

SharedLibrary::SharedLibrary(std::string path) : path_(std::move(path)), handle_(load(path_)) {}

void* SharedLibrary::find(const char* name) const { return dlsym(handle_, name); }

void* SharedLibrary::found(const char* name) const {
  if (void* function = find(name)) return function;
  throw FileError(path_, "has no function " + std::string(name) +
                             ", which this version of its interface has. Make the library again with a newer one.");
}

}  // namespace scorefield::targets
