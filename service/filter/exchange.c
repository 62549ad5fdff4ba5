#include "filter/exchange.h"

#include "base/limits.h"
#include "dbus-interfaces/text.h"
#include "filter/source-stream.h"

#include <gio/gunixsocketaddress.h>
#include <string.h>

#define SLICE (32 * PF_KIB)

typedef struct
{
  PfExchange *answer;
  SoupMessage *message;
  GInputStream *reading;
  PfScanSource source;
  PfSourceStream *stream; /* (nullable) */
  gsize limit;
  guint timeout;
  GCancellable *cancellable; /* our own: ends what is under way, for either reason below */
  GSource *timer, *cancelling;
  gint64 began;
  gboolean timed_out;
  gboolean fresh; /* a connection was made for it, not one that was kept alive */
} Job;

static void send_it (SoupSession *session, GTask *task);

/* --- Life ------------------------------------------------------------------------------------- */

void
pf_exchange_free (PfExchange *self)
{
  if (self == NULL)
    return;
  g_free (self->text);
  g_string_free (self->body, TRUE);
  g_free (self->type);
  g_free (self->server);
  g_free (self);
}

static void
stop_source (GSource **source)
{
  if (*source == NULL)
    return;
  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
job_free (gpointer data)
{
  Job *job = data;

  stop_source (&job->timer);
  stop_source (&job->cancelling);
  g_clear_pointer (&job->answer, pf_exchange_free);
  if (job->message != NULL)
    g_signal_handlers_disconnect_by_data (job->message, job);
  g_clear_object (&job->message);
  g_clear_object (&job->reading);
  g_clear_object (&job->stream);
  g_clear_object (&job->cancellable);
  g_free (job);
}

static void
finish (GTask *task)
{
  Job *job = g_task_get_task_data (task);

  stop_source (&job->timer);
  stop_source (&job->cancelling);
  g_task_return_pointer (task, g_steal_pointer (&job->answer), (GDestroyNotify) pf_exchange_free);
}

static void
fail (GTask *task, PfScanReason reason, const char *text)
{
  Job *job = g_task_get_task_data (task);

  job->answer->reason = reason;
  job->answer->text = pf_text_printable (text, -1, PF_LIMIT_SERVER_TEXT);
  finish (task);
}

/* --- Errors ----------------------------------------------------------------------------------- */

static gboolean
is_connecting (const GError *error)
{
  static const GIOErrorEnum codes[] = {
    G_IO_ERROR_CONNECTION_REFUSED, G_IO_ERROR_NOT_FOUND,           G_IO_ERROR_HOST_NOT_FOUND,
    G_IO_ERROR_HOST_UNREACHABLE,   G_IO_ERROR_NETWORK_UNREACHABLE, G_IO_ERROR_PERMISSION_DENIED
  };

  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    if (g_error_matches (error, G_IO_ERROR, codes[i]))
      return TRUE;
  return error->domain == G_RESOLVER_ERROR;
}

static void
fail_with (GTask *task, const GError *error)
{
  Job *job = g_task_get_task_data (task);
  g_autofree char *text = NULL;

  if (job->timed_out)
    {
      text = g_strdup_printf ("Rspamd gave no answer within %u s", job->timeout);
      fail (task, PF_SCAN_TIMED_OUT, text);
    }
  else if (job->stream != NULL && pf_source_stream_has_failed (job->stream))
    fail (task, PF_SCAN_UNREADABLE, "The message could not be read from the spool");
  else if (error->domain == G_TLS_ERROR)
    {
      text = g_strdup_printf ("Rspamd's certificate is not trusted: %s", error->message);
      fail (task, PF_SCAN_UNTRUSTED, text);
    }
  else if (job->answer->status == 0 && is_connecting (error))
    {
      text = g_strdup_printf ("Rspamd cannot be reached: %s", error->message);
      fail (task, PF_SCAN_UNREACHABLE, text);
    }
  else
    {
      text = g_strdup_printf ("Rspamd broke off: %s", error->message);
      fail (task, PF_SCAN_BROKEN_OFF, text);
    }
}

/* @error: (transfer full) */
static void
end_with (GTask *task, GError *error)
{
  Job *job = g_task_get_task_data (task);
  g_autoptr (GError) cause = error;

  if (g_cancellable_is_cancelled (g_task_get_cancellable (task)) && !job->timed_out)
    {
      stop_source (&job->timer);
      stop_source (&job->cancelling);
      g_task_return_error_if_cancelled (task);
    }
  else
    fail_with (task, cause);
}

/* --- The answer ------------------------------------------------------------------------------- */

static void
fail_too_long (GTask *task)
{
  fail (task, PF_SCAN_TOO_LONG, "Rspamd's answer is too long");
}

static void read_more (GTask *task);

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Job *job = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (GBytes) bytes =
      g_input_stream_read_bytes_finish (G_INPUT_STREAM (source), result, &error);
  gsize length;
  const char *data;

  if (bytes == NULL)
    {
      end_with (task, error);
      return;
    }
  data = g_bytes_get_data (bytes, &length);
  if (length == 0)
    finish (task);
  else if (job->answer->body->len + length > job->limit)
    fail_too_long (task);
  else
    {
      g_string_append_len (job->answer->body, data, (gssize) length);
      read_more (g_steal_pointer (&task));
    }
}

