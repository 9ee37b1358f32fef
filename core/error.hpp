#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace scorefield {

/// The world is not as hoped (file, schema, disk, impossible request). Exit code 1.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The command line, a configuration key or a value is not acceptable. Exit code 2.
class UsageError : public Error {
 public:
  using Error::Error;
};

/// A file is missing, unreadable, of another kind, damaged, or cannot be written.
/// The message reads "PATH: what was expected, what was found. What to do."
class FileError : public Error {
 public:
  FileError(std::string path, const std::string& problem) : Error(path + ": " + problem), path_(std::move(path)) {}
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

/// Numbers went wrong: names the quantity and the step (and the time where there is one).
class DivergenceError : public Error {
 public:
  DivergenceError(std::int64_t step, std::string quantity, const std::string& advice)
      : Error(quantity + " is not finite at step " + std::to_string(step) + ". " + advice),
        step_(step),
        quantity_(std::move(quantity)) {}
  [[nodiscard]] std::int64_t step() const noexcept { return step_; }
  [[nodiscard]] const std::string& quantity() const noexcept { return quantity_; }

 private:
  std::int64_t step_;
  std::string quantity_;
};

/// The user asked to stop (SIGINT, SIGTERM); what was done so far has been saved. Exit code 130.
class Interrupted : public Error {
 public:
  using Error::Error;
};

/// The entry of `known` nearest to `word` in edit distance (a swap of neighbours counts once), or an empty string when
/// none is close: more than a third of the word's letters, rounded up, differ.
[[nodiscard]] std::string nearest_name(const std::string& word, const std::vector<std::string>& known);

/// "'WORD' is not a KIND; did you mean 'X'? Known: a, b, c."
[[nodiscard]] std::string unknown_name_message(const std::string& kind, const std::string& word,
                                               const std::vector<std::string>& known);

}  // namespace scorefield
