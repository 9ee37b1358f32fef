#include "core/version.hpp"

#include <array>
#include <ctime>

namespace scorefield {

std::string version() { return SCOREFIELD_VERSION; }

std::string iso8601_now() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text.data();
}

}  // namespace scorefield
