#include "solvers/gas/affine_sampler.hpp"

#include "solvers/gas/target.hpp"

namespace scorefield::gas {

AffineSampler::AffineSampler(const sampling::Setup& setup, const AffineOptions& options) : steps_(setup.steps) {
  check_ranges(options);
  gas_ = std::make_unique<Affine>(columns(setup.initial), options, setup.seed, make_evaluator(setup.target));
  notes_.push_back(options.sliced
                       ? "sliced gas: one-dimensional pressures along a random frame each step"
                       : "above d = 3 the gas moves with an affine velocity: exact for one elliptic mode, tested by G");
}
void AffineSampler::exchange(StateArchive& archive) {
  gas_->exchange(archive);
  archive.count("made", made_, 0, steps_);
}

}  // namespace scorefield::gas
