#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace scorefield {

/// The numbers that an option, a flag or an argument takes, said once: checked when the value is set, printed in
/// messages, help texts and lists. NaN and infinity belong to no range.
///   at_least(0)   above(0).up_to(0.5)   in(0, 1)   at_least(0).below(1)   power_of_two(16, 65536)   one_of({3, 5, 7})
class Range {
 public:
  /// What the range's numbers are, for its words; a list holds numbers of the range.
  enum class Of { number, whole_number, list };

  constexpr Range() = default;  ///< any finite number

  [[nodiscard]] Range at_least(double low) const;
  [[nodiscard]] Range above(double low) const;
  [[nodiscard]] Range up_to(double high) const;
  [[nodiscard]] Range below(double high) const;
  [[nodiscard]] Range multiple_of(std::int64_t divisor) const;
  [[nodiscard]] Range whole() const;  ///< whole numbers alone, for lists and options of type double

  [[nodiscard]] bool contains(double value) const;

  /// "a number from 0 on", "a power of two from 16 to 65536", "a list of numbers above 0", "3, 5 or 7"
  [[nodiscard]] std::string text(Of of) const;

  /// The limits, infinite where there is none; `*_open`: the limit itself is excluded.
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_open = false, high_open = false;
  bool whole_only = false, powers_of_two = false;
  std::int64_t divisor = 1;            ///< all are multiples of it
  std::vector<std::int64_t> values{};  ///< these alone; empty: all between the limits
};

[[nodiscard]] Range any_number();
[[nodiscard]] Range at_least(double low);
[[nodiscard]] Range above(double low);
[[nodiscard]] Range below(double high);
[[nodiscard]] Range in(double low, double high);  ///< both ends included
[[nodiscard]] Range power_of_two(std::int64_t low, std::int64_t high);
[[nodiscard]] Range one_of(std::vector<std::int64_t> values);

/// The shortest text that reads back as the same number: 0.05, 1000000000.
[[nodiscard]] std::string number_text(double value);

/// "WHAT is FOUND, expected EXPECTED." What: "option 'pic.cells'", "--threads", "mu", ...
[[nodiscard]] std::string unexpected_value(const std::string& what, const std::string& found,
                                           const std::string& expected);

}  // namespace scorefield
