#pragma once

#include <string>

namespace scorefield {

/// `text` without blanks at either end.
[[nodiscard]] inline std::string trimmed(const std::string& text) {
  constexpr const char* kBlank = " \t\r\n";
  const auto first = text.find_first_not_of(kBlank);
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

}  // namespace scorefield
