#include "solvers/sde/schemes.hpp"

#include <cmath>
#include <utility>

namespace scorefield::sde {
namespace {

std::size_t block_size(const System& system) { return static_cast<std::size_t>(system.dimension * kLanes); }

std::size_t row(std::int64_t coordinate) { return static_cast<std::size_t>(coordinate * kLanes); }

/// out = x + a b, over whole blocks.
void shift(const double* x, double a, const std::vector<double>& b, double* out) {
  const std::size_t size = b.size();
#pragma GCC ivdep
  for (std::size_t i = 0; i < size; ++i) out[i] = x[i] + a * b[i];
}

/// out += a s w on one row.
void kick(double a, const double* s, const double* w, double* out) {
#pragma GCC ivdep
  for (int n = 0; n < kLanes; ++n) out[n] += a * s[n] * w[n];
}

/// One row of Heun's predictor y = x + h b + s w; x becomes x + h/2 b + s w. Without noise, w is null.
void predict(double h, const double* b, const double* s, const double* w, double* x, double* y) {
  if (w) {
#pragma GCC ivdep
    for (int n = 0; n < kLanes; ++n) {
      const double kick = s[n] * w[n], half = h / 2 * b[n], kicked = x[n] + kick;
      y[n] = kicked + 2 * half;
      x[n] = kicked + half;
    }
  } else {
#pragma GCC ivdep
    for (int n = 0; n < kLanes; ++n) {
      y[n] = x[n] + h * b[n];
      x[n] += h / 2 * b[n];
    }
  }
}

}  // namespace

std::vector<std::int64_t> noisy_coordinates(const System& system) {
  std::vector<std::int64_t> noisy;
  for (std::int64_t i = 0; i < system.dimension; ++i)
    if (system.sigma[static_cast<std::size_t>(i)] != 0) noisy.push_back(i);
  return noisy;
}

BlockStepper::BlockStepper(const System& system, Scheme scheme, double h, BrownianPath path)
    : system_(system),
      scheme_(scheme),
      h_(h),
      path_(std::move(path)),
      noisy_(noisy_coordinates(system)),
      b_(block_size(system)),
      b_next_(scheme == Scheme::euler_maruyama ? 0 : block_size(system)),
      y_(scheme == Scheme::euler_maruyama ? 0 : block_size(system)),
      s_(block_size(system)),
      correction_(system.diffusion ? block_size(system) : 0) {
  for (const std::int64_t i : noisy_)
    for (int n = 0; n < kLanes; ++n)
      s_[row(i) + static_cast<std::size_t>(n)] = system.sigma[static_cast<std::size_t>(i)];
}

void BlockStepper::evaluate_noise(const double* x, std::vector<double>& s) const {
  system_.diffusion(x, s.data());
  for (std::int64_t i = 0; i < system_.dimension; ++i)
    for (int n = 0; n < kLanes; ++n)
      s[row(i) + static_cast<std::size_t>(n)] *= system_.sigma[static_cast<std::size_t>(i)];
}

void BlockStepper::step(double t, double* x) {
  path_.advance();
  if (system_.diffusion) evaluate_noise(x, s_);
  switch (scheme_) {
    case Scheme::euler_maruyama:
      return euler_maruyama(t, x);
    case Scheme::heun:
      return heun(t, x);
    case Scheme::sra1:
      return sra1(t, x);
  }
}

void BlockStepper::euler_maruyama(double t, double* x) {
  system_.drift(t, x, b_.data());
  shift(x, h_, b_, x);
  for (std::size_t j = 0; j < noisy_.size(); ++j) {
    const std::size_t at = row(noisy_[j]);
    kick(1, &s_[at], path_.increment(static_cast<std::int64_t>(j)), x + at);
  }
}

void BlockStepper::heun(double t, double* x) {
  system_.drift(t, x, b_.data());
  if (system_.diffusion) evaluate_milstein_correction(x);
  std::size_t j = 0;
  for (std::int64_t i = 0; i < system_.dimension; ++i) {
    const bool noisy = j < noisy_.size() && noisy_[j] == i;
    const double* w = noisy ? path_.increment(static_cast<std::int64_t>(j++)) : nullptr;
    predict(h_, &b_[row(i)], &s_[row(i)], w, x + row(i), &y_[row(i)]);
  }
  system_.drift(t + h_, y_.data(), b_next_.data());
  shift(x, h_ / 2, b_next_, x);
  if (system_.diffusion) shift(x, 1, correction_, x);
}

void BlockStepper::evaluate_milstein_correction(const double* x) {
  const double root = std::sqrt(h_);
  for (std::size_t i = 0; i < y_.size(); ++i) y_[i] = x[i] + h_ * b_[i] + s_[i] * root;
  evaluate_noise(y_.data(), correction_);
  for (std::size_t j = 0; j < noisy_.size(); ++j) {
    const std::size_t at = row(noisy_[j]);
    const double* w = path_.increment(static_cast<std::int64_t>(j));
    for (std::size_t n = 0; n < kLanes; ++n)
      correction_[at + n] = (correction_[at + n] - s_[at + n]) * (w[n] * w[n] - h_) / (2 * root);
  }
}

void BlockStepper::sra1(double t, double* x) {
  system_.drift(t, x, b_.data());
  shift(x, 0.75 * h_, b_, y_.data());
  for (std::size_t j = 0; j < noisy_.size(); ++j) {
    const std::size_t at = row(noisy_[j]);
    kick(1.5 / h_, &s_[at], path_.integral(static_cast<std::int64_t>(j)), &y_[at]);
    kick(1, &s_[at], path_.increment(static_cast<std::int64_t>(j)), x + at);
  }
  system_.drift(t + 0.75 * h_, y_.data(), b_next_.data());
  shift(x, h_ / 3, b_, x);
  shift(x, 2 * h_ / 3, b_next_, x);
}

}  // namespace scorefield::sde
