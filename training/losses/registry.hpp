#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/options.hpp"
#include "training/losses/loss.hpp"

namespace scorefield::training {

/// One of every loss, each with its own options, in the order of `list methods`: a value, copied with them.
class LossList {
 public:
  LossList();
  LossList(const LossList& other);
  LossList& operator=(const LossList& other);
  LossList(LossList&&) noexcept = default;
  LossList& operator=(LossList&&) noexcept = default;
  ~LossList() = default;

  /// @throws UsageError naming the nearest known name
  [[nodiscard]] const Loss& find(const std::string& name) const;
  [[nodiscard]] std::vector<std::string> names() const;
  /// "name: what it is for; ..."
  [[nodiscard]] std::string help() const;
  /// Adds the own keys of all.
  void bind(OptionSet& set);
  /// A loss that leaves models of this kind; null: none does.
  [[nodiscard]] std::unique_ptr<Loss> leaving(const std::string& kind) const;

 private:
  std::vector<std::unique_ptr<Loss>> all_;
};

}  // namespace scorefield::training
