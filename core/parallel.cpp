#include "core/parallel.hpp"

#include <omp.h>

#include <algorithm>
#include <atomic>
#include <exception>

namespace scorefield {

int thread_count() { return omp_get_max_threads(); }

int thread_index() { return omp_get_thread_num(); }

void set_thread_count(int count) { omp_set_num_threads(std::max(1, count)); }

namespace detail {

void run_parallel(std::int64_t count, LoopBody body, void* context) {
  std::exception_ptr failure;
  std::atomic<bool> failed{false};
#pragma omp parallel for schedule(dynamic, 1) if (count > 1)
  for (std::int64_t i = 0; i < count; ++i) {
    if (failed.load(std::memory_order_relaxed)) continue;  // OpenMP loops cannot be left early
    try {
      body(context, i);
    } catch (...) {
#pragma omp critical(scorefield_parallel_failure)
      if (!failure) failure = std::current_exception();
      failed.store(true, std::memory_order_relaxed);
    }
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace detail
}  // namespace scorefield
