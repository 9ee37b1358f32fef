#pragma once

#include <memory>
#include <string>
#include <vector>

#include "models/targets/target.hpp"

namespace scorefield::targets {

/// A target that has a name of its own.
struct NamedTarget {
  std::string name;
  std::string summary;
  std::string toml;  ///< the same as a family file
};

[[nodiscard]] const std::vector<NamedTarget>& named_targets();

/// Null for an unknown name.
[[nodiscard]] std::shared_ptr<const Target> make_named_target(const std::string& name);

/// A member of a family by its description (keys of FamilyOptions); `origin` appears in messages. @throws UsageError
[[nodiscard]] std::shared_ptr<const Target> make_family(const std::string& toml, const std::string& origin,
                                                        const std::string& name);

}  // namespace scorefield::targets
