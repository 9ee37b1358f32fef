#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "models/targets/shared_library.hpp"

namespace scorefield::targets {

/// The data of a Stan model.
struct StanData {
  std::string json;    ///< an object, or empty
  std::string origin;  ///< the file that it comes from, for messages; empty: none was given
};

/// The functions of BridgeStan's C interface, version 2, in a library: a compiled model, or an interpreter that finds
/// the model in its data. The library's types are opaque here.
class BridgeStan {
 public:
  /// @throws FileError where the library lacks a function
  explicit BridgeStan(const SharedLibrary& library);

  [[nodiscard]] static bool is_in(const SharedLibrary& library) { return library.has("bs_model_construct"); }

  void* (*construct)(const char* data, unsigned seed, char** error) = nullptr;
  void (*destruct)(void* model) = nullptr;
  void (*free_message)(char* message) = nullptr;
  const char* (*model_info)(const void* model) = nullptr;
  const char* (*names)(const void* model, bool transformed, bool generated) = nullptr;
  int (*count)(const void* model, bool transformed, bool generated) = nullptr;
  int (*unconstrained_count)(const void* model) = nullptr;
  int (*log_density)(const void* model, bool propto, bool jacobian, const double* x, double* log_p,
                     char** error) = nullptr;
  int (*gradient)(const void* model, bool propto, bool jacobian, const double* x, double* log_p, double* score,
                  char** error) = nullptr;
  int (*constrain)(const void* model, bool transformed, bool generated, const double* x, double* parameters, void* rng,
                   char** error) = nullptr;
  int (*unconstrain)(const void* model, const double* parameters, double* x, char** error) = nullptr;
  void* (*make_rng)(unsigned seed, char** error) = nullptr;
  void (*destroy_rng)(void* rng) = nullptr;

  /// What the library says went wrong; its string is freed.
  [[nodiscard]] std::string taken(char* message) const;
};

/// A model with its data. Calls from one thread at a time, or, where thread_safe(), with a model for each thread.
class StanModel {
 public:
  /// @throws FileError when the model refuses its data, which says why
  StanModel(const BridgeStan& functions, const std::string& library, const StanData& data, unsigned seed);

  [[nodiscard]] void* get() const { return model_.get(); }
  [[nodiscard]] std::int64_t dimension() const;
  /// Names of parameters, with those of transformed parameters and generated quantities behind them if wished: "w[2,1]"
  [[nodiscard]] std::vector<std::string> names(bool transformed, bool generated) const;
  /// Whether models of one library may be used by several threads at a time.
  [[nodiscard]] bool thread_safe() const;

 private:
  const BridgeStan* functions_;
  std::unique_ptr<void, void (*)(void*)> model_;
};

}  // namespace scorefield::targets
