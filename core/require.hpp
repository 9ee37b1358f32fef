#pragma once

#include <cmath>
#include <sstream>
#include <string>

#include "core/error.hpp"

namespace scorefield {

/// @throws UsageError "WHAT is FOUND, expected EXPECTED." unless `holds`; what: "option 'pic.cells'", "mu", ...
template <class Number>
void require(bool holds, const std::string& what, Number found, const std::string& expected) {
  if (holds) return;
  std::ostringstream message;
  message << what << " is " << found << ", expected " << expected << '.';
  throw UsageError(message.str());
}

inline void require_positive(const std::string& what, double value) {
  require(std::isfinite(value) && value > 0, what, value, "a finite number above 0");
}

}  // namespace scorefield
