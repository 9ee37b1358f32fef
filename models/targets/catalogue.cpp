#include "models/targets/catalogue.hpp"

#include "core/options.hpp"
#include "models/targets/families.hpp"

namespace scorefield::targets {

const std::vector<NamedTarget>& named_targets() {
  static const std::vector<NamedTarget> all{
      {"gaussian", "2-D Gaussian, correlation 0.8", "family = \"gaussian\"\ncorrelation = 0.8\n"},
      {"gaussian-10", "10-D Gaussian, correlation 0.5^|i-j|, variances over a factor 10",
       "family = \"gaussian\"\ndimension = 10\ncorrelation = 0.5\ncondition = 10\n"},
      {"gaussian-50", "the same in 50 dimensions",
       "family = \"gaussian\"\ndimension = 50\ncorrelation = 0.5\ncondition = 10\n"},
      {"gaussian-100", "the same in 100 dimensions",
       "family = \"gaussian\"\ndimension = 100\ncorrelation = 0.5\ncondition = 10\n"},
      {"banana", "2-D banana", "family = \"banana\"\ndimension = 2\n"},
      {"banana-pairs", "five independent bananas, d = 10", "family = \"banana\"\ndimension = 10\n"},
      {"funnel", "Neal's funnel, d = 10", "family = \"funnel\"\ndimension = 10\n"},
      {"funnel-2", "Neal's funnel, d = 2", "family = \"funnel\"\ndimension = 2\n"},
      {"rings", "two concentric rings", "family = \"rings\"\nradii = [2.0, 5.0]\nscale = 0.3\n"},
      {"ten-modes", "ten equal Gaussians on a circle of radius 5",
       "family = \"mixture\"\nscale = 0.4\nmeans = [5.0, 0.0, 4.045085, 2.938926, 1.545085, 4.755283, -1.545085, "
       "4.755283, "
       "-4.045085, 2.938926, -5.0, 0.0, -4.045085, -2.938926, -1.545085, -4.755283, 1.545085, -4.755283, 4.045085, "
       "-2.938926]\n"},
      {"three-modes", "2-D Gaussians of weights 0.5, 0.3, 0.2",
       "family = \"mixture\"\nscale = 0.7\nweights = [0.5, 0.3, 0.2]\nmeans = [-3.0, -2.0, 3.0, -2.0, 0.0, 3.0]\n"},
      {"three-modes-10", "10-D Gaussians of weights 0.5, 0.3, 0.2",
       "family = \"mixture\"\ndimension = 10\nweights = [0.5, 0.3, 0.2]\nmeans = ["
       "4.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, "
       "-4.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, "
       "0.0, 6.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]\n"},
      {"two-far-modes", "10-D Gaussians of weights 0.3, 0.7, 8 deviations apart",
       "family = \"mixture\"\ndimension = 10\nweights = [0.3, 0.7]\nmeans = ["
       "-4.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, "
       "4.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]\n"},
      {"student-t", "10-D Student t, 5 degrees of freedom", "family = \"student-t\"\ndimension = 10\nnu = 5\n"},
      {"logistic", "posterior of a logistic regression on 250 rows, d = 20", "family = \"logistic\"\n"},
      {"eight-schools", "hierarchical posterior of eight schools, not centred, d = 10",
       "family = \"eight-schools\"\n"}};
  return all;
}

std::shared_ptr<const Target> make_named_target(const std::string& name) {
  for (const auto& target : named_targets())
    if (target.name == name) return make_family(target.toml, name, name);
  return nullptr;
}

std::shared_ptr<const Target> make_family(const std::string& toml, const std::string& origin, const std::string& name) {
  FamilyOptions options;
  OptionSet set;
  bind(set, options);
  set.load_toml(toml, origin);
  return make_family(options, name);
}

}  // namespace scorefield::targets
