#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace scorefield::data {

/// The files of one run, in order of time.
struct RunFiles {
  std::string origin;                                ///< the argument that named them, for messages
  std::vector<std::string> paths;                    ///< one, or one per time
  std::vector<std::int64_t> numbers{};               ///< [paths], what %T stands for in each; empty: there is no %T
  std::vector<std::pair<std::string, double>> mu{};  ///< names and values that the path spells, "{NAME}"
};

/// Finds the files that the arguments of `import` name, in their order. An argument is a path, or a pattern: `%T` (or
/// `%06T`) stands for the number of a time, `{NAME}` for the number that a parameter has in this run, `*` for anything
/// but a slash. Files that differ in %T alone are one run; runs are sorted by their parameters, then by their paths.
/// @throws FileError if no file matches a pattern
[[nodiscard]] std::vector<RunFiles> find_runs(const std::vector<std::string>& arguments);

/// What the marks of a pattern stand for in a name.
struct NameMatch {
  std::vector<std::int64_t> numbers{};               ///< one, where the pattern has %T
  std::vector<std::pair<std::string, double>> mu{};  ///< in the order of the pattern
  std::vector<std::string> any{};                    ///< what each * stands for
};

/// Whether a whole name fits a pattern without slashes; adds what its marks stand for.
[[nodiscard]] bool match_name(const std::string& pattern, const std::string& name, NameMatch& match);

/// Whether the text has one of the patterns' marks.
[[nodiscard]] bool is_pattern(const std::string& text);

/// Whether the text has a %T or %06T.
[[nodiscard]] bool has_time_mark(const std::string& text);

}  // namespace scorefield::data
