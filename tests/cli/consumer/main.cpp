#include <iostream>

#include "core/version.hpp"
#include "data/problems/problem.hpp"

// Prints the version and every problem with its number of training values, "two-stream 8".
int main() {
  std::cout << "scorefield " << scorefield::version() << "\n";
  for (const std::string& name : scorefield::problems::problem_names()) {
    std::cout << name << " " << scorefield::problems::make_problem(name)->training_mu().size() << "\n";
  }
}
