#pragma once

#include <cstdint>

#include "data/dataset.hpp"
#include "models/normalizer.hpp"
#include "training/fields/sde/sde_model.hpp"

namespace scorefield::training {

/// Drift and noise of snapshots, whoever is whose row: an autonomous drift is a combination of a library's functions,
/// of degree 3 in the state (less where they would be too many) and 1 in mu, with one sigma a coordinate. For waves
/// phi_j = cos(w_j.x + a_j) of random directions and lengths, and bumps q in time,
///   -int E[phi_j] q' dt = int E[grad phi_j.b + sum_c sigma_c^2/2 d^2 phi_j/dx_c^2] q dt,
/// by least squares over all of them and all mu: no derivative of data, and no pairing of particles. Leaves the model
/// without a correction. Returns the share of the left-hand sides' squares that is explained.
/// @throws FileError with fewer than five times, or particles with weights
double fit_weak_drift(const data::DatasetReader& reader, const models::Normalizer& normalizer, std::uint64_t seed,
                      SdeModel& model);

}  // namespace scorefield::training
