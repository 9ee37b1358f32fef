#include "data/points.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/error.hpp"
#include "data/dataset.hpp"
#include "data/import/numpy_array.hpp"
#include "data/samples_file.hpp"

namespace scorefield::data {
namespace {

NamedArray read_numpy_points(const std::string& path) {
  const NumpyArray array(plain_bytes(path, 0));
  const h5::Dims& dims = array.dims();
  if (dims.size() != 2 || dims[0] < 1 || dims[1] < 1)
    throw FileError(path, "holds an array " + h5::to_text(dims) + ", expected points [N, d].");
  const auto values = array.read_all();
  if (!std::all_of(values.begin(), values.end(), [](double x) { return std::isfinite(x); }))
    throw FileError(path, "holds numbers that are not finite.");
  return {dims, values};
}

/// @throws FileError unless they are weights of a population
std::vector<float> checked(const std::string& path, std::vector<float> weights) {
  double sum = 0;
  for (const float weight : weights) {
    if (!(std::isfinite(weight) && weight >= 0))
      throw FileError(path, "'/weights' holds a weight that is negative or not finite.");
    sum += weight;
  }
  if (!weights.empty() && sum == 0) throw FileError(path, "'/weights' are 0 throughout; no point counts.");
  return weights;
}

Points read_frame_points(const std::string& path, const Place& place) {
  const DatasetReader reader(path, Layouts::any);
  const auto& header = reader.header();
  const std::int64_t m = place.mu.empty() ? 0 : reader.nearest_mu(place.mu);
  const auto& times = header.times(m);
  const double wanted = place.time.empty() ? times.front() : place.time.front();
  const auto nearest = std::min_element(
      times.begin(), times.end(), [wanted](double a, double b) { return std::abs(a - wanted) < std::abs(b - wanted); });
  const std::int64_t k = nearest - times.begin(), n = header.particles_at(m, k);
  std::vector<float> frame(static_cast<std::size_t>(n * header.dimension()));
  reader.read_samples(m, k, frame);
  std::vector<float> weights(header.has_weights ? static_cast<std::size_t>(n) : 0);
  if (header.has_weights) reader.read_weights(m, k, weights);
  return {{{n, header.dimension()}, std::vector<double>(frame.begin(), frame.end())},
          checked(path, std::move(weights))};
}

Points read_cloud(const std::string& path) {
  auto samples = read_samples(path);
  std::vector<float> weights;
  const auto file = h5::File::open(path);
  if (file.exists("/weights")) {
    weights = file.read<float>("/weights");
    if (static_cast<std::int64_t>(weights.size()) != samples.shape[0])
      throw FileError(path, "'/weights' holds " + std::to_string(weights.size()) + " numbers for " +
                                std::to_string(samples.shape[0]) + " samples.");
  }
  return {std::move(samples), checked(path, std::move(weights))};
}

}  // namespace

Points read_points(const std::string& path, const Place& place) {
  if (path.ends_with(".npy")) return {read_numpy_points(path), {}};
  const auto format = read_provenance(h5::File::open(path), {kDatasetFormat, kRolloutFormat, kSamplesFormat}).format;
  return format == kSamplesFormat ? read_cloud(path) : read_frame_points(path, place);
}

}  // namespace scorefield::data
