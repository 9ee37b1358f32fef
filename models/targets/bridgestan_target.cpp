#include "models/targets/bridgestan_target.hpp"

#include <torch/utils.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/random.hpp"
#include "models/targets/draws.hpp"
#include "models/targets/variables.hpp"

namespace scorefield::targets {
namespace {

using torch::Tensor;

constexpr std::int64_t kStanRows = 16;  ///< points that one thread takes at a time
constexpr std::int64_t kStanTrials = 100;
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/// How often a model threw, and what it said first.
class Refusals {
 public:
  void add(std::string message) {
    const std::lock_guard lock(mutex_);
    if (count_++ == 0) first_ = std::move(message);
  }
  [[nodiscard]] std::pair<std::int64_t, std::string> get() const {
    const std::lock_guard lock(mutex_);
    return {count_, first_};
  }
  void clear() {
    const std::lock_guard lock(mutex_);
    count_ = 0;
  }

 private:
  mutable std::mutex mutex_;
  std::int64_t count_ = 0;
  std::string first_;
};

/// The random numbers of generated quantities, of one block of points.
class Generator {
 public:
  Generator(const BridgeStan& functions, unsigned seed) : rng_(nullptr, functions.destroy_rng) {
    char* error = nullptr;
    rng_.reset(functions.make_rng(seed, &error));
    if (!rng_) throw Error("the Stan model's random numbers: " + functions.taken(error));
  }
  [[nodiscard]] void* get() const { return rng_.get(); }

 private:
  std::unique_ptr<void, void (*)(void*)> rng_;
};

class BridgeStanTarget final : public Target {
 public:
  BridgeStanTarget(const SharedLibrary& library, StanData data, std::uint64_t seed)
      : path_(library.path()),
        data_(std::move(data)),
        seed_(static_cast<unsigned>(Philox(seed, 0).words(0)[0])),
        functions_(library) {
    const auto& model = models_.emplace_back(StanModel(functions_, path_, data_, seed_));
    dimension_ = model->dimension();
    if (dimension_ < 1) throw FileError(path_, "the model has no parameters: there is nothing to sample.");
    parameters_ = model->names(false, false);
    threads_ = model->thread_safe();
  }

  [[nodiscard]] std::int64_t dimension() const override { return dimension_; }
  [[nodiscard]] std::int64_t user_dimension() const override { return std::ssize(parameters_); }
  [[nodiscard]] std::string name() const override { return std::filesystem::path(path_).stem().string(); }
  [[nodiscard]] Tensor score(const Tensor& x) const override { return evaluate(x).score; }
  [[nodiscard]] Tensor log_density(const Tensor& x) const override;
  [[nodiscard]] Evaluation evaluate(const Tensor& x) const override;
  [[nodiscard]] UserCloud user_cloud(const Tensor& x, std::uint64_t seed) const override;
  [[nodiscard]] Tensor from_user(const Tensor& samples) const override;
  [[nodiscard]] std::vector<std::string> notes() const override;

  /// Finds out whether the library can keep constants. @throws FileError where log p is finite at none of some points
  void try_points();

 private:
  /// Calls body(model, row) for every row, in fixed blocks; each thread has a model of its own.
  template <class Body>
  void for_rows(std::int64_t rows, const Body& body) const;
  /// All values of one point, as far as the model can give them. row: [p + transformed + generated], filled with NaN
  void constrain(void* model, const double* x, void* rng, double* row) const;

