#include "data/problems/frame_sink.hpp"

#include "core/error.hpp"

namespace scorefield::problems {
namespace {

[[noreturn]] void refuse() { throw Error("frames that go to no file cannot be stopped and resumed."); }

}  // namespace

void FrameSink::save(h5::File& /*checkpoint*/) const { refuse(); }

void FrameSink::restore(const h5::File& /*checkpoint*/) { refuse(); }

}  // namespace scorefield::problems
