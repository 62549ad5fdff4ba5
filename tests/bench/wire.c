/* wire.c - a line with a round trip, for kernels without netem.
 *
 * Makes one TUN device in its own network namespace and one in another, and carries each packet
 * across after half the round trip. Nothing is lost, nothing is reordered, the rate is unbounded;
 * TCP does all else, its slow start included.
 *
 * usage (root): wire PID-IN-THE-OTHER-NAMESPACE HERE-ADDRESS THERE-ADDRESS ROUND-TRIP-MS
 * Prints "ready"; ends when its standard input does.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MTU 1500
/* Packets under way one way: 12 MB, more than any window that is measured. */
#define MOST_PACKETS 8192

typedef struct
{
  int64_t due; /* ns */
  ssize_t length;
  unsigned char octets[MTU];
} Packet;

typedef struct
{
  Packet packets[MOST_PACKETS];
  unsigned head, count;
} Way;

static Way ways[2];

static void
give_up (const char *what)
{
  perror (what);
  exit (1);
}

static int64_t
now (void)
{
  struct timespec time;

  clock_gettime (CLOCK_MONOTONIC, &time);
  return (int64_t) time.tv_sec * 1000000000 + time.tv_nsec;
}

static void
set_address (int control, struct ifreq *request, unsigned long what, const char *text)
{
  struct sockaddr_in address = { .sin_family = AF_INET };

  if (inet_pton (AF_INET, text, &address.sin_addr) != 1)
    give_up (text);
  memcpy (&request->ifr_addr, &address, sizeof address);
  if (ioctl (control, what, request) != 0)
    give_up ("address");
}

static void
bring_up (int control, const char *name)
{
  struct ifreq request = { 0 };

  snprintf (request.ifr_name, sizeof request.ifr_name, "%s", name);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (ioctl (control, SIOCSIFFLAGS, &request) != 0)
    give_up (name);
}

/* A device in the namespace we are in. */
static int
make_end (const char *address, const char *peer)
{
  struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
  int device = open ("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  int control = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

  if (device < 0 || control < 0)
    give_up ("/dev/net/tun");
  snprintf (request.ifr_name, sizeof request.ifr_name, "pfwire%%d");
  if (ioctl (device, TUNSETIFF, &request) != 0)
    give_up ("TUNSETIFF");
  set_address (control, &request, SIOCSIFADDR, address);
  set_address (control, &request, SIOCSIFDSTADDR, peer);
  bring_up (control, request.ifr_name);
  bring_up (control, "lo");
  close (control);
  return device;
}

static void
enter (const char *path)
{
  int space = open (path, O_RDONLY | O_CLOEXEC);

  if (space < 0 || setns (space, CLONE_NEWNET) != 0)
    give_up (path);
  close (space);
}

static void
take (int device, Way *way, int64_t delay)
{
  while (way->count < MOST_PACKETS)
    {
      Packet *packet = &way->packets[(way->head + way->count) % MOST_PACKETS];

      packet->length = read (device, packet->octets, sizeof packet->octets);
      if (packet->length <= 0)
        return;
      packet->due = now () + delay;
      way->count++;
    }
}

/* Gives what is due; returns when the next one is, or -1. */
static int64_t
give (int device, Way *way)
{
  while (way->count > 0)
    {
      Packet *packet = &way->packets[way->head];

      if (packet->due > now ())
        return packet->due;
      if (write (device, packet->octets, (size_t) packet->length) < 0 && errno == EAGAIN)
        return now () + 100000;
      way->head = (way->head + 1) % MOST_PACKETS;
      way->count--;
    }
  return -1;
}

static void
carry (const int *devices, int64_t delay)
{
  struct pollfd polls[3] = { { .fd = devices[0], .events = POLLIN },
                             { .fd = devices[1], .events = POLLIN },
                             { .fd = STDIN_FILENO, .events = POLLIN } };

  for (;;)
    {
      int64_t next = -1;
      struct timespec wait = { 0 };

      for (int i = 0; i < 2; i++)
        {
          int64_t due = give (devices[!i], &ways[i]);

          if (due >= 0 && (next < 0 || due < next))
            next = due;
        }
      if (next >= 0)
        {
          int64_t left = next - now ();

          left = left < 0 ? 0 : left;
          wait = (struct timespec){ .tv_sec = left / 1000000000, .tv_nsec = left % 1000000000 };
        }
      if (ppoll (polls, 3, next >= 0 ? &wait : NULL, NULL) < 0 && errno != EINTR)
        give_up ("poll");
      if (polls[2].revents != 0)
        return;
      for (int i = 0; i < 2; i++)
        if (polls[i].revents & POLLIN)
          take (devices[i], &ways[i], delay);
    }
}

int
main (int argc, char **argv)
{
  char path[64];
  int devices[2];

  if (argc != 5)
    {
      fprintf (stderr, "usage: wire PID HERE THERE ROUND-TRIP-MS\n");
      return 2;
    }
  snprintf (path, sizeof path, "/proc/%d/ns/net", atoi (argv[1]));
  prctl (PR_SET_TIMERSLACK, 1);
  devices[0] = make_end (argv[2], argv[3]);
  enter (path);
  devices[1] = make_end (argv[3], argv[2]);
  puts ("ready");
  fflush (stdout);
  carry (devices, (int64_t) (atof (argv[4]) * 500000));
  return 0;
}
