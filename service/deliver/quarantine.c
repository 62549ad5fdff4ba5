#include "deliver/quarantine.h"

#include "base/durable.h"
#include "base/limits.h"
#include "base/problem.h"
#include "base/step.h"
#include "helper/request.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct
{
  char *directory;
  PfBody *body;
  guint64 offset, length; /* where the message lies in the body's descriptor */
  int fd;
  PfQuarantineItem *item;
} Job;

/* The check that stores a message knows nothing of who shows it. */
static struct
{
  PfQuarantineFunc func;
  gpointer user_data;
} listener;

static void
job_free (gpointer data)
{
  Job *job = data;

  g_free (job->directory);
  pf_body_unref (job->body);
  pf_quarantine_item_free (job->item);
  g_free (job);
}

/* --- In the worker ---------------------------------------------------------------------------- */

static gboolean
fail (const char *path, int cause, GError **error)
{
  gboolean full = cause == ENOSPC || cause == EDQUOT;

  g_set_error (error, PF_PROBLEM, full ? PF_PROBLEM_DISK_LOW : PF_PROBLEM_DELIVERY_DEFERRED,
               "The quarantine file %s cannot be written: %s", path, g_strerror (cause));
  return FALSE;
}

static gboolean
copy_message (const Job *job, int to)
{
  char buffer[64 * PF_KIB];
  guint64 done = 0;

  while (done < job->length)
    {
      gsize part = MIN (sizeof buffer, job->length - done);
      ssize_t n = pread (job->fd, buffer, part, (off_t) (job->offset + done));

      if (n <= 0)
        {
          errno = n == 0 ? EIO : errno;
          return FALSE;
        }
      for (ssize_t at = 0, out; at < n; at += out)
        if ((out = write (to, buffer + at, (gsize) (n - at))) < 0)
          return FALSE;
      done += (guint64) n;
    }
  return fsync (to) == 0;
}

/* A name of its own until all of it is on the disk. */
static gboolean
write_message (const Job *job, const char *path, GError **error)
{
  g_autofree char *temporary = g_strconcat (path, ".new", NULL);
  gboolean ok;
  int fd = open (temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

  if (fd < 0)
    return fail (temporary, errno, error);
  ok = copy_message (job, fd);
  pf_step (PF_STEP_QUARANTINE_WRITTEN);
  ok = (close (fd) == 0) && ok && rename (temporary, path) == 0;
  if (!ok)
    {
      int saved = errno;

      unlink (temporary);
      return fail (path, saved, error);
    }
  pf_step (PF_STEP_QUARANTINE_NAMED);
  return TRUE;
}

static gboolean
write_meta (const PfQuarantineItem *item, const char *path, GError **error)
{
  g_autofree char *data = pf_quarantine_item_to_text (item);
  g_autoptr (GError) failure = NULL;

  if (pf_durable_write (path, data, -1, &failure))
    {
      pf_step (PF_STEP_QUARANTINE_META);
      return TRUE;
    }
  g_set_error (error, PF_PROBLEM,
               g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_NO_SPACE)
                   ? PF_PROBLEM_DISK_LOW
                   : PF_PROBLEM_DELIVERY_DEFERRED,
               "%s", failure->message);
  return FALSE;
}

static gboolean
sync_folder (const char *path, GError **error)
{
  int fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  gboolean ok = fd >= 0 && fsync (fd) == 0;
  int saved = errno;

  if (fd >= 0)
    close (fd);
  return ok || fail (path, saved, error);
}

/* The message first: a meta file is never without one. */
static void
store (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Job *job = data;
  g_autofree char *base = g_build_filename (job->directory, job->item->id, NULL);
  g_autofree char *message = g_strconcat (base, ".eml", NULL),
                  *meta = g_strconcat (base, ".meta", NULL);
  GError *error = NULL;

  if (write_message (job, message, &error) && write_meta (job->item, meta, &error)
      && sync_folder (job->directory, &error))
    {
      pf_step (PF_STEP_QUARANTINE_SYNCED);
      g_task_return_boolean (task, TRUE);
    }
  else
    g_task_return_error (task, error);
}

/* --- From outside ----------------------------------------------------------------------------- */

void
pf_quarantine_store_async (const char *directory,
                           PfBody *body,
                           const PfQuarantineItem *item,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
  Job *job = g_new0 (Job, 1);

  job->directory = g_strdup (directory);
  job->body = pf_body_ref (body);
  job->fd = pf_body_get_fd (body);
  job->offset = job->fd >= 0 ? (guint64) lseek (job->fd, 0, SEEK_CUR) : 0;
  job->length = pf_body_get_length (body);
  job->item = pf_quarantine_item_copy (item);
  g_task_set_source_tag (task, pf_quarantine_store_async);
  g_task_set_task_data (task, job, job_free);
  if (job->fd < 0 || strlen (item->id) != PF_REQUEST_ID_LENGTH
      || !pf_request_id_is_valid (item->id))
    {
      g_task_return_new_error (task, PF_PROBLEM, PF_PROBLEM_DELIVERY_DEFERRED,
                               "A message without a header or an id cannot be kept in quarantine");
      return;
    }
  g_task_run_in_thread (task, store);
}

gboolean
pf_quarantine_store_finish (GAsyncResult *result, GError **error)
{
  const Job *job = g_task_get_task_data (G_TASK (result));

  if (!g_task_propagate_boolean (G_TASK (result), error))
    return FALSE;
  if (listener.func != NULL)
    listener.func (job->directory, job->item, listener.user_data);
  return TRUE;
}

void
pf_quarantine_set_listener (PfQuarantineFunc func, gpointer user_data)
{
  listener.func = func;
  listener.user_data = user_data;
}
