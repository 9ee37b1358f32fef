#pragma once

#include <memory>

#include "apps/command.hpp"

namespace scorefield::apps {

[[nodiscard]] std::unique_ptr<Command> make_benchmark();
[[nodiscard]] std::unique_ptr<Command> make_calibrate();
[[nodiscard]] std::unique_ptr<Command> make_compare();
[[nodiscard]] std::unique_ptr<Command> make_evaluate();
[[nodiscard]] std::unique_ptr<Command> make_export();
[[nodiscard]] std::unique_ptr<Command> make_generate();
[[nodiscard]] std::unique_ptr<Command> make_import();
[[nodiscard]] std::unique_ptr<Command> make_infer();
[[nodiscard]] std::unique_ptr<Command> make_inspect();
[[nodiscard]] std::unique_ptr<Command> make_list();
[[nodiscard]] std::unique_ptr<Command> make_resample();
[[nodiscard]] std::unique_ptr<Command> make_sample();
[[nodiscard]] std::unique_ptr<Command> make_train();

}  // namespace scorefield::apps
