#include "core/range.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>

namespace scorefield {
namespace {

constexpr double kExact = 9007199254740992.0;  ///< 2^53: below, a double names one whole number

bool is_whole(double value) { return value == std::floor(value); }

/// " from 0 to 1", " above 0", " above 0 up to 0.5", ...
std::string limits_text(const Range& range) {
  const bool low = std::isfinite(range.low), high = std::isfinite(range.high);
  std::string text;
  if (low) text += (range.low_open ? " above " : " from ") + number_text(range.low);
  if (low && !range.low_open && (!high || range.high_open)) text += " on";
  if (!high) return text;
  const char* word =
      range.high_open ? (low ? " and below " : " below ") : (low && !range.low_open ? " to " : " up to ");
  return text + word + number_text(range.high);
}

std::string noun(const Range& range, bool whole, bool plural) {
  if (range.powers_of_two) return plural ? "powers of two" : "a power of two";
  if (range.divisor > 1) return (plural ? "multiples of " : "a multiple of ") + std::to_string(range.divisor);
  if (whole) return plural ? "whole numbers" : "a whole number";
  return plural ? "numbers" : "a number";
}

}  // namespace

Range Range::at_least(double limit) const {
  Range range = *this;
  range.low = limit;
  range.low_open = false;
  return range;
}

Range Range::above(double limit) const {
  Range range = at_least(limit);
  range.low_open = true;
  return range;
}

Range Range::up_to(double limit) const {
  Range range = *this;
  range.high = limit;
  range.high_open = false;
  return range;
}

Range Range::below(double limit) const {
  Range range = up_to(limit);
  range.high_open = true;
  return range;
}

Range Range::multiple_of(std::int64_t number) const {
  Range range = *this;
  range.divisor = number;
  return range;
}

Range Range::whole() const {
  Range range = *this;
  range.whole_only = true;
  return range;
}

bool Range::contains(double value) const {
  if (!std::isfinite(value)) return false;
  if (low_open ? value <= low : value < low) return false;
  if (high_open ? value >= high : value > high) return false;
  if (whole_only && !is_whole(value)) return false;
  if (divisor > 1 && !is_whole(value / static_cast<double>(divisor))) return false;
  if (powers_of_two &&
      !(is_whole(value) && value >= 1 && value < kExact && std::has_single_bit(static_cast<std::uint64_t>(value))))
    return false;
  return values.empty() || std::any_of(values.begin(), values.end(),
                                       [value](std::int64_t one) { return static_cast<double>(one) == value; });
}

std::string Range::text(Of of) const {
  if (values.empty()) {
    const std::string body = noun(*this, whole_only || of == Of::whole_number, of == Of::list) + limits_text(*this);
    return of == Of::list ? "a list of " + body : body;
  }
  std::string text = of == Of::list ? "a list of " : "";
  for (std::size_t i = 0; i < values.size(); ++i)
    text += (i == 0 ? "" : i + 1 == values.size() ? " or " : ", ") + std::to_string(values[i]);
  return text;
}

Range any_number() { return {}; }
Range at_least(double low) { return Range{}.at_least(low); }
Range above(double low) { return Range{}.above(low); }
Range below(double high) { return Range{}.below(high); }
Range in(double low, double high) { return at_least(low).up_to(high); }

Range power_of_two(std::int64_t low, std::int64_t high) {
  Range range = in(static_cast<double>(low), static_cast<double>(high));
  range.powers_of_two = true;
  return range;
}

Range one_of(std::vector<std::int64_t> values) {
  Range range;
  range.values = std::move(values);
  return range;
}

std::string number_text(double value) {
  if (is_whole(value) && std::abs(value) < kExact) return std::to_string(static_cast<std::int64_t>(value));
  std::array<char, 32> buffer{};
  return {buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr};
}

std::string unexpected_value(const std::string& what, const std::string& found, const std::string& expected) {
  return what + " is " + found + ", expected " + expected + ".";
}

}  // namespace scorefield
