#include "training/training_data.hpp"

#include "core/parameter_list.hpp"

namespace scorefield::training {

data::DatasetReader open_training_data(const std::string& path, const TrainConfig& config) {
  data::DatasetReader reader(path, data::Layouts::any);
  if (!config.training.leave_out.empty()) reader.leave_out(parse_parameters({config.training.leave_out}).rows);
  if (config.batch.identity == IdentityUse::ignore) reader.ignore_identity();
  return reader;
}

}  // namespace scorefield::training
