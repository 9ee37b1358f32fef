/* A density that another program computes: implements scorefield_density.h by asking a process of its own through a
 * pair of pipes. The words of its command, one a line, are in the environment variable SCOREFIELD_DENSITY_COMMAND, else
 * in the data. Numbers are int64 and double as they lie in memory.
 *
 *     once      process: d
 *     question  n, 1 or 0 (the score is wanted), x [n, d]
 *     answer    0, log p [n], and, where it is wanted, the score [n, d]; or the length of a message, and the message
 *
 * scripts/sample_python has such a process in Python. */
#define _POSIX_C_SOURCE 200809L
#include "scorefield_density.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { kMostWords = 64 };

typedef struct {
  pid_t process;
  int to, from; /* pipes */
  int64_t dimension;
} Process;

static int write_all(int file, const void *data, size_t size) {
  for (const char *at = data; size > 0;) {
    const ssize_t done = write(file, at, size);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return -1;
    at += done, size -= (size_t)done;
  }
  return 0;
}

static int read_all(int file, void *data, size_t size) {
  for (char *at = data; size > 0;) {
    const ssize_t done = read(file, at, size);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return -1;
    at += done, size -= (size_t)done;
  }
  return 0;
}

static int failed(char *message, size_t size, const char *text) {
  snprintf(message, size, "%s", text);
  return -1;
}

int scorefield_density_version(void) { return SCOREFIELD_DENSITY_VERSION; }

/* Starts the command with the ends of the pipes as its input and output. */
static int start(Process *p, char *const *words) {
  int question[2], answer[2];
  if (pipe(question) != 0 || pipe(answer) != 0) return -1;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, question[0], 0);
  posix_spawn_file_actions_adddup2(&actions, answer[1], 1);
  for (int end = 0; end < 2; ++end) {
    posix_spawn_file_actions_addclose(&actions, question[end]);
    posix_spawn_file_actions_addclose(&actions, answer[end]);
  }
  const int error = posix_spawnp(&p->process, words[0], &actions, NULL, words, environ);
  posix_spawn_file_actions_destroy(&actions);
  close(question[0]), close(answer[1]);
  p->to = question[1], p->from = answer[0];
  return error == 0 ? 0 : -1;
}

void *scorefield_density_open(const char *data, char *message, size_t size) {
  const char *command = getenv("SCOREFIELD_DENSITY_COMMAND");
  if (!command) command = data;
  char *words[kMostWords + 1] = {NULL}, *text = command ? strdup(command) : NULL;
  int count = 0;
  for (char *word = text ? strtok(text, "\n") : NULL; word && count < kMostWords; word = strtok(NULL, "\n"))
    words[count++] = word;
  Process *p = calloc(1, sizeof *p);
  signal(SIGPIPE, SIG_IGN); /* a process that has ended is a message, not an end */
  if (count == 0) {
    failed(message, size, "needs a command: start it by scripts/sample_python, or give the words, one a line, in --data FILE");
  } else if (start(p, words) != 0) {
    snprintf(message, size, "%s could not be started", words[0]);
  } else if (read_all(p->from, &p->dimension, sizeof p->dimension) != 0) {
    failed(message, size, "the process ended before it said how many coordinates there are");
  } else {
    free(text);
    return p;
  }
  free(text), scorefield_density_close(p);
  return NULL;
}

void scorefield_density_close(void *density) {
  Process *p = density;
  if (p->process > 0) {
    close(p->to), close(p->from);
    while (waitpid(p->process, NULL, 0) < 0 && errno == EINTR) continue;
  }
  free(p);
}

int64_t scorefield_density_dimension(void *density) { return ((Process *)density)->dimension; }

int scorefield_density_evaluate(void *density, int64_t n, const double *x, double *log_p, double *score, char *message,
                                size_t size) {
  const Process *p = density;
  const int64_t head[2] = {n, score != NULL};
  const size_t points = (size_t)(n * p->dimension) * sizeof(double);
  int64_t length = 0;
  if (write_all(p->to, head, sizeof head) != 0 || write_all(p->to, x, points) != 0 ||
      read_all(p->from, &length, sizeof length) != 0)
    return failed(message, size, "its process has ended");
  if (length > 0) {
    char *text = calloc((size_t)length + 1, 1);
    if (!text || read_all(p->from, text, (size_t)length) != 0) failed(message, size, "its process has ended");
    else failed(message, size, text);
    free(text);
    return -1;
  }
  if (read_all(p->from, log_p, (size_t)n * sizeof(double)) != 0 || (score && read_all(p->from, score, points) != 0))
    return failed(message, size, "its process has ended");
  return 0;
}
