#include "models/targets/script_target.hpp"

#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/script.h>

#include <exception>
#include <filesystem>
#include <sstream>

#include "core/error.hpp"
#include "models/targets/autograd_target.hpp"

namespace scorefield::targets {
namespace {

using torch::Tensor;

constexpr std::int64_t kTrials = 4;  ///< points of a trial call

std::string shape_of(const Tensor& tensor) {
  std::ostringstream text;
  text << tensor.sizes();
  return text.str();
}

/// The module's own code failed.
struct CallError : FileError {
  using FileError::FileError;
};

/// Where a module is tried: fixed points around 0 and away from it.
Tensor trial_points(std::int64_t dimension, torch::Device device) {
  const auto k = torch::arange(kTrials * dimension, torch::kFloat64).view({kTrials, dimension});
  return (1.5 * torch::sin(1.7 * k + 0.3) + 0.2).to(device);
}

/// The largest difference of what is finite in both, in units of its size.
double relative_difference(const Tensor& a, const Tensor& b) {
  const auto both = torch::isfinite(a) & torch::isfinite(b);
  if (!both.any().item<bool>()) return 0;
  const auto x = a.masked_select(both), y = b.masked_select(both);
  return ((x - y).abs().max() / (1 + torch::max(x.abs().max(), y.abs().max()))).item<double>();
}

/// Every row of a batch is a point of its own. @throws FileError when what is said of one depends on the others
void check_rows(const Target& target, const std::string& path, const Tensor& x, const Target::Evaluation& all) {
  for (std::int64_t i = 0; i < x.size(0); ++i) {
    const auto row = x.narrow(0, i, 1);
    const auto one = target.evaluate(row);
    if (relative_difference(one.log_density, all.log_density.narrow(0, i, 1)) > 1e-4 ||
        relative_difference(one.score, all.score.narrow(0, i, 1)) > 1e-3)
      throw FileError(path,
                      "forward(x) couples the rows of a batch: the value of a row changes with the rows beside it, as "
                      "with a mean over dimension 0. Make it a function of each row alone.");
  }
}

/// The score is the gradient. @throws FileError when differences of log p contradict it at every trial point
void check_gradient(const Target& target, const std::string& path, const Tensor& x, const Target::Evaluation& at,
                    double step) {
  const auto direction = torch::cos(torch::arange(x.size(1), torch::kFloat64)).to(x.device());
  const auto slope = (target.log_density(x + step * direction) - target.log_density(x - step * direction)) / (2 * step);
  const auto claimed = torch::mv(at.score, direction);
  const auto known = torch::isfinite(slope) & torch::isfinite(claimed);
  const auto size = torch::max(slope.abs(), claimed.abs());
  const auto wrong = ((slope - claimed).abs() > 0.2 * size) & (size > 1e-2);
  if (known.any().item<bool>() && (wrong | ~known).all().item<bool>())
    throw FileError(path,
                    "its score is not the gradient of forward(x), as differences show: part of x may be detached, or "
                    "score(x) that of another density.");
}

/// Fusing and profiling would recompile the module in its first calls, seconds for what takes microseconds.
class ScriptTarget final : public AutogradTarget {
 public:
  ScriptTarget(std::string path, torch::jit::Module module, std::int64_t dimension, torch::ScalarType type)
      : path_(std::move(path)),
        module_(std::move(module)),
        dimension_(dimension),
        type_(type),
        has_score_(module_.find_method("score").has_value()) {}
  [[nodiscard]] std::int64_t dimension() const override { return dimension_; }
  [[nodiscard]] std::string name() const override { return std::filesystem::path(path_).stem().string(); }

 protected:
  [[nodiscard]] Tensor expression(const Tensor& x) const override { return call("forward", x, {x.size(0)}); }
  [[nodiscard]] Evaluation evaluate_block(const Tensor& x) const override {
    if (!has_score_) return AutogradTarget::evaluate_block(x);
    const torch::NoGradGuard no_grad;
    return {call("forward", x, {x.size(0)}), call("score", x, {x.size(0), dimension_})};
  }

 private:
  Tensor call(const char* method, const Tensor& x, torch::IntArrayRef shape) const {
    const torch::jit::GraphOptimizerEnabledGuard plain(false);
    auto module = module_;  // a handle; calls are not const
    Tensor result;
    try {
      const auto value = module.get_method(method)({x.to(type_)});
      if (!value.isTensor()) throw FileError(path_, std::string(method) + "(x) gives no tensor.");
      result = value.toTensor();
    } catch (const FileError&) {
      throw;
    } catch (const std::exception& error) {
      throw CallError(path_, std::string(method) + "(x) with x " + shape_of(x) + " failed: " + error.what());
    }
    if (result.sizes() != shape)
      throw FileError(path_, std::string(method) + "(x) gives " + shape_of(result) + " for x " + shape_of(x) +
                                 ", expected " + (shape.size() == 1 ? "[N]" : "[N, d]") + ".");
    return result.to(torch::kFloat64);
  }

  std::string path_;
  torch::jit::Module module_;
  std::int64_t dimension_;
  torch::ScalarType type_;
  bool has_score_;
};

/// The target, tried with these points; called with float32 where it takes no float64, as a frozen module, whose
/// numbers are no parameters any more, does not say.
std::shared_ptr<const Target> try_target(const std::string& path, const torch::jit::Module& module, const Tensor& x,
                                         torch::ScalarType type) {
  const auto tried = [&](torch::ScalarType as) {
    auto target = std::make_shared<ScriptTarget>(path, module, x.size(1), as);
    const auto found = target->evaluate(x);
    check_rows(*target, path, x, found);
    check_gradient(*target, path, x, found, as == torch::kFloat64 ? 1e-5 : 1e-2);
    return target;
  };
  if (type != torch::kFloat64) return tried(type);
  try {
    return tried(type);
  } catch (const CallError&) {
    const auto first = std::current_exception();
    try {
      return tried(torch::kFloat32);
    } catch (const CallError&) {
      std::rethrow_exception(first);
    }
  }
}

}  // namespace

std::shared_ptr<const Target> open_script_target(const std::string& path, torch::Device device) {
  if (!std::filesystem::is_regular_file(path))
    throw FileError(path, "no such file. A target is a name of 'scorefield list targets' or a file.");
  try {
    auto module = torch::jit::load(path, device);
    module.eval();
    if (!module.hasattr("dim") || !module.attr("dim").isInt())
      throw FileError(path, "has no integer attribute 'dim', the number of coordinates. Set self.dim in the module.");
    const auto dimension = module.attr("dim").toInt();
    if (dimension < 1)
      throw FileError(path, "its attribute 'dim' is " + std::to_string(dimension) + ", expected 1 or more.");
    auto type = torch::kFloat64;
    for (const auto& parameter : module.parameters())
      if (parameter.is_floating_point()) type = parameter.scalar_type();
    for (const auto& buffer : module.buffers())
      if (buffer.is_floating_point()) type = buffer.scalar_type();
    return try_target(path, module, trial_points(dimension, device), type);
  } catch (const c10::Error& error) {
    const std::string text = error.what_without_backtrace();
    throw FileError(path, "is not a TorchScript module: " + text.substr(0, text.find('\n')) +
                              " Save one with torch.jit.script(module).save(path).");
  }
}

}  // namespace scorefield::targets
