// A library that implements scorefield_density.h: two independent normals N(1, 2^2). The text of its data makes it
// misbehave: "closed" does not open, "empty" has no coordinate, "fails" fails when it is evaluated, "slope" has another
// gradient, "rows" couples rows. "bounds" declares that the first lies above 0.

#include <cmath>
#include <cstdio>
#include <string>

#include "models/targets/scorefield_density.h"

extern "C" {

int scorefield_density_version(void) { return SCOREFIELD_DENSITY_VERSION; }

void* scorefield_density_open(const char* data, char* message, std::size_t size) {
  auto* text = new std::string(data ? data : "");
  if (text->find("closed") == std::string::npos) return text;
  std::snprintf(message, size, "it is closed today");
  delete text;
  return nullptr;
}
void scorefield_density_close(void* density) { delete static_cast<std::string*>(density); }

int64_t scorefield_density_dimension(void* density) { return *static_cast<std::string*>(density) == "empty" ? 0 : 2; }

const double* scorefield_density_bounds(void* density) {
  static const double limits[4] = {0, INFINITY, -INFINITY, INFINITY};
  return *static_cast<std::string*>(density) == "bounds" ? limits : nullptr;
}
int scorefield_density_is_thread_safe(void*) { return 1; }

int scorefield_density_evaluate(void* density, int64_t n, const double* x, double* log_p, double* score, char* message,
                                std::size_t size) {
  const auto& text = *static_cast<std::string*>(density);
  if (text == "fails") return std::snprintf(message, size, "no licence");
  for (int64_t i = 0; i < n; ++i) {
    log_p[i] = text == "rows" ? x[0] : 0;
    for (int64_t k = 2 * i; k < 2 * i + 2; ++k) {
      log_p[i] -= (x[k] - 1) * (x[k] - 1) / 8;
      if (score) score[k] = (text == "slope" ? 1 : -1) * (x[k] - 1) / 4;
    }
  }
  return 0;
}

}  // extern "C"
