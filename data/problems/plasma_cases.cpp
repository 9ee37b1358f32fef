#include "data/problems/plasma_cases.hpp"

#include "data/problems/bump_on_tail.hpp"
#include "data/problems/landau.hpp"
#include "data/problems/two_stream.hpp"
#include "data/problems/two_stream_wave.hpp"

namespace scorefield::problems {

const std::vector<std::shared_ptr<const PlasmaCase>>& plasma_cases() {
  // A new case is one line here and its own file.
  static const std::vector<std::shared_ptr<const PlasmaCase>> cases{
      std::make_shared<TwoStream>(),
      std::make_shared<BumpOnTail>(),
      std::make_shared<Landau>(),
      std::make_shared<TwoStreamWave>(),
  };
  return cases;
}

std::vector<std::string> plasma_case_names() {
  std::vector<std::string> names;
  for (const auto& plasma : plasma_cases()) names.push_back(plasma->name());
  return names;
}

std::shared_ptr<const PlasmaCase> find_plasma_case(const std::string& name) {
  for (const auto& plasma : plasma_cases())
    if (plasma->name() == name) return plasma;
  return nullptr;
}

}  // namespace scorefield::problems
