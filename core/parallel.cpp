#include "core/parallel.hpp"

#include <omp.h>

#include <algorithm>
#include <atomic>
#include <exception>
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1  // as GCC says it
#endif
#endif
#ifdef __SANITIZE_THREAD__
#include <mutex>
#include <thread>
#include <utility>
#include <vector>
#endif

#include "core/error.hpp"
#include "core/interrupt.hpp"

namespace scorefield {
#ifdef __SANITIZE_THREAD__
namespace {

// The sanitizer does not see that OpenMP's threads wait for each other, since their library is not built with it. Its
// build therefore has threads of its own.
thread_local int own_index = -1;  ///< -1: outside of a loop

}  // namespace
#endif

int thread_count() { return omp_get_max_threads(); }

#ifdef __SANITIZE_THREAD__
int thread_index() { return std::max(0, own_index); }
#else
int thread_index() { return omp_get_thread_num(); }
#endif

void set_thread_count(int count) { omp_set_num_threads(std::max(1, count)); }

namespace detail {
namespace {

void give_up_where_asked() {
  if (abandon_requested()) throw Interrupted("interrupted; nothing was written.");
}

}  // namespace

#ifdef __SANITIZE_THREAD__
void run_parallel(std::int64_t count, LoopBody body, void* context) {
  std::exception_ptr failure;
  std::mutex failing;
  std::atomic<std::int64_t> next{0};
  const auto work = [&](int index) {
    const int outside = std::exchange(own_index, index);
    try {
      for (std::int64_t i = next++; i < count; i = next++) {
        give_up_where_asked();
        body(context, i);
      }
    } catch (...) {
      next = count;
      const std::lock_guard lock(failing);
      if (!failure) failure = std::current_exception();
    }
    own_index = outside;
  };
  const bool alone = count <= 1 || own_index >= 0;  // loops inside of loops run on the thread that they are on
  std::vector<std::thread> threads;
  for (int t = 1; t < (alone ? 1 : thread_count()); ++t) threads.emplace_back(work, t);
  work(std::max(0, own_index));
  for (auto& thread : threads) thread.join();
  if (failure) std::rethrow_exception(failure);
}
#else
void run_parallel(std::int64_t count, LoopBody body, void* context) {
  std::exception_ptr failure;
  std::atomic<bool> failed{false};
#pragma omp parallel for schedule(dynamic, 1) if (count > 1)
  for (std::int64_t i = 0; i < count; ++i) {
    if (failed.load(std::memory_order_relaxed)) continue;  // OpenMP loops cannot be left early
    try {
      give_up_where_asked();
      body(context, i);
    } catch (...) {
#pragma omp critical(scorefield_parallel_failure)
      if (!failure) failure = std::current_exception();
      failed.store(true, std::memory_order_relaxed);
    }
  }
  if (failure) std::rethrow_exception(failure);
}
#endif

}  // namespace detail
}  // namespace scorefield
