#include "filter/source-stream.h"

#include <errno.h>
#include <unistd.h>

struct _PfSourceStream
{
  GInputStream parent_instance;
  PfScanSource source;
  guint64 offset, end;
  gint64 moved;
  gboolean failed;
};

G_DEFINE_FINAL_TYPE (PfSourceStream, pf_source_stream, G_TYPE_INPUT_STREAM)

static gssize
read_some (GInputStream *stream,
           void *buffer,
           gsize count,
           GCancellable *cancellable,
           GError **error)
{
  PfSourceStream *self = PF_SOURCE_STREAM (stream);
  gsize wanted = MIN (count, self->end - self->offset);
  ssize_t n;

  if (wanted == 0)
    return 0;
  do
    n = pread (self->source.fd, buffer, wanted, (off_t) self->offset);
  while (n < 0 && errno == EINTR);
  if (n <= 0)
    {
      self->failed = TRUE;
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "The message cannot be read");
      return -1;
    }
  self->offset += (guint64) n;
  self->moved = g_get_monotonic_time ();
  return n;
}

/* In this thread: a message that was just written lies in memory, and a thread's turn would take
 * longer than the read. */
static void
read_some_async (GInputStream *stream,
                 void *buffer,
                 gsize count,
                 int io_priority,
                 GCancellable *cancellable,
                 GAsyncReadyCallback callback,
                 gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (stream, cancellable, callback, user_data);
  GError *error = NULL;
  gssize n = read_some (stream, buffer, count, cancellable, &error);

  g_task_set_priority (task, io_priority);
  if (n < 0)
    g_task_return_error (task, error);
  else
    g_task_return_int (task, n);
}

static gssize
read_some_finish (GInputStream *stream, GAsyncResult *result, GError **error)
{
  return g_task_propagate_int (G_TASK (result), error);
}

PfSourceStream *
pf_source_stream_new (const PfScanSource *source)
{
  PfSourceStream *self = g_object_new (PF_TYPE_SOURCE_STREAM, NULL);

  self->source = *source;
  self->offset = source->offset;
  self->end = source->offset + source->length;
  return self;
}

gint64
pf_source_stream_get_moved (PfSourceStream *self)
{
  return self->moved;
}

gboolean
pf_source_stream_has_failed (PfSourceStream *self)
{
  return self->failed;
}

static void
pf_source_stream_class_init (PfSourceStreamClass *class)
{
  GInputStreamClass *stream_class = G_INPUT_STREAM_CLASS (class);

  stream_class->read_fn = read_some;
  stream_class->read_async = read_some_async;
  stream_class->read_finish = read_some_finish;
}

static void
pf_source_stream_init (PfSourceStream *self)
{
}
