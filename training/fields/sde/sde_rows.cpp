#include "training/fields/sde/sde_rows.hpp"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.hpp"
#include "training/fields/swish_network.hpp"

namespace scorefield::training {
namespace {

using torch::Tensor;

/// Beyond the data on either side, of their width.
constexpr double kMargin = 0.1;

}  // namespace

SdeRows::SdeRows(const models::Normalizer& normalizer, bool alike)
    : alike_(alike),
      dimension_(normalizer.dimension()),
      periods_(normalizer.normalized_periods()),
      columns_(alike ? 2 : column_count(periods_)) {
  const auto d = static_cast<std::size_t>(dimension_);
  units_.assign(d, 1);
  if (alike) {
    if (column_count(periods_) > dimension_) throw UsageError("sde.alike needs coordinates without a period.");
    const double n = static_cast<double>(d);
    const double center = std::accumulate(normalizer.center.begin(), normalizer.center.end(), 0.0) / n;
    const double scale = std::accumulate(normalizer.scale.begin(), normalizer.scale.end(), 0.0) / n;
    std::vector<double> slope, start;
    for (std::size_t k = 0; k < d; ++k) {
      slope.push_back(normalizer.scale[k] / scale);
      start.push_back((normalizer.center[k] - center) / scale);
      units_[k] = scale / normalizer.scale[k];
    }
    to_body_ = torch::tensor(slope).to(torch::kFloat32).unsqueeze(0);
    body_start_ = torch::tensor(start).to(torch::kFloat32).unsqueeze(0);
  }
  table_ = torch::tensor({0.F, 1.F, -1e6F, 1e6F}).unsqueeze(1).repeat({1, columns_});
}

Tensor SdeRows::raw(const Tensor& x) const {
  if (alike_) {
    const Tensor bodies = x * to_body_ + body_start_, mean = bodies.mean(1, true);
    return torch::stack({bodies - mean, mean.expand_as(bodies)}, 2).view({-1, 2});
  }
  return periodic_columns(x, periods_);
}

Tensor SdeRows::state(const Tensor& x) const {
  return torch::clamp((raw(x) - table_[0]) / table_[1], table_[2], table_[3]);
}

Tensor SdeRows::repeated(const Tensor& column) const {
  if (!alike_) return column;
  return column.unsqueeze(1).expand({-1, dimension_, -1}).reshape({-1, column.size(1)});
}

Tensor SdeRows::spread(const Tensor& change) const {
  const Tensor in_units = change / torch::tensor(units_).to(change.options());
  return alike_ ? in_units.reshape({-1, 1}) : in_units;
}

Tensor SdeRows::folded(const Tensor& rows) const {
  return (alike_ ? rows.view({-1, dimension_}) : rows) * torch::tensor(units_).to(rows.options());
}

void SdeRows::measure(const Tensor& x) {
  const Tensor columns = raw(x);
  const Tensor center = columns.mean(0), scale = columns.std(0).clamp_min(1e-6);
  const Tensor low = (columns.amin(0) - center) / scale, high = (columns.amax(0) - center) / scale;
  table_ = torch::stack({center, scale, low - kMargin * (high - low), high + kMargin * (high - low)});
}

}  // namespace scorefield::training
