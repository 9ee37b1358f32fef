#pragma once

#include <cstddef>
#include <sstream>
#include <string>
#include <vector>

namespace scorefield {

/// `text` without blanks at either end.
[[nodiscard]] inline std::string trimmed(const std::string& text) {
  constexpr const char* kBlank = " \t\r\n";
  const auto first = text.find_first_not_of(kBlank);
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

/// "x, v" -> {"x", "v"}
[[nodiscard]] inline std::vector<std::string> comma_separated(const std::string& text) {
  std::vector<std::string> words;
  std::istringstream list(text);
  for (std::string word; std::getline(list, word, ',');) words.push_back(trimmed(word));
  return words;
}

/// {1, 2.5} -> "1, 2.5"
template <class T>
[[nodiscard]] std::string comma_joined(const std::vector<T>& values) {
  std::ostringstream text;
  for (std::size_t i = 0; i < values.size(); ++i) text << (i > 0 ? ", " : "") << values[i];
  return text.str();
}

/// 1.25, or (1.25, 0.5): the values of one or of several physics parameters.
[[nodiscard]] inline std::string tuple_text(const std::vector<double>& values) {
  return values.size() == 1 ? comma_joined(values) : std::string("(").append(comma_joined(values)).append(")");
}

/// The same of several: 1.25, 1.3, or (1.25, 0.5), (1.3, 0.7).
[[nodiscard]] inline std::string tuples_text(const std::vector<std::vector<double>>& rows) {
  std::vector<std::string> texts;
  for (const auto& values : rows) texts.push_back(tuple_text(values));
  return comma_joined(texts);
}

}  // namespace scorefield
