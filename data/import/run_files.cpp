#include "data/import/run_files.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <sstream>
#include <string_view>
#include <tuple>

#include "core/error.hpp"

namespace scorefield::data {
namespace {

/// Length of "%T" or "%06T" at the start of `pattern`; 0 where there is neither.
std::size_t time_mark(std::string_view pattern) {
  if (!pattern.starts_with('%')) return 0;
  const auto letter = pattern.find_first_not_of("0123456789", 1);
  return letter != std::string_view::npos && pattern[letter] == 'T' ? letter + 1 : 0;
}

std::optional<double> parse_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool digits = text.find_first_of("0123456789") != std::string_view::npos;  // neither "inf" nor "nan"
  return error == std::errc() && end == text.data() + text.size() && digits ? std::optional(value) : std::nullopt;
}

bool match(std::string_view pattern, std::string_view name, NameMatch& found);

/// Tries every length of what the mark of `mark` letters stands for, the longest first.
template <class Accept>
bool match_mark(std::string_view pattern, std::size_t mark, std::string_view name, NameMatch& found, Accept&& accept) {
  for (std::size_t length = name.size() + 1; length-- > 0;) {
    NameMatch trial = found;
    if (!accept(name.substr(0, length), trial)) continue;
    if (!match(pattern.substr(mark), name.substr(length), trial)) continue;
    found = std::move(trial);
    return true;
  }
  return false;
}

bool accept_time(std::string_view text, NameMatch& found) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.starts_with('-')) return false;
  found.numbers.assign(1, value);
  return true;
}

bool match(std::string_view pattern, std::string_view name, NameMatch& found) {
  if (pattern.empty()) return name.empty();
  if (const auto mark = time_mark(pattern)) return match_mark(pattern, mark, name, found, accept_time);
  if (pattern.front() == '*')
    return match_mark(pattern, 1, name, found, [](std::string_view text, NameMatch& trial) {
      trial.any.emplace_back(text);
      return true;
    });
  const auto brace = pattern.find('}');
  if (pattern.front() == '{' && brace != std::string_view::npos) {
    const std::string parameter(pattern.substr(1, brace - 1));
    return match_mark(pattern, brace + 1, name, found, [&](std::string_view text, NameMatch& trial) {
      const auto value = parse_number(text);
      if (value) trial.mu.emplace_back(parameter, *value);
      return value.has_value();
    });
  }
  return !name.empty() && pattern.front() == name.front() && match(pattern.substr(1), name.substr(1), found);
}

struct Found {
  std::string path;
  NameMatch match;
};

/// All paths below `folder` that match the pattern's parts from `part` on.
void walk(const std::filesystem::path& folder, const std::vector<std::string>& parts, std::size_t part,
          const NameMatch& sofar, std::vector<Found>& found) {
  if (part == parts.size()) {
    if (!std::filesystem::is_directory(folder)) found.push_back({folder.string(), sofar});
    return;
  }
  if (!is_pattern(parts[part])) {
    if (std::filesystem::exists(folder / parts[part])) walk(folder / parts[part], parts, part + 1, sofar, found);
    return;
  }
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(folder.empty() ? "." : folder, none)) {
    NameMatch here = sofar;
    if (match(parts[part], entry.path().filename().string(), here))
      walk(folder / entry.path().filename(), parts, part + 1, here, found);
  }
}

std::vector<Found> find(const std::string& pattern) {
  std::vector<std::string> parts;
  const std::filesystem::path whole(pattern);
  for (const auto& part : whole.relative_path()) parts.push_back(part.string());
  std::vector<Found> found;
  walk(whole.root_path(), parts, 0, {}, found);
  if (found.empty())
    throw FileError(pattern,
                    "no such file: nothing matches this pattern (%T: the number of a time, {NAME}: a "
                    "parameter's value, *: anything).");
  std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) {
    if (a.match.mu != b.match.mu)
      return std::lexicographical_compare(a.match.mu.begin(), a.match.mu.end(), b.match.mu.begin(), b.match.mu.end(),
                                          [](const auto& x, const auto& y) { return x.second < y.second; });
    return a.path < b.path;
  });
  return found;
}

/// What the files of one run share: everything but the number of the time.
std::string run_key(const Found& found) {
  if (found.match.numbers.empty()) return found.path;
  std::ostringstream key;
  key.precision(17);
  for (const auto& [parameter, value] : found.match.mu) key << value << '|';
  for (const auto& text : found.match.any) key << text << '|';
  return key.str();
}

std::vector<RunFiles> runs_of_pattern(const std::string& pattern) {
  std::vector<RunFiles> runs;
  std::vector<std::string> keys;
  for (const Found& found : find(pattern)) {
    const std::string key = run_key(found);
    auto known = std::find(keys.begin(), keys.end(), key);
    if (known == keys.end()) {
      keys.push_back(key);
      runs.push_back({pattern, {}, {}, found.match.mu});
      known = keys.end() - 1;
    }
    RunFiles& run = runs[static_cast<std::size_t>(known - keys.begin())];
    run.paths.push_back(found.path);
    for (const std::int64_t number : found.match.numbers) run.numbers.push_back(number);
  }
  for (RunFiles& run : runs) {
    if (run.numbers.empty()) {
      run.origin = run.paths.front();
      continue;
    }
    std::vector<std::pair<std::int64_t, std::string>> order;
    for (std::size_t i = 0; i < run.paths.size(); ++i) order.emplace_back(run.numbers[i], run.paths[i]);
    std::sort(order.begin(), order.end());
    for (std::size_t i = 0; i < order.size(); ++i) std::tie(run.numbers[i], run.paths[i]) = order[i];
  }
  return runs;
}

}  // namespace

bool match_name(const std::string& pattern, const std::string& name, NameMatch& found) {
  return match(pattern, name, found);
}

bool has_time_mark(const std::string& text) {
  for (std::size_t i = 0; i < text.size(); ++i)
    if (time_mark(std::string_view(text).substr(i)) > 0) return true;
  return false;
}

bool is_pattern(const std::string& text) {
  const auto brace = text.find('{');
  return has_time_mark(text) || text.find('*') != std::string::npos ||
         (brace != std::string::npos && text.find('}', brace) != std::string::npos);
}

std::vector<RunFiles> find_runs(const std::vector<std::string>& arguments) {
  std::vector<RunFiles> runs;
  for (const auto& argument : arguments) {
    if (!is_pattern(argument) || std::filesystem::exists(argument)) {
      runs.push_back({argument, {argument}});
      continue;
    }
    for (RunFiles& run : runs_of_pattern(argument)) runs.push_back(std::move(run));
  }
  return runs;
}

}  // namespace scorefield::data
