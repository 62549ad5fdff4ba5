#include "helper/serve.h"

#include "base/log.h"
#include "helper/task.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* Records at work: their descriptors are open here. No packet is taken while one more might not
 * fit. */
#define RECORDS_MAX (8 * PF_LIMIT_HELPER_BATCH)
/* The service reads its answers, or is broken. */
#define SEND_SECONDS 10

typedef struct
{
  int fd;
  PfPolicySource *source;
  GPtrArray *tasks; /* PfTask */
  GArray *ended;    /* pid_t: children that are not reaped yet */
  PfSettled *settled;
} Server;

typedef struct
{
  PfRequestRecord records[PF_LIMIT_HELPER_BATCH];
  gsize length; /* octets */
  int fds[PF_LIMIT_HELPER_BATCH];
  gsize n_fds;
  gboolean cut;
} Packet;

/* --- Receiving -------------------------------------------------------------------------------- */

static void
take_descriptors (Packet *packet, struct msghdr *message)
{
  struct cmsghdr *header;

  for (header = CMSG_FIRSTHDR (message); header != NULL; header = CMSG_NXTHDR (message, header))
    if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
      {
        gsize size = header->cmsg_len - CMSG_LEN (0);

        memcpy (packet->fds + packet->n_fds, CMSG_DATA (header), size);
        packet->n_fds += size / sizeof (int);
      }
}

