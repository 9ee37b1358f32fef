#include "solvers/ift/flow.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "core/error.hpp"
#include "core/random.hpp"
#include "solvers/ift/weights.hpp"

namespace scorefield::ift {
namespace {

constexpr std::int64_t kStreams = 8;  // random streams per iteration: 0 noise, 1 splits
constexpr std::int64_t kLimitInterval = 10;

double kernel_scale(const pairs::RadialKernel& kernel) { return kernel.bandwidths[kernel.bandwidths.size() / 2]; }

}  // namespace

Flow::Flow(Kind kind, const FlowOptions& options, Cloud start, const std::vector<double>& y, const Schedule& schedule,
           pairs::PairSums pair_sums)
    : kind_(kind),
      options_(options),
      schedule_(schedule),
      pair_sums_(pair_sums ? std::move(pair_sums) : pairs::fused_pair_sums(options.double_precision)) {
  check_ranges(options);
  const std::int64_t d = start.d;
  kernel_ = pairs::make_kernel(options.kernel, y.data(), static_cast<std::int64_t>(y.size()) / d, d);
  h_ = kernel_scale(kernel_);
  if (options_.step == 0) options_.step = options.variant == FlowOptions::Variant::published ? 0.02 : 1;
  const auto n = static_cast<std::size_t>(start.n);
  if (start.w.empty()) start.w.assign(n, 1.0 / static_cast<double>(n));
  state.cloud = std::move(start);
  state.power.resize(n);
  const Philox random(schedule.seed, 0);
  for (std::size_t i = 0; i < n; ++i) state.power[i] = random.normals(i)[0];
  own_.resize(n);
  others_.resize(n);
}

void Flow::State::exchange(StateArchive& archive) {
  archive.array("x", {cloud.n, cloud.d}, cloud.x);
  archive.array("w", {cloud.n}, cloud.w);
  archive.require(std::all_of(cloud.w.begin(), cloud.w.end(), [](double w) { return w >= 0; }), "w", "from 0 on");
  archive.array("power", {static_cast<std::int64_t>(power.size())}, power);
  archive.number("limit", limit);
  archive.number("loss", loss, StateArchive::Numbers::not_nan);  // infinite where a particle is and p is zero
  archive.number("mean_speed", speed);
  archive.count("iteration", iteration);
  archive.count("splits", splits);
}

void Flow::sums(const std::vector<double>& at, const std::vector<double>& z, const double* a, double* value,
                double* gradient) const {
  const std::int64_t d = state.cloud.d, n = static_cast<std::int64_t>(at.size()) / d,
                     m = static_cast<std::int64_t>(z.size()) / d;
  pair_sums_(kernel_, {at.data(), n, z.data(), m, d, a}, {.value = value, .gradient = gradient});
}

/// own_ = K w and others_ = mean_y k at the points `at`, and the gradient of their difference where wanted.
void Flow::witness(const std::vector<double>& at, const std::vector<double>& y, double* gradient) {
  sums(at, at, state.cloud.w.data(), own_.data(), gradient);
  std::vector<double> pull(gradient ? at.size() : 0);
  sums(at, y, nullptr, others_.data(), gradient ? pull.data() : nullptr);
  for (std::size_t i = 0; i < pull.size(); ++i) gradient[i] -= pull[i];
}

double Flow::self_energy(const std::vector<double>& y) {
  if (self_energy_of_ == &y) return self_energy_;
  std::vector<double> value(y.size() / static_cast<std::size_t>(state.cloud.d));
  sums(y, y, nullptr, value.data(), nullptr);
  double sum = 0;
  for (const double v : value) sum += v;
  self_energy_ = sum / static_cast<double>(value.size());
  self_energy_of_ = &y;
  return self_energy_;
}

double Flow::loss_against(const std::vector<double>& y) {
  witness(state.cloud.x, y, nullptr);
  double sum = 0;
  for (std::size_t i = 0; i < own_.size(); ++i) sum += state.cloud.w[i] * (own_[i] - 2 * others_[i]);
  return 0.5 * (sum + self_energy(y));
}

/// Power iteration for the largest eigenvalue of the kernel matrix on vectors of sum 0, a few products at a time: the
/// cloud moves little in between.
void Flow::update_limit() {
  auto& v = state.power;
  const auto n = static_cast<double>(v.size());
  std::vector<double> product(v.size());
  for (int round = state.iteration == 0 ? 5 : 1; round > 0; --round) {
    double mean = 0, norm = 0;
    for (const double value : v) mean += value / n;
    for (double& value : v) {
      value -= mean;
      norm += value * value;
    }
    for (double& value : v) value /= std::sqrt(norm);
    sums(state.cloud.x, state.cloud.x, v.data(), product.data(), nullptr);
    double quotient = 0;
    for (std::size_t i = 0; i < v.size(); ++i) quotient += v[i] * product[i];
    state.limit = std::max(quotient, 1e-6);
    v = product;
  }
}

void Flow::weight_step(double decay) {
  auto& w = state.cloud.w;
  const auto n = static_cast<double>(w.size());
  const bool published = options_.variant == FlowOptions::Variant::published;
  const bool multiplicative = kind_ == Kind::wfr || options_.weights == FlowOptions::Weights::kl;
  if (!published && state.iteration % kLimitInterval == 0) update_limit();
  const double rate = published ? options_.published_rate / n : decay * options_.weight_rate / state.limit;
  double mean = 0;
  for (std::size_t i = 0; i < w.size(); ++i) mean += w[i] * (own_[i] - others_[i]);
  if (multiplicative) {
    double sum = 0;
    for (std::size_t i = 0; i < w.size(); ++i) {
      w[i] *= std::exp(std::clamp(-rate * n * (own_[i] - others_[i] - mean), -1.0, 1.0));
      sum += w[i];
    }
    for (double& value : w) value /= sum;
  } else {
    for (std::size_t i = 0; i < w.size(); ++i) w[i] -= rate * (own_[i] - others_[i] - mean);
    project_on_simplex(w);
  }
  if (published || kind_ == Kind::wfr) return;
  const Philox random(schedule_.seed, static_cast<std::uint64_t>(state.iteration * kStreams + 1));
  state.splits += split_heavy(state.cloud.x, w, state.cloud.d, options_.ess, h_, random);
}

void Flow::step(const std::vector<double>& y) {
  Cloud& cloud = state.cloud;
  const auto d = static_cast<std::size_t>(cloud.d), n = static_cast<std::size_t>(cloud.n);
  std::vector<double> gradient(cloud.x.size());
  const double progress =
      static_cast<double>(state.iteration) / static_cast<double>(std::max<std::int64_t>(schedule_.steps, 1));
  if (kind_ == Kind::noisy_mmd_flow && progress < 4.0 / 9) {
    // Arbel et al. (arXiv 1906.04370): the gradient at noisy positions moves the clean ones.
    std::vector<double> noisy = cloud.x;
    const Philox random(schedule_.seed, static_cast<std::uint64_t>(state.iteration * kStreams));
    for (std::size_t i = 0; i < noisy.size(); ++i) noisy[i] += options_.noise * h_ * random.normals(i)[0];
    witness(noisy, y, gradient.data());
  } else {
    witness(cloud.x, y, gradient.data());
  }
  if (!schedule_.fresh) {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += cloud.w[i] * (own_[i] - 2 * others_[i]);
    state.loss = 0.5 * (sum + self_energy(y));
  }
  const bool published = options_.variant == FlowOptions::Variant::published;
  const bool weighted = kind_ == Kind::ift || kind_ == Kind::wfr;
  // With fresh data the cloud would follow the noise of the last batches: longer memory towards the end.
  const double decay = schedule_.fresh && !published && progress > 0.5
                           ? 0.02 + 0.49 * (1 + std::cos(2 * std::numbers::pi * (progress - 0.5)))
                           : 1;
  const double unit = h_ * (kernel_.form == pairs::Form::energy ? 1 : h_);
  double squares = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double move =
        decay * options_.step * unit * (published && weighted ? static_cast<double>(n) * cloud.w[i] : 1);
    for (std::size_t c = 0; c < d; ++c) {
      const double displacement = move * gradient[i * d + c];
      cloud.x[i * d + c] -= displacement;
      squares += displacement * displacement;
    }
  }
  state.speed = std::sqrt(squares / static_cast<double>(n));
  if (!std::isfinite(state.speed)) throw DivergenceError(state.iteration, "a position", "Lower ift.step.");
  if (weighted) {
    if (published) witness(cloud.x, y, nullptr);
    weight_step(decay);
  }
  ++state.iteration;
}

}  // namespace scorefield::ift
