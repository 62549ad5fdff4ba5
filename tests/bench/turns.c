/* How long the turns of a main loop are: preloaded, it stands before poll() and keeps, for the
 * first thread of the program named PF_TURNS_OF, the longest time between the end of one poll() and
 * the beginning of the next, in wall time and in the thread's own processor time. Other processes'
 * share of the machine is in the first alone.
 *
 * They are two doubles (seconds) in the file PF_TURNS, which whoever measures sets to zero.
 *
 * build: cc -O2 -shared -fPIC -o turns.so turns.c
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

typedef int (*Poll) (struct pollfd *, nfds_t, int);

static Poll real_poll;
static volatile double *longest; /* wall, processor */
static double began[2];

static double
now (clockid_t clock)
{
  struct timespec t;

  clock_gettime (clock, &t);
  return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}

__attribute__ ((constructor)) static void
begin (void)
{
  const char *program = getenv ("PF_TURNS_OF"), *path = getenv ("PF_TURNS");
  void *memory;
  int fd;

  real_poll = (Poll) dlsym (RTLD_NEXT, "poll");
  if (program == NULL || path == NULL || strcmp (program, program_invocation_short_name) != 0)
    return;
  fd = open (path, O_RDWR | O_CLOEXEC);
  if (fd < 0)
    return;
  memory = mmap (NULL, 2 * sizeof (double), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close (fd);
  if (memory != MAP_FAILED)
    longest = memory;
}

int
poll (struct pollfd *fds, nfds_t n, int timeout)
{
  static const clockid_t clocks[2] = { CLOCK_MONOTONIC, CLOCK_THREAD_CPUTIME_ID };
  const int is_main = longest != NULL && gettid () == getpid ();
  int result;

  for (int i = 0; is_main && began[0] > 0 && i < 2; i++)
    {
      double turn = now (clocks[i]) - began[i];

      if (turn > longest[i])
        longest[i] = turn;
    }
  result = real_poll (fds, n, timeout);
  for (int i = 0; is_main && i < 2; i++)
    began[i] = now (clocks[i]);
  return result;
}
