#include "net/handshake.h"

#include "base/limits.h"
#include "base/problem.h"

typedef struct
{
  gpointer channel;
  PfEndpoint *endpoint;
  void (*abandon) (gpointer channel, GError *error);
} Bound;

static void
stop_sources (PfHandshake *self)
{
  GSource **sources[] = { &self->timer, &self->cancelling };

  for (gsize i = 0; i < G_N_ELEMENTS (sources); i++)
    {
      GSource *source = g_steal_pointer (sources[i]);

      if (source == NULL)
        continue;
      g_source_destroy (source);
      g_source_unref (source);
    }
}

static guint
seconds_of (const PfEndpoint *endpoint)
{
  return endpoint->connect_timeout > 0 ? endpoint->connect_timeout : PF_LIMIT_CONNECT_SECONDS;
}

static gboolean
on_time_over (gpointer user_data)
{
  Bound *bound = user_data;
  g_autofree char *name = pf_endpoint_describe (bound->endpoint);

  bound->abandon (bound->channel,
                  g_error_new (PF_PROBLEM, PF_PROBLEM_TIMED_OUT,
                               "%s did not complete the TLS handshake within %u s (ConnectTimeout)",
                               name, seconds_of (bound->endpoint)));
  return G_SOURCE_REMOVE;
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  Bound *bound = user_data;

  bound->abandon (bound->channel,
                  g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "Cancelled"));
  return G_SOURCE_REMOVE;
}

static GSource *
attach (GSource *source, GSourceFunc func, const Bound *bound)
{
  g_source_set_callback (source, func, g_memdup2 (bound, sizeof *bound), g_free);
  g_source_attach (source, g_main_context_get_thread_default ());
  return source;
}

void
pf_handshake_begin (PfHandshake *self,
                    GObject *channel,
                    PfEndpoint *endpoint,
                    GCancellable *cancellable,
                    GAsyncReadyCallback callback,
                    gpointer user_data,
                    void (*abandon) (gpointer channel, GError *error))
{
  Bound bound = { channel, endpoint, abandon };

  self->task = g_task_new (channel, cancellable, callback, user_data);
  self->endpoint = endpoint;
  self->timer = attach (g_timeout_source_new_seconds (seconds_of (endpoint)), on_time_over, &bound);
  if (cancellable != NULL)
    self->cancelling =
        attach (g_cancellable_source_new (cancellable), G_SOURCE_FUNC (on_cancelled), &bound);
}

gboolean
pf_handshake_is_under_way (const PfHandshake *self)
{
  return self->task != NULL;
}

void
pf_handshake_end (PfHandshake *self, PfTls *tls, GError *error)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->task);
  GVariant *certificate = tls == NULL ? NULL : pf_tls_get_peer_certificate (tls);

  stop_sources (self);
  g_clear_pointer (&self->endpoint->peer_certificate, g_variant_unref);
  if (certificate != NULL)
    self->endpoint->peer_certificate = g_variant_ref (certificate);
  self->endpoint = NULL;
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

static gboolean
answer_dropped (gpointer task)
{
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "The connection was closed");
  return G_SOURCE_REMOVE;
}

void
pf_handshake_drop (PfHandshake *self)
{
  g_autoptr (GSource) later = NULL;

  if (self->task == NULL)
    return;
  stop_sources (self);
  self->endpoint = NULL;
  later = g_idle_source_new ();
  g_source_set_callback (later, answer_dropped, g_steal_pointer (&self->task), g_object_unref);
  g_source_attach (later, g_main_context_get_thread_default ());
}
