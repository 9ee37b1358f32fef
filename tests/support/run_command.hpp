#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace scorefield::test {

/// A fresh folder that is removed at the end of the test.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  /// Names of everything inside, sorted.
  [[nodiscard]] std::vector<std::string> listing() const;

 private:
  std::filesystem::path path_;
};

struct CommandResult {
  int exit_code = -1;  ///< 128 + signal number if a signal ended it
  std::string out;
  std::string err;
};

/// A program that runs beside the test, its output kept in files outside its working folder.
class RunningCommand {
 public:
  /// @param arguments program first; run in `folder`.
  RunningCommand(const std::vector<std::string>& arguments, const std::filesystem::path& folder);
  ~RunningCommand();  ///< kills what still runs
  RunningCommand(const RunningCommand&) = delete;
  RunningCommand& operator=(const RunningCommand&) = delete;

  void send(int signal) const;
  /// Waits until stderr holds `text` or the program ends; false if it never came.
  [[nodiscard]] bool wait_for_error_text(const std::string& text, double seconds = 60);
  [[nodiscard]] CommandResult wait();

 private:
  [[nodiscard]] bool ended();

  TempFolder outputs_;
  pid_t process_ = -1;
  int status_ = -1;
};

[[nodiscard]] CommandResult run_command(const std::vector<std::string>& arguments, const std::filesystem::path& folder);

[[nodiscard]] std::string read_text(const std::filesystem::path& path);
void write_text(const std::filesystem::path& path, const std::string& text);

}  // namespace scorefield::test
