/* Linear regression with unknown noise, as a density for `scorefield sample`:
 *
 *     y_i ~ N(a + b x_i, s^2),   a, b ~ N(0, 10^2),   s ~ half-normal(5),
 *
 * over (a, b, s), s > 0. The data are lines "x y". */
#include "scorefield_density.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct {
  int64_t n;
  double *x, *y;
} Regression;

int scorefield_density_version(void) { return SCOREFIELD_DENSITY_VERSION; }

void *scorefield_density_open(const char *data, char *message, size_t size) {
  Regression *r = calloc(1, sizeof *r);
  double x, y;
  int read = 0;
  for (; data && sscanf(data, "%lf %lf%n", &x, &y, &read) == 2; data += read) {
    r->x = realloc(r->x, (r->n + 1) * sizeof(double));
    r->y = realloc(r->y, (r->n + 1) * sizeof(double));
    r->x[r->n] = x;
    r->y[r->n++] = y;
  }
  if (r->n > 1) return r;
  snprintf(message, size, "needs two or more lines \"x y\" (--data FILE)");
  scorefield_density_close(r);
  return NULL;
}

void scorefield_density_close(void *density) {
  Regression *r = density;
  free(r->x);
  free(r->y);
  free(r);
}

int64_t scorefield_density_dimension(void *density) { return (void)density, 3; }

const char *scorefield_density_variables(void *density) { return (void)density, "a, b, s"; }

const double *scorefield_density_bounds(void *density) {
  static const double limits[6] = {-INFINITY, INFINITY, -INFINITY, INFINITY, 0, INFINITY};
  return (void)density, limits;
}

/* Nothing is written but the results. */
int scorefield_density_is_thread_safe(void *density) { return (void)density, 1; }

int scorefield_density_evaluate(void *density, int64_t n, const double *x, double *log_p, double *score, char *message,
                                size_t size) {
  const Regression *r = density;
  (void)message, (void)size;
  for (int64_t k = 0; k < n; ++k) {
    const double a = x[3 * k], b = x[3 * k + 1], s = x[3 * k + 2];
    double sum = 0, along = 0, squares = 0; /* of the residuals: sum, with x, squared */
    for (int64_t i = 0; i < r->n; ++i) {
      const double e = r->y[i] - a - b * r->x[i];
      sum += e;
      along += e * r->x[i];
      squares += e * e;
    }
    log_p[k] = -squares / (2 * s * s) - r->n * log(s) - (a * a + b * b) / 200 - s * s / 50;
    if (!score) continue;
    score[3 * k] = sum / (s * s) - a / 100;
    score[3 * k + 1] = along / (s * s) - b / 100;
    score[3 * k + 2] = squares / (s * s * s) - r->n / s - s / 25;
  }
  return 0;
}
