#include "data/import/population.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/error.hpp"
#include "core/random.hpp"
#include "core/rows.hpp"

namespace scorefield::data {
namespace {

bool finite_row(const ImportFrame& frame, std::size_t n, std::size_t d) {
  bool finite = frame.weights.empty() || (std::isfinite(frame.weights[n]) && frame.weights[n] >= 0);
  for (std::size_t c = n * d; c < (n + 1) * d; ++c) {
    finite = finite && std::isfinite(frame.samples[c]);
    if (!frame.velocities.empty()) finite = finite && std::isfinite(frame.velocities[c]);
  }
  return finite;
}

/// Rows of a frame that are finite, in the frame's order.
std::vector<std::size_t> finite_rows(const ImportFrame& frame, std::size_t d) {
  std::vector<std::size_t> rows;
  rows.reserve(frame.samples.size() / d);
  for (std::size_t n = 0; n < frame.samples.size() / d; ++n)
    if (finite_row(frame, n, d)) rows.push_back(n);
  return rows;
}

/// Fisher-Yates; step i draws number i of the stream.
template <class T>
void permute(std::vector<T>& values, std::uint64_t seed, std::uint64_t stream) {
  const Philox random(seed, stream);
  for (std::size_t i = values.size(); i > 1; --i)
    std::swap(values[i - 1], values[static_cast<std::size_t>(random.integer(i, i))]);
}

/// float32's step at the largest magnitude, over the deviation; 0 where nothing varies.
double coarseness_of(const ImportFrame& frame, const std::vector<std::size_t>& rows, std::size_t d, std::size_t c) {
  double mean = 0, square = 0, largest = 0;
  for (const std::size_t n : rows) {
    const double x = frame.samples[n * d + c];
    mean += x / static_cast<double>(rows.size());
    largest = std::max(largest, std::abs(x));
  }
  for (const std::size_t n : rows)
    square += std::pow(frame.samples[n * d + c] - mean, 2) / static_cast<double>(rows.size());
  constexpr double kNoDeviation = 1e-12;  // of the magnitude: what double precision leaves of equal numbers
  return std::sqrt(square) > kNoDeviation * largest
             ? largest * static_cast<double>(std::numeric_limits<float>::epsilon()) / std::sqrt(square)
             : 0;
}

/// Mean 0 and deviation 1; nothing where all are equal.
std::vector<double> standardised(std::vector<double> values) {
  double mean = 0, square = 0;
  const auto n = static_cast<double>(values.size());
  for (const double value : values) mean += value / n;
  for (const double value : values) square += (value - mean) * (value - mean) / n;
  if (square == 0) return {};
  for (double& value : values) value = (value - mean) / std::sqrt(square);
  return values;
}

/// How many deviations a statistic of standardised numbers is from what a random order gives; the largest of three:
/// neighbours alike, a drift along the file, a last twentieth unlike the rest.
double order_score(const std::vector<double>& y) {
  const auto n = static_cast<double>(y.size());
  const std::size_t tail = y.size() / 20;
  double neighbours = 0, drift = 0, last = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    drift += y[i] * (static_cast<double>(i) / n - 0.5);
    if (i + tail >= y.size()) last += y[i];
    if (i > 0) neighbours += y[i] * y[i - 1];
  }
  const double score = std::max(std::abs(neighbours) / std::sqrt(n), std::abs(drift) * std::sqrt(12 / n));
  return tail > 0 ? std::max(score, std::abs(last) / std::sqrt(static_cast<double>(tail))) : score;
}

/// Whether the order of the rows says something of coordinate c, its value or its distance from the mean.
bool in_some_order(const ImportFrame& frame, const std::vector<std::size_t>& rows, std::size_t d, std::size_t c) {
  constexpr std::size_t kFewest = 16;
  constexpr double kBeyondChance = 4.5;
  if (rows.size() < kFewest) return false;
  std::vector<double> y;
  for (const std::size_t n : rows) y.push_back(frame.samples[n * d + c]);
  y = standardised(std::move(y));
  if (order_score(y) > kBeyondChance) return true;
  for (double& value : y) value = std::abs(value);
  return order_score(standardised(std::move(y))) > kBeyondChance;
}

/// Keeps of the sorted `all` what the sorted `some` has, too.
void intersect(std::vector<std::int64_t>& all, const std::vector<std::int64_t>& some) {
  std::vector<std::int64_t> both;
  std::set_intersection(all.begin(), all.end(), some.begin(), some.end(), std::back_inserter(both));
  all = std::move(both);
}

bool all_equal(const std::vector<double>& weights) {
  const auto [least, most] = std::minmax_element(weights.begin(), weights.end());
  return weights.empty() || *most - *least <= 1e-9 * std::abs(*most);
}

}  // namespace

