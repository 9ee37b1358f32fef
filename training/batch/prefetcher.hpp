#pragma once

#include <cstdint>
#include <future>

#include "training/batch/source.hpp"

namespace scorefield::training {

/// Batches made one step ahead on another thread.
class Prefetcher {
 public:
  Prefetcher(BatchSource& source, std::int64_t first_step) : source_(source) { request(first_step); }

  Batch next(std::int64_t step) {
    Batch batch = pending_.get();
    request(step + 1);
    return batch;
  }

 private:
  void request(std::int64_t step) {
    pending_ = std::async(std::launch::async, [this, step] { return source_.make(step); });
  }
  BatchSource& source_;
  std::future<Batch> pending_;
};

}  // namespace scorefield::training