/* @task: (transfer full) */
static void
read_more (GTask *task)
{
  Job *job = g_task_get_task_data (task);

  g_input_stream_read_bytes_async (job->reading, SLICE, G_PRIORITY_DEFAULT, job->cancellable,
                                   on_read, task);
}

/* What was kept alive may have ended before our request came: that says nothing of Rspamd, and the
 * message is sent once more, from its beginning. libsoup does so itself, but for no POST. */
static gboolean
is_stale (const Job *job)
{
  return !job->fresh && !g_cancellable_is_cancelled (job->cancellable)
         && (job->stream == NULL || !pf_source_stream_has_failed (job->stream));
}

static void
on_sent (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Job *job = g_task_get_task_data (task);
  GError *error = NULL;
  SoupMessageHeaders *headers;
  g_autofree char *text = NULL;

  job->reading = soup_session_send_finish (SOUP_SESSION (source), result, &error);
  if (job->reading == NULL && is_stale (job))
    {
      g_error_free (error);
      soup_message_add_flags (job->message, SOUP_MESSAGE_NEW_CONNECTION);
      job->fresh = TRUE;
      send_it (SOUP_SESSION (source), g_steal_pointer (&task));
      return;
    }
  if (job->reading == NULL)
    {
      end_with (task, error);
      return;
    }
  job->answer->status = soup_message_get_status (job->message);
  headers = soup_message_get_response_headers (job->message);
  job->answer->type = g_strdup (soup_message_headers_get_content_type (headers, NULL));
  job->answer->server = g_strdup (soup_message_headers_get_one (headers, "Server"));
  text = g_strdup_printf ("Rspamd sends us elsewhere (HTTP status %u)", job->answer->status);
  if (job->answer->status / 100 == 3)
    fail (task, PF_SCAN_REDIRECTED, text);
  else if (soup_message_headers_get_content_length (headers) > (goffset) job->limit)
    fail_too_long (task);
  else
    read_more (g_steal_pointer (&task));
}

/* --- The clock -------------------------------------------------------------------------------- */

/* When it is too late, given what has moved so far. */
static gint64
deadline (const Job *job)
{
  gint64 moved = job->stream != NULL ? pf_source_stream_get_moved (job->stream) : 0;
  gint64 soon = MAX (job->began, moved) + (gint64) job->timeout * G_USEC_PER_SEC;

  return MIN (soon, job->began + (gint64) PF_LIMIT_SCAN_SECONDS * G_USEC_PER_SEC);
}

static gboolean
on_timer (gpointer user_data)
{
  Job *job = user_data;
  gint64 due = deadline (job);

  g_source_set_ready_time (job->timer, -1);
  if (g_get_monotonic_time () < due)
    {
      g_source_set_ready_time (job->timer, due);
      return G_SOURCE_CONTINUE;
    }
  job->timed_out = TRUE;
  g_cancellable_cancel (job->cancellable);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  Job *job = user_data;

  g_cancellable_cancel (job->cancellable);
  return G_SOURCE_REMOVE;
}