Population survey(const Run& run) {
  const auto d = static_cast<std::size_t>(run.space().dimension);
  Population found;
  found.coarseness.resize(d);
  std::vector<std::int64_t> first_id;
  for (std::int64_t k = 0; k < run.frames(); ++k) {
    const ImportFrame frame = run.read(k);
    const auto rows = finite_rows(frame, d);
    found.finite.push_back(static_cast<std::int64_t>(rows.size()));
    found.lost += static_cast<std::int64_t>(frame.samples.size() / d - rows.size());
    found.uniform = found.uniform && all_equal(frame.weights);
    if (k == 0)
      for (const std::size_t n : rows) found.weight += frame.weights.empty() ? 1 : frame.weights[n];
    for (std::size_t c = 0; c < d; ++c) {
      found.coarseness[c] = std::max(found.coarseness[c], coarseness_of(frame, rows, d, c));
      found.ordered = found.ordered || in_some_order(frame, rows, d, c);
    }
    std::vector<std::int64_t> id;
    for (const std::size_t n : rows) id.push_back(frame.id.empty() ? static_cast<std::int64_t>(n) : frame.id[n]);
    std::sort(id.begin(), id.end());
    if (std::adjacent_find(id.begin(), id.end()) != id.end()) found.unique_id = false;
    if (k == 0) first_id = found.followed = id;
    found.same_id = found.same_id && id == first_id;
    intersect(found.followed, id);
  }
  return found;
}

Selection::Selection(const Run& run, const Population& population, const Selecting& how, std::uint64_t seed,
                     std::int64_t m)
    : population_(population),
      trajectories_(how.trajectories),
      permuted_(how.permuted),
      all_(how.all),
      by_id_(run.space().has_id),
      weighted_(!how.all && run.space().has_weights && !population.uniform),
      seed_(seed),
      first_stream_(static_cast<std::uint64_t>(m) << 32),
      count_(static_cast<std::size_t>(how.count)),
      dimension_(static_cast<std::size_t>(run.space().dimension)) {
  if (!trajectories_) return;
  order_ = population.followed;
  if (permuted_) permute(order_, seed_, first_stream_);
}

std::vector<std::size_t> Selection::followed_rows(const ImportFrame& frame) {
  if (!by_id_) return {order_.begin(), order_.end()};
  std::vector<std::pair<std::int64_t, std::size_t>> places;
  for (std::size_t n = 0; n < frame.id.size(); ++n) places.emplace_back(frame.id[n], n);
  std::sort(places.begin(), places.end());
  std::vector<std::size_t> rows;
  rows.reserve(order_.size());
  for (const std::int64_t id : order_)
    rows.push_back(std::lower_bound(places.begin(), places.end(), std::pair(id, std::size_t{0}))->second);
  return rows;
}

void Selection::draw_by_weight(const ImportFrame& frame, std::vector<std::size_t>& rows, std::uint64_t stream) const {
  const std::uint64_t own = stream + (std::uint64_t{1} << 31);
  const auto weights = picked_rows(frame.weights, rows);
  std::vector<std::size_t> drawn;
  for_systematic_rows(std::span(weights), static_cast<std::int64_t>(count_), Philox(seed_, own).uniforms(0)[0],
                      [&](std::size_t i) { drawn.push_back(rows[i]); });
  permute(drawn, seed_, own);  // copies of one particle lie side by side
  rows = std::move(drawn);
}

std::vector<std::size_t> Selection::rows(const ImportFrame& frame, std::int64_t k) {
  const std::uint64_t stream = first_stream_ + static_cast<std::uint64_t>(k);
  if (!trajectories_) {
    auto rows = finite_rows(frame, dimension_);
    if (permuted_ || (!all_ && rows.size() > count_)) permute(rows, seed_, stream);
    if (weighted_) draw_by_weight(frame, rows, stream);
    if (!all_) rows.resize(count_);
    return rows;
  }
  auto rows = followed_rows(frame);
  if (weighted_ && chosen_.empty()) {  // the draw of the first frame holds for all: a particle keeps its weight
    auto drawn = rows;
    draw_by_weight(frame, drawn, stream);
    std::vector<std::size_t> place(frame.samples.size() / dimension_);
    for (std::size_t i = 0; i < rows.size(); ++i) place[rows[i]] = i;
    for (const std::size_t n : drawn) chosen_.push_back(place[n]);
  }
  if (!weighted_) {
    if (!all_) rows.resize(count_);
    return rows;
  }
  std::vector<std::size_t> result;
  for (const std::size_t i : chosen_) result.push_back(rows[i]);
  return result;
}

}  // namespace scorefield::data
