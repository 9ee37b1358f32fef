#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace scorefield {

/// Number of threads that parallel_for may use; at least 1.
[[nodiscard]] int thread_count();

/// Sets the number of threads for every parallel loop of the process (ours and LibTorch's OpenMP loops).
void set_thread_count(int count);

/// Which of the threads runs the present call of a parallel_for's body, 0 .. thread_count() - 1. For scratch space, and
/// for sums that are exact in any order, alone: anything else would depend on the threads.
[[nodiscard]] int thread_index();

/// Calls body(i) once for every i in [0, count), in any order, on up to thread_count() threads.
/// Work must not depend on which thread runs it: reductions go over fixed blocks, summed in index order by
/// the caller, so results are the same for any number of threads. An exception from body ends the program's
/// loop and is rethrown on the calling thread. So does a request to stop while work may be given up
/// (core/interrupt.hpp), as Interrupted.
template <class Body>
void parallel_for(std::int64_t count, Body&& body);

namespace detail {
using LoopBody = void (*)(void* context, std::int64_t index);
void run_parallel(std::int64_t count, LoopBody body, void* context);
}  // namespace detail

template <class Body>
void parallel_for(std::int64_t count, Body&& body) {
  using Plain = std::remove_reference_t<Body>;
  detail::run_parallel(
      count, [](void* context, std::int64_t index) { (*static_cast<Plain*>(context))(index); },
      const_cast<void*>(static_cast<const void*>(&body)));
}

}  // namespace scorefield
