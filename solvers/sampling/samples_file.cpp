#include "solvers/sampling/samples_file.hpp"

#include <torch/utils.h>

#include "core/error.hpp"
#include "data/atomic_file.hpp"
#include "data/schema.hpp"

namespace scorefield::sampling {
namespace {

using torch::Tensor;

void write_cloud_tensor(h5::File& file, const std::string& name, const Tensor& tensor) {
  const auto values = tensor.detach().cpu().contiguous();
  const h5::Dims dims(values.sizes().begin(), values.sizes().end());
  const auto count = static_cast<std::size_t>(values.numel());
  if (values.scalar_type() == torch::kInt64)
    return file.write<std::int64_t>(name, {values.const_data_ptr<std::int64_t>(), count}, dims);
  const auto numbers = values.to(torch::kFloat64);
  file.write<double>(name, {numbers.const_data_ptr<double>(), count}, dims);
}

Tensor read_cloud_tensor(const h5::File& file, const std::string& name) {
  const auto dims = file.dims(name);
  if (file.element_type(name) == "int64") return torch::tensor(file.read<std::int64_t>(name), torch::kInt64).view(dims);
  return torch::tensor(file.read<double>(name), torch::kFloat64).view(dims);
}

}  // namespace

void write_tensor_map(h5::File& file, const std::string& group, const std::map<std::string, Tensor>& tensors) {
  for (const auto& [name, tensor] : tensors) write_cloud_tensor(file, group + "/" + name, tensor);
}

std::map<std::string, Tensor> read_tensor_map(const h5::File& file, const std::string& group) {
  std::map<std::string, Tensor> tensors;
  if (!file.exists(group)) return tensors;
  for (const auto& name : file.children(group)) tensors.emplace(name, read_cloud_tensor(file, group + "/" + name));
  return tensors;
}

void write_frames(h5::File& file, const Frames& frames) {
  if (frames.iterations.empty()) return;
  file.write<std::int64_t>("/frames/iterations", frames.iterations,
                           {static_cast<std::int64_t>(frames.iterations.size())});
  write_cloud_tensor(file, "/frames/positions", torch::stack(frames.clouds));
}

Frames read_frames(const h5::File& file) {
  if (!file.exists("/frames")) return {};
  return {file.read<std::int64_t>("/frames/iterations"), read_cloud_tensor(file, "/frames/positions").unbind(0)};
}

void write_samples(const std::string& path, const RunResult& result, const std::string& target,
                   const RunOptions& options) {
  data::AtomicFile destination(path);
  auto file = h5::File::create(destination.temporary_path(), path);
  data::write_provenance(file, {.format = data::kSamplesFormat, .seed = options.seed, .config = options.config});
  write_cloud_tensor(file, "/samples", result.samples);
  if (result.weights.defined()) write_cloud_tensor(file, "/weights", result.weights);
  if (result.log_prob.defined()) write_cloud_tensor(file, "/log_prob", result.log_prob);
  for (const auto& [name, column] : result.trace)
    file.write<double>("/trace/" + name, column, {static_cast<std::int64_t>(column.size())});
  write_tensor_map(file, "/extra", result.extras);
  write_frames(file, result.frames);
  if (result.density.log_prob.defined())
    write_tensor_map(
        file, "/density",
        {{"axis0", result.density.axis[0]}, {"axis1", result.density.axis[1]}, {"log_prob", result.density.log_prob}});
  file.set_attribute("/", "method", result.method);
  file.set_attribute("/", "target", target);
  file.set_attribute("/", "iterations", result.iterations);
  file.set_attribute("/", "score_evaluations", result.evaluations.score);
  file.set_attribute("/", "density_evaluations", result.evaluations.density);
  file.set_attribute("/", "converged", std::int64_t{result.converged});
  if (!result.notes.empty()) file.set_attribute("/", "notes", result.notes);
  file.close();
  destination.commit();
}

Tensor read_samples(const std::string& path) {
  const auto file = h5::File::open(path);
  (void)data::read_provenance(file, {data::kSamplesFormat});
  const auto samples = read_cloud_tensor(file, "/samples");
  if (samples.dim() != 2) throw FileError(path, "'/samples' must be [N, d].");
  return samples.to(torch::kFloat64);
}

}  // namespace scorefield::sampling
