#pragma once

#include <string>

namespace scorefield::targets {

/// A shared library of the user's, loaded for the rest of the process: what it has started may outlive every handle.
class SharedLibrary {
 public:
  /// @throws FileError for a file that is missing, no shared library, or lacks libraries of its own
  explicit SharedLibrary(std::string path);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] bool has(const char* name) const { return find(name) != nullptr; }
  /// Sets `function` to the library's function of this name. @throws FileError where there is none
  template <class Function>
  void require(const char* name, Function*& function) const {
    function = reinterpret_cast<Function*>(found(name));
  }
  /// The same; null where there is none.
  template <class Function>
  void optional(const char* name, Function*& function) const {
    function = reinterpret_cast<Function*>(find(name));
  }

 private:
  [[nodiscard]] void* find(const char* name) const;
  [[nodiscard]] void* found(const char* name) const;

  std::string path_;
  void* handle_;
};

}  // namespace scorefield::targets