  std::string path_;
  StanData data_;
  unsigned seed_;
  BridgeStan functions_;
  std::int64_t dimension_ = 0;
  std::vector<std::string> parameters_;
  bool threads_ = false;
  bool propto_ = false;                                   ///< constants are dropped
  mutable std::mutex mutex_;                              ///< of the models: one call at a time
  mutable std::vector<std::optional<StanModel>> models_;  ///< one a thread, made when it is first needed
  mutable Refusals refusals_;
};

/// Rows as the interface takes them.
Tensor plain(const Tensor& x) { return x.detach().to(torch::kCPU, torch::kFloat64).contiguous(); }

template <class Body>
void BridgeStanTarget::for_rows(std::int64_t rows, const Body& body) const {
  const std::lock_guard lock(mutex_);
  const auto block = [&](void* model, std::int64_t b) {
    for (std::int64_t row = b * kStanRows; row < std::min(rows, (b + 1) * kStanRows); ++row) body(model, row);
  };
  const std::int64_t blocks = (rows + kStanRows - 1) / kStanRows;
  if (!threads_ || blocks == 1) {
    for (std::int64_t b = 0; b < blocks; ++b) block(models_.front()->get(), b);
    return;
  }
  models_.resize(std::max(models_.size(), static_cast<std::size_t>(thread_count())));
  parallel_for(blocks, [&](std::int64_t b) {
    auto& model = models_[static_cast<std::size_t>(thread_index())];
    if (!model) model.emplace(functions_, path_, data_, seed_);
    block(model->get(), b);
  });
}

Target::Evaluation BridgeStanTarget::evaluate(const Tensor& given) const {
  const auto x = plain(given);
  const auto log_p = torch::empty({x.size(0)}, torch::kFloat64), score = torch::empty_like(x);
  const auto* from = x.const_data_ptr<double>();
  auto *value = log_p.data_ptr<double>(), *gradient = score.data_ptr<double>();
  for_rows(x.size(0), [&](void* model, std::int64_t row) {
    char* error = nullptr;
    double* const here = gradient + row * dimension_;
    if (functions_.gradient(model, propto_, true, from + row * dimension_, value + row, here, &error) != 0) {
      refusals_.add(functions_.taken(error));
      value[row] = kNone;
    }
    if (std::isfinite(value[row])) return;
    value[row] = -std::numeric_limits<double>::infinity();
    std::fill(here, here + dimension_, 0.0);
  });
  return {log_p.to(given.device()), score.to(given.device())};
}

Tensor BridgeStanTarget::log_density(const Tensor& given) const {
  const auto x = plain(given);
  auto log_p = torch::empty({x.size(0)}, torch::kFloat64);
  const auto* from = x.const_data_ptr<double>();
  auto* value = log_p.data_ptr<double>();
  for_rows(x.size(0), [&](void* model, std::int64_t row) {
    char* error = nullptr;
    if (functions_.log_density(model, propto_, true, from + row * dimension_, value + row, &error) != 0) {
      refusals_.add(functions_.taken(error));
      value[row] = kNone;
    }
    if (!std::isfinite(value[row])) value[row] = -std::numeric_limits<double>::infinity();
  });
  return log_p.to(given.device());
}

void BridgeStanTarget::constrain(void* model, const double* x, void* rng, double* row) const {
  std::string reason;
  for (const auto& [transformed, generated] : {std::pair{true, true}, {true, false}, {false, false}}) {
    char* error = nullptr;
    if (functions_.constrain(model, transformed, generated, x, row, rng, &error) == 0) return;
    reason = functions_.taken(error);
    refusals_.add(reason);
    std::fill(row, row + functions_.count(model, true, true), kNone);
  }
  throw FileError(path_, "the model gives no constrained parameters for a point of the cloud: " + reason);
}

UserCloud BridgeStanTarget::user_cloud(const Tensor& given, std::uint64_t seed) const {
  const auto x = plain(given);
  const auto all = models_.front()->names(true, true);
  const auto p = user_dimension(), transformed = std::ssize(models_.front()->names(true, false)),
             width = std::ssize(all);
  const auto values = torch::full({x.size(0), width}, kNone, torch::kFloat64);
  const auto* from = x.const_data_ptr<double>();
  auto* to = values.data_ptr<double>();
  const Philox seeds(seed, 1);
  for_rows(x.size(0), [&](void* model, std::int64_t row) {
    // Of each point its own: what is drawn for it does not depend on the others.
    const Generator rng(functions_, static_cast<unsigned>(seeds.words(static_cast<std::uint64_t>(row))[0]));
    constrain(model, from + row * dimension_, rng.get(), to + row * width);
  });
  UserCloud cloud{values.narrow(1, 0, p).contiguous(), {}, parameters_};
  const auto add = [&](std::int64_t first, std::int64_t last, const char* role) {
    const std::vector<std::string> names(all.begin() + first, all.begin() + last);
    if (names.empty()) return;
    for (auto& variable : arrange_variables(names, values.narrow(1, first, last - first), role))
      cloud.variables.push_back(std::move(variable));
  };
  add(0, p, "parameter");
  add(p, transformed, "transformed parameter");
  add(transformed, width, "generated quantity");
  return cloud;
}

Tensor BridgeStanTarget::from_user(const Tensor& samples) const {
  const auto parameters = plain(samples);
  const auto x = torch::empty({parameters.size(0), dimension_}, torch::kFloat64);
  const auto p = user_dimension();
  for_rows(x.size(0), [&](void* model, std::int64_t row) {
    char* error = nullptr;
    if (functions_.unconstrain(model, parameters.const_data_ptr<double>() + row * p,
                               x.data_ptr<double>() + row * dimension_, &error) != 0)
      throw UsageError("point " + std::to_string(row) +
                       " of the start is none of the model's: " + functions_.taken(error));
  });
  return x;
}

std::vector<std::string> BridgeStanTarget::notes() const {
  std::vector<std::string> notes;
  if (propto_) notes.emplace_back("the Stan model leaves out the constants of log p: evidences are up to a factor.");
  const auto [count, first] = refusals_.get();
  if (count > 0)
    notes.push_back("the Stan model threw at " + std::to_string(count) +
                    " points, which count as outside of its support; it said first: " + first);
  return notes;
}

void BridgeStanTarget::try_points() {
  for (std::int64_t k = 0; k < kStanTrials; ++k) {
    const auto x = k == 0 ? torch::zeros({1, dimension_}, torch::kFloat64)
                          : 4 * uniform_draws(1, dimension_, 0, static_cast<std::uint64_t>(k)) - 2;
    for (const bool propto : {false, true}) {
      propto_ = propto;
      const auto found = evaluate(x);
      if (!torch::isfinite(found.log_density).all().item<bool>()) continue;
      refusals_.clear();
      return;
    }
  }
  const auto [count, first] = refusals_.get();
  throw FileError(path_, "log p is finite at none of " + std::to_string(kStanTrials) +
                             " points of [-2, 2] per unconstrained parameter" +
                             (count > 0 ? "; the model says: " + first : std::string(".")));
}

}  // namespace

std::shared_ptr<const Target> open_bridgestan_target(const SharedLibrary& library, const StanData& data,
                                                     std::uint64_t seed) {
  auto target = std::make_shared<BridgeStanTarget>(library, data, seed);
  target->try_points();
  return target;
}

}  // namespace scorefield::targets