static gboolean
dispatch_timer (GSource *source, GSourceFunc callback, gpointer user_data)
{
  return callback (user_data);
}

static GSourceFuncs timer_funcs = { NULL, NULL, dispatch_timer, NULL, NULL, NULL };

static void
set_clock (GTask *task)
{
  Job *job = g_task_get_task_data (task);
  GCancellable *cancellable = g_task_get_cancellable (task);

  job->began = g_get_monotonic_time ();
  job->timer = g_source_new (&timer_funcs, sizeof (GSource));
  g_source_set_callback (job->timer, on_timer, job, NULL);
  g_source_set_static_name (job->timer, "[postferry] exchange");
  g_source_set_ready_time (job->timer, deadline (job));
  g_source_attach (job->timer, g_task_get_context (task));
  if (cancellable == NULL)
    return;
  job->cancelling = g_cancellable_source_new (cancellable);
  g_source_set_callback (job->cancelling, G_SOURCE_FUNC (on_cancelled), job, NULL);
  g_source_attach (job->cancelling, g_task_get_context (task));
}

/* --- Calls ------------------------------------------------------------------------------------ */

SoupSession *
pf_exchange_session_new (const char *base, guint connections)
{
  g_autoptr (GSocketAddress) address = NULL;
  SoupSession *session;

  if (g_str_has_prefix (base, "unix:"))
    address = g_unix_socket_address_new (base + strlen ("unix:"));
  session = g_object_new (SOUP_TYPE_SESSION, "remote-connectable", address, "proxy-resolver", NULL,
                          "max-conns", (int) connections, "max-conns-per-host", (int) connections,
                          "timeout", 0, "idle-timeout", 30, "user-agent", "postferry", NULL);
  soup_session_remove_feature_by_type (session, SOUP_TYPE_CONTENT_DECODER);
  soup_session_remove_feature_by_type (session, SOUP_TYPE_AUTH_MANAGER);
  return session;
}

static void
put_body (Job *job)
{
  g_clear_object (&job->stream);
  job->stream = pf_source_stream_new (&job->source);
  soup_message_set_request_body (job->message, "message/rfc822", G_INPUT_STREAM (job->stream),
                                 (gssize) job->source.length);
}

static void
on_network_event (SoupMessage *message,
                  GSocketClientEvent event,
                  GIOStream *connection,
                  gpointer user_data)
{
  ((Job *) user_data)->fresh = TRUE;
}

/* @task: (transfer full) */
static void
send_it (SoupSession *session, GTask *task)
{
  Job *job = g_task_get_task_data (task);

  if (job->source.length > 0)
    put_body (job);
  soup_session_send_async (session, job->message, G_PRIORITY_DEFAULT, job->cancellable, on_sent,
                           task);
}

void
pf_exchange_async (SoupSession *session,
                   SoupMessage *message,
                   const PfScanSource *source,
                   gsize limit,
                   guint timeout,
                   GCancellable *cancellable,
                   GAsyncReadyCallback callback,
                   gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Job *job = g_new0 (Job, 1);

  g_task_set_task_data (task, job, job_free);
  job->answer = g_new0 (PfExchange, 1);
  job->answer->body = g_string_new (NULL);
  job->limit = limit;
  job->timeout = timeout;
  job->cancellable = g_cancellable_new ();
  if (message == NULL)
    {
      fail (task, PF_SCAN_UNREACHABLE, "Rspamd's URL cannot be used");
      return;
    }
  job->message = message;
  /* Asking twice does no harm, and libsoup keeps only such connections alive. */
  soup_message_set_flags (message, SOUP_MESSAGE_IDEMPOTENT | SOUP_MESSAGE_NO_REDIRECT);
  g_signal_connect (message, "network-event", G_CALLBACK (on_network_event), job);
  if (source != NULL)
    job->source = *source;
  set_clock (task);
  send_it (session, g_steal_pointer (&task));
}

PfExchange *
pf_exchange_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
