#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/options.hpp"
#include "data/dataset.hpp"
#include "data/h5.hpp"
#include "data/model_header.hpp"

namespace scorefield::training {

struct ReducedModel;
struct TrainConfig;
struct TrainRequest;
struct TrainResult;

/// A kind of field that moves a population, with its own options: which data ask for it, how it is learned, and how its
/// models are read. Each is one file of this folder and one line of registry.cpp; nothing outside of them knows which
/// fields there are.
class Field {
 public:
  virtual ~Field() = default;
  [[nodiscard]] virtual std::unique_ptr<Field> clone() const = 0;

  /// As in model.field.
  [[nodiscard]] virtual std::string name() const = 0;
  /// What it is, in a few words.
  [[nodiscard]] virtual std::string summary() const = 0;
  /// Adds the keys that are its own.
  virtual void bind(OptionSet&) {}
  /// What options must not be combined. @throws UsageError
  virtual void validate(const TrainConfig&) const {}

  /// Why these data ask for it rather than for the fields after it in the registry: the end of a sentence for the user.
  /// Absent where they do not. Asked in the order of the registry, so the last one takes whatever comes.
  [[nodiscard]] virtual std::optional<std::string> suits(const data::DatasetReader& reader,
                                                         const TrainConfig& config) const = 0;

  /// Puts choices by what the data have in the place of those that its options leave open. @return the reasons, the end
  /// of a sentence for the user; empty where there was nothing to choose
  virtual std::string resolve(TrainConfig&, const data::DatasetReader&) const { return ""; }

  /// Trains a model and writes it, as train() says (training/trainer.hpp). The configuration names this field.
  [[nodiscard]] virtual TrainResult train(const TrainRequest& request) const = 0;

  /// Whether it reads models of this kind, the word in the file.
  [[nodiscard]] virtual bool reads(const std::string& kind) const = 0;
  /// Fills in what moves populations, what else a model of its kind is good for, and the normaliser. @throws FileError
  virtual void read(const h5::File& file, const data::ModelHeader& header, ReducedModel& model) const = 0;
};

/// Makes the field F: declared here, defined where F is (define_field.hpp).
template <class F>
[[nodiscard]] std::unique_ptr<Field> make_field();

}  // namespace scorefield::training