/* Returns: FALSE at the end of the connection. */
static gboolean
receive (int fd, Packet *packet)
{
  struct iovec data = { packet->records, sizeof packet->records };
  union
  {
    struct cmsghdr align;
    char room[CMSG_SPACE (sizeof packet->fds)];
  } space;
  struct msghdr message = { .msg_iov = &data,
                            .msg_iovlen = 1,
                            .msg_control = space.room,
                            .msg_controllen = sizeof space.room };
  ssize_t n;

  packet->n_fds = 0;
  do
    n = recvmsg (fd, &message, MSG_CMSG_CLOEXEC);
  while (n < 0 && errno == EINTR);
  if (n <= 0)
    return FALSE;
  packet->length = (gsize) n;
  packet->cut = (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0;
  take_descriptors (packet, &message);
  return TRUE;
}

static void
close_packet (Packet *packet)
{
  for (gsize i = 0; i < packet->n_fds; i++)
    close (packet->fds[i]);
}

/* --- Starting --------------------------------------------------------------------------------- */

/* Adds the records of @packet for the user of record @first, of one operation, to what one task
 * gets. */
static gsize
collect (const Packet *packet,
         gsize n,
         const char *user,
         guint32 operation,
         const int *fds,
         PfRequestRecord *records,
         int *own_fds,
         gsize length)
{
  for (gsize i = 0; i < n; i++)
    if (packet->records[i].operation == operation && strcmp (packet->records[i].user, user) == 0)
      {
        records[length] = packet->records[i];
        own_fds[length++] = fds[i];
      }
  return length;
}

static void
start_task (Server *self, const Packet *packet, gsize n, const char *user, const int *fds)
{
  PfRequestRecord records[PF_LIMIT_HELPER_BATCH];
  int own_fds[PF_LIMIT_HELPER_BATCH];
  gsize length = collect (packet, n, user, PF_REQUEST_PROBE, fds, records, own_fds, 0);

  length = collect (packet, n, user, PF_REQUEST_DELIVER, fds, records, own_fds, length);
  g_ptr_array_add (self->tasks,
                   pf_task_start (records, own_fds, length, &self->source->policy, self->settled));
}

static gboolean
is_first_of_user (const Packet *packet, gsize i)
{
  for (gsize j = 0; j < i; j++)
    if (strcmp (packet->records[j].user, packet->records[i].user) == 0)
      return FALSE;
  return TRUE;
}

static gboolean
send_answers (Server *self, const PfRequestAnswer *answers, gsize n)
{
  ssize_t sent;

  do
    sent = send (self->fd, answers, n * sizeof *answers, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent > 0;
}

static gboolean
refuse_packet (Server *self, const Packet *packet, gsize n)
{
  PfRequestAnswer answers[PF_LIMIT_HELPER_BATCH];

  for (gsize i = 0; i < n; i++)
    {
      memcpy (answers[i].id, packet->records[i].id, sizeof answers[i].id);
      answers[i].code = PF_HELPER_SETTINGS;
    }
  return send_answers (self, answers, n);
}

static void
start_tasks (Server *self, const Packet *packet, gsize n)
{
  int fds[PF_LIMIT_HELPER_BATCH];
  gsize next = 0;

  for (gsize i = 0; i < n; i++)
    fds[i] = packet->records[i].operation == PF_REQUEST_DELIVER ? packet->fds[next++] : -1;
  for (gsize i = 0; i < n; i++)
    if (is_first_of_user (packet, i))
      start_task (self, packet, n, packet->records[i].user, fds);
}

/* Returns: FALSE when the connection is to be closed; *@malformed tells why. */
static gboolean
take_packet (Server *self, gboolean *malformed)
{
  Packet packet;
  gsize n = 0;
  const char *why;

  if (!receive (self->fd, &packet))
    return FALSE;
  why = packet.cut
            ? "the packet is too long"
            : pf_request_parse ((const guint8 *) packet.records, packet.length, packet.n_fds, &n);
  if (why != NULL)
    {
      pf_log (PF_LOG_ERROR, "A packet that is no request: %s; the connection is closed", why);
      close_packet (&packet);
      *malformed = TRUE;
      return FALSE;
    }
  pf_policy_source_refresh (self->source);
  if (self->source->policy.refusal == NULL)
    {
      start_tasks (self, &packet, n);
      return TRUE;
    }
  close_packet (&packet);
  return refuse_packet (self, &packet, n);
}

/* --- Answering -------------------------------------------------------------------------------- */

static void
log_trouble (const PfRequestRecord *record, const PfTrouble *trouble)
{
  const char *operation = record->operation == PF_REQUEST_PROBE ? "probe" : "delivery";

  if (trouble->code != PF_HELPER_DONE)
    pf_log (PF_LOG_WARNING, "%s %.*s for %s: %.*s%s%s (%u)", operation, PF_REQUEST_ID_LENGTH,
            record->id, record->user, (int) sizeof trouble->what, trouble->what,
            trouble->cause != 0 ? ": " : "", trouble->cause != 0 ? g_strerror (trouble->cause) : "",
            trouble->code);
}

/* What a task has reported since it was last asked. Returns: FALSE when nobody takes the answer. */
static gboolean
answer (Server *self, PfTask *task)
{
  PfRequestAnswer answers[PF_LIMIT_HELPER_BATCH];
  gsize n = 0, delivered = 0;

  for (; task->answered < task->reported; task->answered++, n++)
    {
      const PfRequestRecord *record = &task->records[task->answered];
      const PfTrouble *trouble = &task->troubles[task->answered];

      log_trouble (record, trouble);
      if (record->operation == PF_REQUEST_DELIVER)
        pf_settled_note (self->settled, &self->source->policy, record,
                         trouble->code == PF_HELPER_DONE);
      memcpy (answers[n].id, record->id, sizeof answers[n].id);
      answers[n].code = trouble->code;
      delivered += record->operation == PF_REQUEST_DELIVER && trouble->code == PF_HELPER_DONE;
    }
  if (delivered > 0)
    pf_log (PF_LOG_INFO, "%" G_GSIZE_FORMAT " delivered to %s", delivered, task->records->user);
  return n == 0 || send_answers (self, answers, n);
}

/* --- The loop --------------------------------------------------------------------------------- */

static gsize
count_records (const Server *self)
{
  gsize n = 0;

  for (guint i = 0; i < self->tasks->len; i++)
    n += ((PfTask *) self->tasks->pdata[i])->n;
  return n;
}

static int
milliseconds_left (const Server *self)
{
  gint64 now = g_get_monotonic_time (), first = G_MAXINT64;

  if (self->tasks->len == 0)
    return -1;
  for (guint i = 0; i < self->tasks->len; i++)
    first = MIN (first, ((PfTask *) self->tasks->pdata[i])->deadline);
  return (int) MAX (0, (first - now + 999) / 1000);
}

/* A child that hangs in the kernel is met in a later turn, or by init. Only those whose task is
 * over: a pid that is reaped may be another's. */
static void
reap (Server *self)
{
  for (guint i = self->ended->len; i > 0; i--)
    if (waitpid (g_array_index (self->ended, pid_t, i - 1), NULL, WNOHANG) != 0)
      g_array_remove_index_fast (self->ended, i - 1);
}

/* Returns: FALSE when nobody takes the answers. */
static gboolean
attend (Server *self, PfTask *task, gboolean readable)
{
  if (readable && !pf_task_is_done (task))
    pf_task_read (task);
  else if (!pf_task_is_done (task) && g_get_monotonic_time () >= task->deadline)
    pf_task_abort (task);
  return answer (self, task);
}

/* @wait: one for each of the first @n tasks. */
static gboolean
attend_all (Server *self, const struct pollfd *wait, guint n)
{
  for (guint i = 0; i < n; i++)
    if (!attend (self, self->tasks->pdata[i], wait[i].revents != 0))
      return FALSE;
  for (guint i = n; i > 0; i--)
    {
      PfTask *task = self->tasks->pdata[i - 1];

      if (!pf_task_is_done (task))
        continue;
      if (task->pid > 0)
        g_array_append_val (self->ended, task->pid);
      g_ptr_array_remove_index_fast (self->tasks, i - 1);
    }
  reap (self);
  return TRUE;
}

static gboolean
turn (Server *self, gboolean *malformed)
{
  gboolean room = self->tasks->len < PF_LIMIT_HELPER_CHILDREN
                  && count_records (self) + PF_LIMIT_HELPER_BATCH <= RECORDS_MAX;
  guint n = self->tasks->len;
  g_autofree struct pollfd *wait = g_new0 (struct pollfd, n + 1);

  for (guint i = 0; i < n; i++)
    wait[i] = (struct pollfd){ .fd = ((PfTask *) self->tasks->pdata[i])->report, .events = POLLIN };
  wait[n] = (struct pollfd){ .fd = self->fd, .events = room ? POLLIN : 0 };
  if (poll (wait, n + 1, milliseconds_left (self)) < 0)
    return errno == EINTR;
  if (!attend_all (self, wait, n))
    return FALSE;
  if ((wait[n].revents & POLLIN) != 0)
    return take_packet (self, malformed);
  return (wait[n].revents & (POLLHUP | POLLERR)) == 0;
}

gboolean
pf_serve (int fd, PfPolicySource *source)
{
  Server self = { .fd = fd, .source = source };
  struct timeval patience = { .tv_sec = SEND_SECONDS };
  gboolean malformed = FALSE;

  fcntl (fd, F_SETFD, FD_CLOEXEC);
  fcntl (fd, F_SETFL, fcntl (fd, F_GETFL) & ~O_NONBLOCK);
  setsockopt (fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  self.tasks = g_ptr_array_new_with_free_func ((GDestroyNotify) pf_task_free);
  self.ended = g_array_new (FALSE, FALSE, sizeof (pid_t));
  self.settled = pf_settled_new ();
  while (turn (&self, &malformed))
    ;
  for (guint i = 0; i < self.tasks->len; i++)
    pf_task_abort (self.tasks->pdata[i]);
  g_ptr_array_unref (self.tasks);
  g_array_unref (self.ended);
  pf_settled_free (self.settled);
  return !malformed;
}
