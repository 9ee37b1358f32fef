#include "models/targets/script_target.hpp"

#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/script.h>

#include <exception>
#include <filesystem>
#include <sstream>

#include "core/error.hpp"
#include "models/targets/autograd_target.hpp"
#include "models/targets/trial.hpp"

namespace scorefield::targets {
namespace {

using torch::Tensor;

std::string shape_of(const Tensor& tensor) {
  std::ostringstream text;
  text << tensor.sizes();
  return text.str();
}

/// The module's own code failed.
struct CallError : FileError {
  using FileError::FileError;
};

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
    const Trial trial{path, "forward(x)", as == torch::kFloat64 ? 1e-5 : 1e-2};
    check_rows(*target, trial, x, found);
    check_gradient(*target, trial, x, found);
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
