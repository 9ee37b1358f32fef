#include "training/optim/named_tensors.hpp"

#include <torch/utils.h>

#include <map>
#include <set>
#include <sstream>

#include "core/error.hpp"

namespace scorefield::optim {
namespace {

std::string shape_text(const torch::Tensor& tensor) {
  std::ostringstream text;
  text << tensor.sizes() << " " << tensor.scalar_type();
  return text.str();
}

}  // namespace

torch::Tensor gradient_or_zeros(const torch::Tensor& parameter) {
  const torch::Tensor& gradient = parameter.grad();
  if (!gradient.defined()) return torch::zeros(parameter.sizes(), parameter.options().requires_grad(false));
  return gradient.detach().contiguous();
}

void restore(const NamedTensors& live, const NamedTensors& saved, const std::string& what) {
  std::map<std::string, torch::Tensor> by_name(saved.begin(), saved.end());
  for (const auto& [name, target] : live) {
    const auto found = by_name.find(name);
    if (found == by_name.end())
      throw Error(what + " lacks '" + name + "': it was saved with another optimiser or network. Start afresh.");
    const torch::Tensor& value = found->second;
    if (value.sizes() != target.sizes() || value.scalar_type() != target.scalar_type())
      throw Error(what + ": '" + name + "' is " + shape_text(value) + ", expected " + shape_text(target) +
                  ": it was saved with another network or precision. Start afresh.");
  }
  if (by_name.size() != live.size()) {
    for (const auto& entry : live) by_name.erase(entry.first);
    throw Error(what + " holds '" + by_name.begin()->first + "', which this optimiser or network does not have.");
  }
  torch::NoGradGuard no_grad;
  for (const auto& [name, target] : live) torch::Tensor(target).copy_(by_name.at(name));
}

void check_parameters(const NamedTensors& parameters) {
  TORCH_CHECK_VALUE(!parameters.empty(), "optimiser needs at least one parameter");
  const torch::Tensor& first = parameters.front().second;
  std::set<std::string> names;
  for (const auto& [name, parameter] : parameters) {
    TORCH_CHECK_VALUE(names.insert(name).second, "parameter name '", name, "' is given twice");
    TORCH_CHECK_VALUE(parameter.defined() && parameter.is_floating_point(), "parameter '", name,
                      "' is not a defined floating-point tensor");
    TORCH_CHECK_VALUE(parameter.is_contiguous(), "parameter '", name, "' is not contiguous");
    TORCH_CHECK_VALUE(parameter.scalar_type() == first.scalar_type() && parameter.device() == first.device(),
                      "parameter '", name, "' is ", parameter.scalar_type(), " on ", parameter.device(),
                      ", the first is ", first.scalar_type(), " on ", first.device(), ": one optimiser holds one kind");
  }
}

}  // namespace scorefield::optim
