#include "helper/task.h"

#include "base/step.h"
#include "helper/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

gboolean
pf_task_is_done (const PfTask *self)
{
  return self->report < 0;
}

static void
close_messages (PfTask *self)
{
  for (gsize i = 0; i < self->n; i++)
    {
      if (self->mails[i].fd >= 0)
        close (self->mails[i].fd);
      self->mails[i].fd = -1;
    }
}

static void
end (PfTask *self, const char *what)
{
  for (gsize i = self->reported; i < self->n; i++)
    pf_trouble_set (&self->troubles[i], PF_HELPER_TEMPORARY, what);
  self->reported = self->n;
  if (self->report >= 0)
    close (self->report);
  self->report = -1;
  self->deadline = 0;
  close_messages (self);
}

static void
set_deadline (PfTask *self)
{
  self->deadline = g_get_monotonic_time () + PF_LIMIT_HELPER_SECONDS * G_USEC_PER_SEC;
}

PfTask *
pf_task_start (const PfRequestRecord *records,
               const int *fds,
               gsize n,
               const PfPolicy *policy,
               const PfSettled *settled)
{
  PfTask *self = g_new0 (PfTask, 1);
  pid_t parent = getpid ();
  int ends[2];

  self->n = n;
  self->report = -1;
  self->records = g_memdup2 (records, n * sizeof *records);
  self->mails = g_new0 (PfMail, n);
  self->troubles = g_new0 (PfTrouble, n);
  for (gsize i = 0; i < n; i++)
    self->mails[i] = (PfMail){ .record = &self->records[i],
                               .fd = fds[i],
                               .settled = pf_settled_has (settled, policy, &records[i]) };
  set_deadline (self);
  if (pipe2 (ends, O_CLOEXEC | O_NONBLOCK) != 0)
    {
      end (self, "making a pipe");
      return self;
    }
  self->report = ends[0];
  self->pid = fork ();
  if (self->pid == 0)
    pf_child_run (self->mails, n, policy, ends[1], parent);
  close (ends[1]);
  if (self->pid < 0)
    end (self, "starting a child");
  else
    setpgid (self->pid, self->pid); /* whoever of both is first */
  return self;
}

void
pf_task_free (PfTask *self)
{
  end (self, "");
  g_free (self->mails);
  g_free (self->records);
  g_free (self->troubles);
  g_free (self);
}

#if PF_STEPS
/* A child that stops at a step stands for the machine: nothing of ours survives it. */
static void
stop_with_child (const PfTask *self)
{
  int status;

  if (self->reported < self->n && waitpid (self->pid, &status, 0) == self->pid && WIFEXITED (status)
      && WEXITSTATUS (status) == 99)
    _exit (99);
}
#endif

void
pf_task_read (PfTask *self)
{
  gsize size = self->n * sizeof *self->troubles;
  ssize_t n = read (self->report, (char *) self->troubles + self->filled, size - self->filled);

  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  if (n > 0)
    {
      self->filled += (gsize) n;
      self->reported = self->filled / sizeof *self->troubles;
      set_deadline (self);
    }
#if PF_STEPS
  if (n <= 0)
    stop_with_child (self);
#endif
  if (n <= 0 || self->filled == size)
    end (self, "the child ended before its time");
}

void
pf_task_abort (PfTask *self)
{
  if (self->pid > 0 && !pf_task_is_done (self))
    {
      kill (-self->pid, SIGKILL);
      kill (self->pid, SIGKILL);
    }
  end (self, "it took too long");
}
