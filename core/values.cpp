// Lists of numbers and durations as written on a command line.

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <sstream>

#include "core/error.hpp"
#include "core/options.hpp"
#include "core/text.hpp"

namespace scorefield {
namespace {

double parse_double(const std::string& text, const std::string& whole) {
  const std::string word = trimmed(text);
  double number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error == std::errc{} && end == word.data() + word.size() && std::isfinite(number)) return number;
  throw UsageError("expected numbers like 1.2,1.3 or 1.2:1.9:0.1, got '" + whole + "'.");
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

/// Undoes binary rounding: 1.2:1.9:0.1 means 1.3, not 1.3000000000000003, and -0.3:0.3:0.1 passes through 0.
double decimal(double value, double step) {
  if (std::abs(value) < 1e-9 * step) return 0;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.12g", value);
  return std::strtod(text.data(), nullptr);
}

}  // namespace

std::vector<double> parse_number_list(const std::string& text) {
  std::vector<double> numbers;
  for (const auto& part : split(text, ',')) {
    const auto range = split(part, ':');
    if (range.size() == 1) {
      numbers.push_back(parse_double(part, text));
    } else if (range.size() == 3) {
      const double first = parse_double(range[0], text), last = parse_double(range[1], text);
      const double step = parse_double(range[2], text);
      if (step <= 0 || last < first)
        throw UsageError("range '" + part + "' needs FIRST:LAST:STEP with STEP > 0 and LAST >= FIRST.");
      const double steps = std::floor((last - first) / step + 1e-6);
      if (!(steps < 100000)) throw UsageError("range '" + part + "' holds more than 100000 values.");
      const auto count = static_cast<std::int64_t>(steps) + 1;
      for (std::int64_t i = 0; i < count; ++i) numbers.push_back(decimal(first + static_cast<double>(i) * step, step));
    } else {
      throw UsageError("expected numbers like 1.2,1.3 or 1.2:1.9:0.1, got '" + text + "'.");
    }
  }
  if (numbers.empty()) throw UsageError("expected at least one number, got '" + text + "'.");
  return numbers;
}

double parse_duration(const std::string& text) {
  const std::string whole = trimmed(text);
  double value = 0;
  const auto [end, error] = std::from_chars(whole.data(), whole.data() + whole.size(), value);
  const std::string unit = trimmed(std::string(end, whole.data() + whole.size()));
  double scale = 0;
  if (unit.empty() || unit == "s") scale = 1;
  else if (unit == "m" || unit == "min") scale = 60;
  else if (unit == "h") scale = 3600;
  if (error != std::errc{} || scale == 0 || !(value > 0) || !std::isfinite(value))
    throw UsageError("expected a duration like 90s, 30m or 1.5h, got '" + text + "'.");
  return value * scale;
}

}  // namespace scorefield
