#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace scorefield::metrics {

/// One quantity of the prediction and of everything that it is compared with. One more baseline is a member, a line of
/// for_each and an entry of kSources.
template <class T>
struct Compared {
  T prediction{};
  T floor{};         ///< independent high-fidelity run, same mu
  T nearest{};       ///< training run of the nearest mu, copied
  T interpolated{};  ///< training runs, linear in mu
  T cubic{};         ///< training runs, four of them, cubic in mu
  T mixture{};       ///< particles of the training runs around mu, poured together
  T coarse{};        ///< the solver with the rollout's particles on a coarse mesh and step, where it is given
  T displacement{};  ///< this mu's training run, its frames around a time that it left out moved into each other
  T halves{};        ///< without a floor: one half of the truth's particles against the other

  /// Calls visit(value, ...) for the values of this and of others, in the order above.
  template <class Visit, class... Others>
  constexpr void for_each(Visit&& visit, Others&... others) const {
    visit(prediction, others.prediction...);
    visit(floor, others.floor...);
    visit(nearest, others.nearest...);
    visit(interpolated, others.interpolated...);
    visit(cubic, others.cubic...);
    visit(mixture, others.mixture...);
    visit(coarse, others.coarse...);
    visit(displacement, others.displacement...);
    visit(halves, others.halves...);
  }
};

/// How the values of a Compared are called.
struct Source {
  const char* name;      ///< in files
  const char* heading;   ///< of a column
  const char* words;     ///< in a sentence
  const char* meaning;   ///< in a legend
  bool competes = true;  ///< for the least error: it does not know the truth's mu and times
};
inline constexpr Compared<Source> kSources{
    {"prediction", "error", "the prediction", "the rollout"},
    {"floor", "floor", "the floor", "an independent high-fidelity run", false},
    {"nearest", "nearest", "the nearest training run", "the training run of the nearest mu, copied"},
    {"interpolated", "interp.", "interpolation in mu", "training histories, linear in mu"},
    {"cubic", "cubic", "cubic interpolation in mu", "four training histories, cubic in mu"},
    {"mixture", "mixture", "the mixture of training runs", "particles of the training runs around mu, in proportion"},
    {"coarse", "coarse", "the coarse solver", "the solver with as many particles on a coarse mesh and step"},
    {"displacement", "displ.", "displacement interpolation in time",
     "particles of the neighbouring frames at this mu, each moved on its shortest way"},
    {"halves", "halves", "half against half", "one half of the reference's particles against the other", false}};

/// One value per frame; empty where absent.
using ScoreHistory = Compared<std::vector<double>>;

/// One metric at one mu, or its mean over mu. What a problem or baseline lacks is absent.
struct Score : Compared<std::optional<double>> {
  ScoreHistory frames;  ///< [F] at the compared clouds' times, of metrics that are distances between clouds
};

struct Metric;

/// A score of every metric of the table (metric.hpp).
class Scores {
 public:
  Scores();

  [[nodiscard]] Score& operator[](const Metric& metric);
  [[nodiscard]] const Score& operator[](const Metric& metric) const;
  /// By its key, "sliced_w2". @throws std::out_of_range for a key that no metric has
  [[nodiscard]] Score& operator[](std::string_view key);
  [[nodiscard]] const Score& operator[](std::string_view key) const;

 private:
  std::vector<Score> scores_;  ///< in the table's order
};

/// The metrics of one prediction.
struct ScoresAtMu {
  std::vector<double> mu;                     ///< [p]
  std::optional<bool> inside_training_range;  ///< absent without training data
  std::optional<bool> is_training_mu;
  Scores scores;
};

}  // namespace scorefield::metrics
