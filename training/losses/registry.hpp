#pragma once

#include <memory>
#include <string>

#include "training/losses/loss.hpp"
#include "training/named_list.hpp"

namespace scorefield::training {

/// Every loss, in the order of `list methods`.
class LossList : public NamedList<Loss> {
 public:
  LossList();
  /// A loss that leaves models of this kind; null: none does.
  [[nodiscard]] std::unique_ptr<Loss> leaving(const std::string& kind) const;
};

}  // namespace scorefield::training
