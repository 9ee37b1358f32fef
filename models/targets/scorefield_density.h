/* A density of your own for `scorefield sample my_density.so`: a shared library with these functions, in any language
 * that makes C functions.
 *
 *     cc -O2 -shared -fPIC -I PREFIX/include my_density.c -o my_density.so -lm
 *     scorefield sample my_density.so --data my_data.json --output samples.h5
 *
 * Functions that can fail write a message of at most `size` bytes, the closing zero included, to `message`. All numbers
 * are IEEE doubles, arrays are row-major. Nothing is called after scorefield_density_close. */
#ifndef SCOREFIELD_DENSITY_H
#define SCOREFIELD_DENSITY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SCOREFIELD_DENSITY_VERSION 1

/* Return SCOREFIELD_DENSITY_VERSION. */
int scorefield_density_version(void);

/* Opens the density. data: the text of the file that --data names, or NULL. Returns a pointer that the other functions
 * are given, NULL where it failed. */
void* scorefield_density_open(const char* data, char* message, size_t size);
void scorefield_density_close(void* density);

/* The number of coordinates d, at least 1. */
int64_t scorefield_density_dimension(void* density);

/* log p, up to a constant, and its gradient at n points. x: [n, d]; log_p: [n]; score: [n, d], or NULL where log p
 * alone is wanted. Outside of the support log p is -INFINITY. Returns 0, or something else where it failed altogether,
 * which ends the run. */
int scorefield_density_evaluate(void* density, int64_t n, const double* x, double* log_p, double* score, char* message,
                                size_t size);

/* The functions below may be left out. */

/* 1 where scorefield_density_evaluate may be called from several threads at a time; 0, the default: from one. */
int scorefield_density_is_thread_safe(void* density);

/* Names and shapes of the coordinates, "mu, tau, theta[8]", and the limits of each, lower and upper: [d, 2]; infinite
 * ones are none. Samplers then move coordinates without limits, x stays inside, and files have the names. The density
 * is that over x, without Jacobians. NULL: none. */
const char* scorefield_density_variables(void* density);
const double* scorefield_density_bounds(void* density);

#ifdef __cplusplus
}
#endif

#endif
