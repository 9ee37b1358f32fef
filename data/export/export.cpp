#include "data/export/export.hpp"

#include "core/error.hpp"
#include "data/export/writers.hpp"

namespace scorefield::data {
namespace {

ExportFormat format_of_name(const std::string& output, ExportFormat given) {
  if (given != ExportFormat::automatic) return given;
  if (output.ends_with(".npz")) return ExportFormat::npz;
  if (output.ends_with(".nc")) return ExportFormat::netcdf;
  return ExportFormat::openpmd;
}

std::vector<double> numbers_or_none(const h5::File& file, const std::string& name) {
  return file.exists(name) ? file.read<double>(name) : std::vector<double>{};
}

std::string word_or_none(const h5::File& file, const std::string& name) {
  return file.has_attribute("/", name) ? file.string_attribute("/", name) : "";
}

std::vector<SampleVariable> read_variables(const h5::File& file) {
  std::vector<SampleVariable> variables;
  if (!file.exists("/variables")) return variables;
  for (const auto& name : file.children("/variables")) {
    const std::string path = "/variables/" + name;
    const h5::Dims dims = file.dims(path);
    if (dims.empty() || dims[0] != file.dims("/samples")[0])
      throw FileError(file.path(), "'" + path + "' has shape " + h5::to_text(dims) + ", expected one row a particle.");
    variables.push_back({name,
                         file.has_attribute(path, "role") ? file.string_attribute(path, "role") : "",
                         {dims.begin() + 1, dims.end()},
                         file.read<double>(path)});
  }
  return variables;
}

std::vector<std::string> export_cloud(const SampleCloud& cloud, const std::string& output, ExportFormat format,
                                      const ExportOptions& options) {
  if (format == ExportFormat::npz) write_npz(cloud, output);
  else if (format == ExportFormat::netcdf) write_netcdf(cloud, output, options.seed);
  else write_openpmd(cloud, output, options);
  return {output};
}

std::vector<std::string> export_dataset(const DatasetReader& reader, const std::string& output, ExportFormat format,
                                        const ExportOptions& options) {
  if (format == ExportFormat::openpmd) return write_openpmd(reader, output, options);
  if (format == ExportFormat::npz) write_npz(reader, output);
  else write_netcdf(reader, output);
  return {output};
}

}  // namespace

void bind(OptionSet& set, ExportOptions& options) {
  set.add("export.format", options.format,
          {{"auto", ExportFormat::automatic},
           {"openpmd", ExportFormat::openpmd},
           {"npz", ExportFormat::npz},
           {"netcdf", ExportFormat::netcdf}},
          "what is written; auto: by the name, .npz, .nc (ArviZ) or else openPMD");
  set.add("export.species", options.species, "openPMD: name of the species");
  set.add("export.author", options.author, "openPMD: who is responsible, NAME <EMAIL>; empty: the program");
}

SampleCloud read_cloud(const std::string& path) {
  const h5::File file = h5::File::open(path);
  SampleCloud cloud;
  cloud.provenance = read_provenance(file, {kSamplesFormat});
  const h5::Dims dims = file.dims("/samples");
  if (dims.size() != 2)
    throw FileError(path, "dataset '/samples' has shape " + h5::to_text(dims) + ", expected rank 2 [N, d].");
  cloud.particles = dims[0];
  cloud.dimension = dims[1];
  cloud.samples = file.read<double>("/samples");
  cloud.weights = numbers_or_none(file, "/weights");
  cloud.log_prob = numbers_or_none(file, "/log_prob");
  if (file.exists("/replica")) cloud.replica = file.read<std::int64_t>("/replica");
  if (!cloud.replica.empty() && std::ssize(cloud.replica) != cloud.particles)
    throw FileError(path,
                    "'/replica' has " + std::to_string(cloud.replica.size()) + " entries, expected one a particle.");
  if (file.has_attribute("/samples", "names")) cloud.names = file.strings_attribute("/samples", "names");
  cloud.variables = read_variables(file);
  cloud.method = word_or_none(file, "method");
  cloud.target = word_or_none(file, "target");
  return cloud;
}

std::vector<std::string> export_file(const std::string& path, const std::string& output, const ExportOptions& options) {
  const ExportFormat format = format_of_name(output, options.format);
  const std::string kind = read_provenance(h5::File::open(path), {}).format;
  if (kind == kSamplesFormat) return export_cloud(read_cloud(path), output, format, options);
  if (kind == kDatasetFormat || kind == kRolloutFormat)
    return export_dataset(DatasetReader(path, Layouts::any), output, format, options);
  throw FileError(path, "holds " + kind + ", expected a dataset, a rollout or samples: nothing else is exported.");
}

}  // namespace scorefield::data
