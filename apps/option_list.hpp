#pragma once

#include <string>
#include <vector>

#include "core/options.hpp"

namespace scorefield::apps {

using Descriptions = std::vector<OptionSet::Description>;

/// What a list of options shows; may outlive the set and its fields.
[[nodiscard]] inline Descriptions descriptions(const OptionSet& set) {
  return {set.entries().begin(), set.entries().end()};
}

/// An option key and who takes it. A key whose default or help differs between problems is there once for each.
struct OptionUse {
  OptionSet::Description option;
  std::vector<std::string> commands;
  std::vector<std::string> problems;  ///< of generate; empty: all
};

/// Every key that may be set by --set or in a configuration file, in the order of the commands.
[[nodiscard]] std::vector<OptionUse> option_uses();

/// The keys of `sample`, all methods' included (cmd_sample.cpp).
[[nodiscard]] Descriptions sample_options();

}  // namespace scorefield::apps
