#include "tests/support/run_command.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace scorefield::test {
namespace {

[[noreturn]] void execute(const std::vector<std::string>& arguments, const std::string& folder, const std::string& out,
                          const std::string& err) {
  const auto redirect = [](const std::string& path, int stream) {
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file < 0 || dup2(file, stream) < 0) _exit(126);
    close(file);
  };
  redirect(out, STDOUT_FILENO);
  redirect(err, STDERR_FILENO);
  std::vector<char*> pointers;
  for (const auto& argument : arguments) pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  if (chdir(folder.c_str()) == 0) execv(pointers[0], pointers.data());
  _exit(127);
}

}  // namespace

TempFolder::TempFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "scorefield-test-XXXXXX").string();
  if (!mkdtemp(name.data())) throw std::system_error(errno, std::generic_category(), name);
  path_ = name;
}

TempFolder::~TempFolder() {
  std::error_code ignored;  // a folder left behind is no test failure
  std::filesystem::remove_all(path_, ignored);
}

std::vector<std::string> TempFolder::listing() const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(path_))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

RunningCommand::RunningCommand(const std::vector<std::string>& arguments, const std::filesystem::path& folder) {
  process_ = fork();
  if (process_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (process_ == 0) execute(arguments, folder.string(), outputs_ / "out", outputs_ / "err");
}

RunningCommand::~RunningCommand() {
  if (ended()) return;
  kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
}

void RunningCommand::send(int signal) const { kill(process_, signal); }

bool RunningCommand::ended() {
  if (process_ < 0) return true;
  if (waitpid(process_, &status_, WNOHANG) != process_) return false;
  process_ = -1;
  return true;
}

bool RunningCommand::wait_for_error_text(const std::string& text, double seconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (std::chrono::steady_clock::now() < end) {
    const bool over = ended();  // asked before reading, so that the last words count
    if (read_text(outputs_ / "err").find(text) != std::string::npos) return true;
    if (over) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return false;
}

CommandResult RunningCommand::wait() {
  if (process_ >= 0 && waitpid(process_, &status_, 0) < 0)
    throw std::system_error(errno, std::generic_category(), "waitpid");
  process_ = -1;
  const int code = WIFSIGNALED(status_) ? 128 + WTERMSIG(status_) : WEXITSTATUS(status_);
  return {code, read_text(outputs_ / "out"), read_text(outputs_ / "err")};
}

CommandResult run_command(const std::vector<std::string>& arguments, const std::filesystem::path& folder) {
  return RunningCommand(arguments, folder).wait();
}

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void write_text(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  if (!(file << text).flush()) throw std::runtime_error(path.string() + ": cannot be written");
}

}  // namespace scorefield::test
