#include <iostream>
#include <nlohmann/json.hpp>

#include "apps/command_line.hpp"
#include "apps/commands.hpp"
#include "data/import/import.hpp"

namespace scorefield::apps {

void run_import(int argc, const char* const* argv) {
  CommandLine line("import", "converts arrays of particles (.npy, .npz, HDF5) to a dataset",
                   "FILE... --output DATA.h5 [FLAGS]");
  line.add_arguments("file");
  line.add_flag("output", "DATA.h5", "the dataset to write");
  line.add_shorthand("mu", "LIST", "import.mu_values",
                     "the physics parameter of every run in the files, as in 1.2,1.3");
  line.add_example("scorefield import runs.npz --output data.h5");
  line.add_example(
      "scorefield import a.npy b.npy --mu 1.2,1.3 --output data.h5 --set import.duration=40 --set "
      "import.coordinates=x,v --set import.periods=50,0");
  line.parse(argc, argv);

  OptionSet set;
  data::ImportOptions options;
  line.bind(set);
  data::bind(set, options);
  if (line.help()) {
    std::cout << line.help_text(set);
    return;
  }
  static_cast<void>(line.required("file"));
  const auto files = line.values("file");
  const std::string output = line.required("output");
  line.resolve(set);
  check_output_differs(output, files);

  data::Provenance provenance;
  provenance.seed = line.common().seed;
  provenance.config = set.to_toml();
  const auto header = data::import_files(files, options, provenance, output);
  if (line.common().json) {
    std::cout << nlohmann::ordered_json{{"output", output},
                                        {"mu", header.mu},
                                        {"frames", header.frames()},
                                        {"particles", header.particles},
                                        {"coordinates", header.coordinates},
                                        {"velocities", header.has_velocities}}
                     .dump(2)
              << "\n";
    return;
  }
  std::cout << output << ": " << header.mu_count() << " mu, " << header.frames() << " times, " << header.particles
            << " particles of " << header.dimension() << " coordinates" << (header.has_velocities ? ", velocities" : "")
            << "\n";
}

}  // namespace scorefield::apps
