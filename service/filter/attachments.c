#include "filter/attachments.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/problem.h"
#include "base/program.h"
#include "filter/attachments-answer.h"
#include "filter/attachments-server.h"
#include "filter/bare-mail.h"
#include "filter/scanner-private.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <unistd.h>

struct _PfAttachments
{
  GObject parent;
  PfArchiveServer *server;
  PfScanQueue queue;
  gboolean failing; /* and that was told */
};

G_DEFINE_FINAL_TYPE (PfAttachments, pf_attachments, G_TYPE_OBJECT)

/* One message: the task's data. */
typedef struct
{
  int message;
  PfAttachmentRequest request;
  GByteArray *texts;
  guint life; /* of the program that has it */
  int pipe;   /* -1: none */
  GSource *readable, *timer, *cancelling;
  GByteArray *answer;
  guint tries;    /* that ended by its own fault */
  guint restarts; /* that ended by nobody's */
} Scan;

static void
stop_source (GSource **source)
{
  if (*source == NULL)
    return;
  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
end_try (Scan *scan)
{
  stop_source (&scan->readable);
  stop_source (&scan->timer);
  if (scan->pipe >= 0)
    close (scan->pipe);
  scan->pipe = -1;
}

static void
scan_free (gpointer data)
{
  Scan *scan = data;

  end_try (scan);
  stop_source (&scan->cancelling);
  g_byte_array_unref (scan->texts);
  g_byte_array_unref (scan->answer);
  g_free (scan);
}

/* --- Ends: each takes the running scan's reference of @task ----------------------------------- */

static void
finish (GTask *task, PfAttachmentResult *result, GError *error)
{
  PfAttachments *self = g_task_get_source_object (task);
  Scan *scan = g_task_get_task_data (task);

  end_try (scan);
  stop_source (&scan->cancelling);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, result, (GDestroyNotify) pf_attachment_result_free);
  pf_scan_queue_done (&self->queue);
  g_object_unref (task);
}

/* Told once until it is over: each message that waits would tell it anew. */
static void
finish_with_trouble (GTask *task, GError *error)
{
  PfAttachments *self = g_task_get_source_object (task);

  if (!self->failing)
    pf_log (PF_LOG_WARNING, "%s", error->message);
  self->failing = TRUE;
  finish (task, NULL, error);
}

static void
finish_with_malformed (GTask *task)
{
  PfAttachmentResult *result = pf_attachment_result_new ();

  pf_log (PF_LOG_WARNING, "the process that looked into a message's attachments broke off twice: "
                          "the message counts as malformed");
  pf_attachment_result_add (result, PF_ATTACHMENT_MALFORMED, "", "",
                            "what looks into it broke off or came to no end");
  finish (task, result, NULL);
}

/* --- One try ---------------------------------------------------------------------------------- */

static void attempt (GTask *task);

static void
try_again_or_give_up (GTask *task)
{
  Scan *scan = g_task_get_task_data (task);

  if (++scan->restarts <= PF_LIMIT_ATTACHMENT_RESTARTS)
    attempt (task);
  else if (scan->answer->len > 0)
    finish_with_malformed (task);
  else
    finish_with_trouble (task, g_error_new_literal (PF_PROBLEM, PF_PROBLEM_SCANNER_UNAVAILABLE,
                                                    "Attachments cannot be looked into: "
                                                    "postferry-archive starts no process"));
}

/* The answer has ended, or did not in time. */
static void
judge (GTask *task, gboolean in_time)
{
  PfAttachments *self = g_task_get_source_object (task);
  Scan *scan = g_task_get_task_data (task);
  g_autoptr (PfAttachmentResult) result = pf_attachment_result_new ();
  PfAttachmentAnswer answer =
      pf_attachment_answer_read ((const char *) scan->answer->data, scan->answer->len, result);
  gboolean alive = pf_archive_server_is_alive (self->server, scan->life);

  end_try (scan);
  if (answer == PF_ATTACHMENT_ANSWER_WHOLE)
    {
      self->failing = FALSE;
      finish (task, g_steal_pointer (&result), NULL);
      return;
    }
  if (answer == PF_ATTACHMENT_ANSWER_UNREADABLE)
    {
      finish_with_trouble (task,
                           g_error_new_literal (PF_PROBLEM, PF_PROBLEM_SCANNER_UNAVAILABLE,
                                                "The message could not be read from the spool"));
      return;
    }
  if (!in_time)
    pf_archive_server_end (self->server);
  /* All processes end with the program: it need not have been this message's. */
  if (answer == PF_ATTACHMENT_ANSWER_NONE || (in_time && !alive))
    try_again_or_give_up (task);
  else if (scan->tries++ < PF_LIMIT_ATTACHMENT_RETRIES)
    attempt (task);
  else
    finish_with_malformed (task);
}

