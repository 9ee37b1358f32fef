#pragma once

#include <memory>

#include "solvers/sampling/method.hpp"

namespace scorefield::sampling {

/// `count` independent runs of a method as one: each has N / count particles of the initial cloud, as even as possible,
/// and a seed of its own. @throws UsageError where there are fewer than two particles for each
[[nodiscard]] std::unique_ptr<Sampler> make_replicas(const Method& method, const Setup& setup, std::int64_t count);

/// Which of `count` runs every one of n particles belongs to, [n].
[[nodiscard]] std::vector<std::int64_t> replica_of_particles(std::int64_t n, std::int64_t count);

}  // namespace scorefield::sampling
