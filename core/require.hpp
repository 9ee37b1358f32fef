#pragma once

#include <concepts>
#include <sstream>
#include <string>

#include "core/error.hpp"
#include "core/range.hpp"

namespace scorefield {

/// For what depends on several values or on a file; the range of one option stands where the option is added.
/// @throws UsageError "WHAT is FOUND, expected EXPECTED." unless `holds`; what: "option 'pic.dt'", "mu", ...
template <class Found>
void require(bool holds, const std::string& what, const Found& found, const std::string& expected) {
  if (holds) return;
  std::ostringstream text;
  text << found;
  throw UsageError(unexpected_value(what, text.str(), expected));
}

/// For numbers that are no options (mu, a model's header, arguments of functions). @throws UsageError
template <class Number>
void require(const std::string& what, Number value, const Range& range) {
  require(range.contains(static_cast<double>(value)), what, value,
          range.text(std::integral<Number> ? Range::Of::whole_number : Range::Of::number));
}

}  // namespace scorefield