static gboolean
on_readable (int fd, GIOCondition condition, gpointer user_data)
{
  GTask *task = user_data;
  Scan *scan = g_task_get_task_data (task);
  guint8 room[4096];
  ssize_t n = read (fd, room, sizeof room);

  if (n < 0 && (errno == EINTR || errno == EAGAIN))
    return G_SOURCE_CONTINUE;
  if (n > 0)
    g_byte_array_append (scan->answer, room, (guint) n);
  if (n > 0 && scan->answer->len <= PF_LIMIT_ATTACHMENT_ANSWER)
    return G_SOURCE_CONTINUE;
  judge (task, TRUE);
  return G_SOURCE_REMOVE;
}

static gboolean
on_timer (gpointer user_data)
{
  judge (user_data, FALSE);
  return G_SOURCE_REMOVE;
}

static void
attempt (GTask *task)
{
  PfAttachments *self = g_task_get_source_object (task);
  Scan *scan = g_task_get_task_data (task);
  GError *error = NULL;

  g_byte_array_set_size (scan->answer, 0);
  scan->pipe = pf_archive_server_send (self->server, &scan->request, scan->message, scan->texts,
                                       &scan->life, &error);
  if (scan->pipe < 0)
    {
      finish_with_trouble (task, error);
      return;
    }
  scan->readable = g_unix_fd_source_new (scan->pipe, G_IO_IN | G_IO_HUP | G_IO_ERR);
  g_source_set_callback (scan->readable, G_SOURCE_FUNC (on_readable), task, NULL);
  g_source_attach (scan->readable, g_main_context_get_thread_default ());
  scan->timer = g_timeout_source_new_seconds (PF_LIMIT_ARCHIVE_ANSWER_SECONDS);
  g_source_set_callback (scan->timer, on_timer, task, NULL);
  g_source_attach (scan->timer, g_main_context_get_thread_default ());
}

/* --- Scans ------------------------------------------------------------------------------------ */

static gboolean
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  finish (user_data, NULL, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "Cancelled"));
  return G_SOURCE_REMOVE;
}

static void
start (GTask *task)
{
  Scan *scan = g_task_get_task_data (task);
  GCancellable *cancellable = g_task_get_cancellable (task);

  if (cancellable != NULL)
    {
      scan->cancelling = g_cancellable_source_new (cancellable);
      g_source_set_callback (scan->cancelling, G_SOURCE_FUNC (on_cancelled), task, NULL);
      g_source_attach (scan->cancelling, g_main_context_get_thread_default ());
    }
  attempt (task);
}

static guint32
bits_of (const char *const *classes)
{
  guint32 bits = PF_ATTACHMENT_BIT (PF_ATTACHMENT_EXTENSION);
  PfAttachmentClass class;

  for (guint i = 0; classes[i] != NULL; i++)
    {
      if (pf_attachment_class_parse (classes[i], &class))
        bits |= PF_ATTACHMENT_BIT (class);
    }
  return bits;
}

void
pf_attachments_scan_async (PfAttachments *self,
                           const PfScanSource *source,
                           const PfAttachmentRules *rules,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  Scan *scan;

  g_task_set_source_tag (task, pf_attachments_scan_async);
  if (pf_mail_is_bare (source))
    {
      g_task_return_pointer (task, pf_attachment_result_new (),
                             (GDestroyNotify) pf_attachment_result_free);
      g_object_unref (task);
      return;
    }
  scan = g_new0 (Scan, 1);
  g_task_set_task_data (task, scan, scan_free);
  scan->pipe = -1;
  scan->message = source->fd;
  scan->answer = g_byte_array_new ();
  scan->texts = g_byte_array_new ();
  for (guint i = 0; rules->extensions[i] != NULL; i++)
    g_byte_array_append (scan->texts, (const guint8 *) rules->extensions[i],
                         (guint) strlen (rules->extensions[i]) + 1);
  scan->request = (PfAttachmentRequest){
    .version = PF_ATTACHMENT_VERSION,
    .wanted = bits_of (rules->classes),
    .names_only = rules->names_only,
    .n_extensions = g_strv_length ((char **) rules->extensions),
    .offset = source->offset,
    .length = source->length,
  };
  pf_scan_queue_push (&self->queue, task);
}

PfAttachmentResult *
pf_attachments_scan_finish (PfAttachments *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* --- Object ----------------------------------------------------------------------------------- */

PfAttachments *
pf_attachments_new (const char *program)
{
  PfAttachments *self = g_object_new (PF_TYPE_ATTACHMENTS, NULL);
  g_autofree char *found =
      program == NULL ? pf_program_find ("postferry-archive", "archive") : NULL;

  self->server = pf_archive_server_new (program != NULL ? program : found);
  return self;
}

static void
pf_attachments_finalize (GObject *object)
{
  PfAttachments *self = PF_ATTACHMENTS (object);

  g_clear_pointer (&self->server, pf_archive_server_free);
  G_OBJECT_CLASS (pf_attachments_parent_class)->finalize (object);
}

static void
pf_attachments_class_init (PfAttachmentsClass *class)
{
  G_OBJECT_CLASS (class)->finalize = pf_attachments_finalize;
}

static void
pf_attachments_init (PfAttachments *self)
{
  pf_scan_queue_init (&self->queue, PF_LIMIT_ARCHIVE_WORKERS, start);
}
