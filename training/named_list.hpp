#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "core/options.hpp"

namespace scorefield::training {

/// One of every entry of a registry (losses, fields), each with its own options: a value, copied with them.
/// Entry: name(), summary(), bind(OptionSet&), clone().
template <class Entry>
class NamedList {
 public:
  /// `key`: the option that names an entry.
  NamedList(std::string key, std::span<std::unique_ptr<Entry> (*const)()> makes) : key_(std::move(key)) {
    for (const auto make : makes) all_.push_back(make());
  }
  NamedList(const NamedList& other) : key_(other.key_) {
    for (const auto& entry : other.all_) all_.push_back(entry->clone());
  }
  NamedList& operator=(const NamedList& other) { return *this = NamedList(other); }
  NamedList(NamedList&&) noexcept = default;
  NamedList& operator=(NamedList&&) noexcept = default;
  ~NamedList() = default;

  [[nodiscard]] const std::vector<std::unique_ptr<Entry>>& all() const { return all_; }
  /// @throws UsageError naming the nearest known name
  [[nodiscard]] const Entry& find(const std::string& name) const {
    for (const auto& entry : all_)
      if (entry->name() == name) return *entry;
    throw UsageError("option '" + key_ + "': " + unknown_name_message("value", name, names()));
  }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : all_) found.push_back(entry->name());
    return found;
  }
  /// "name: what it is; ..."
  [[nodiscard]] std::string help() const {
    std::string text;
    for (const auto& entry : all_) text += (text.empty() ? "" : "; ") + entry->name() + ": " + entry->summary();
    return text;
  }
  /// Adds the own keys of all.
  void bind(OptionSet& set) {
    for (const auto& entry : all_) entry->bind(set);
  }

 private:
  std::string key_;
  std::vector<std::unique_ptr<Entry>> all_;
};

}  // namespace scorefield::training
