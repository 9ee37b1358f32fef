#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/h5.hpp"

namespace scorefield::data::openpmd {

/// The particles of one species at one time: a group of records (openPMD 1.0 to 2.0), read in SI units. A record is a
/// scalar (component "") or has components; each is an array times `unitSI`, or one constant (attributes `value` and
/// `shape`, a number or a list).
class Species {
 public:
  /// Whether `group` holds particles: it has the record `position`.
  [[nodiscard]] static bool is_species(const h5::File& file, const std::string& group);

  /// The file must outlive it. @throws FileError if the group is no species
  Species(const h5::File& file, std::string group);

  [[nodiscard]] const std::string& group() const { return group_; }
  [[nodiscard]] const std::string& path() const { return file_.path(); }
  /// Number of (macro-)particles. @throws FileError if the components of `position` differ in length
  [[nodiscard]] std::int64_t size() const { return size_; }

  [[nodiscard]] bool has(const std::string& record) const;
  [[nodiscard]] bool has(const std::string& record, const std::string& component) const;
  /// Sorted names of the records.
  [[nodiscard]] std::vector<std::string> records() const;
  /// Sorted names of the components; {""} for a scalar record, {} where there is no such record.
  [[nodiscard]] std::vector<std::string> components(const std::string& record) const;
  /// A word that the record or the component itself carries as attribute `name`.
  [[nodiscard]] std::optional<std::string> word(const std::string& record, const std::string& component,
                                                const std::string& name) const;

  /// A number that it carries so.
  [[nodiscard]] std::optional<double> number(const std::string& record, const std::string& component,
                                             const std::string& name) const;

  /// The value that all particles share, where the file says that there is one; offset included.
  [[nodiscard]] std::optional<double> constant(const std::string& record, const std::string& component) const;
  /// [N] values times unitSI, plus those of RECORDOffset (positionOffset, momentumOffset, timeOffset; constant or not).
  /// @throws FileError if there is no such component, or it has another length
  [[nodiscard]] std::vector<double> read(const std::string& record, const std::string& component) const;
  /// The same, of one particle rather than of a macro-particle: divided by weighting^weightingPower where the record
  /// is `macroWeighted`. weights: [N], empty: all 1.
  [[nodiscard]] std::vector<double> read_per_particle(const std::string& record, const std::string& component,
                                                      const std::vector<double>& weights) const;
  /// [N] real particles per macro-particle, from `weighting` (or BeamPhysics' `weight`, a charge); empty where there is
  /// neither.
  [[nodiscard]] std::vector<double> weights() const;
  /// [N] names of the particles; empty where they have none.
  [[nodiscard]] std::vector<std::int64_t> id() const;

 private:
  [[nodiscard]] std::string path_of(const std::string& record, const std::string& component) const;
  [[nodiscard]] double unit(const std::string& record, const std::string& component) const;
  [[nodiscard]] std::int64_t length(const std::string& record, const std::string& component) const;
  [[nodiscard]] std::optional<double> stored_constant(const std::string& record, const std::string& component) const;
  void add(const std::string& record, const std::string& component, std::vector<double>& sum) const;

  const h5::File& file_;
  std::string group_;
  std::int64_t size_ = 0;
};

}  // namespace scorefield::data::openpmd
