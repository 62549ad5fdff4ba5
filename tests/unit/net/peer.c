#include "peer.h"

#include <glib/gstdio.h>
#include <string.h>

#include "net/dialer.h"

/* --- Processes -------------------------------------------------------------------------------- */

static char *
server_path (const char *script)
{
  return g_build_filename (g_getenv ("PF_TEST_SERVERS"), script, NULL);
}

Peer *
peer_new (const char *script, ...)
{
  Peer *self = g_new0 (Peer, 1);
  g_autoptr (GPtrArray) arguments = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  g_autofree char *line = NULL;
  const char *argument;
  va_list list;

  g_ptr_array_add (arguments, server_path (script));
  va_start (list, script);
  while ((argument = va_arg (list, const char *)) != NULL)
    g_ptr_array_add (arguments, g_strdup (argument));
  va_end (list);
  g_ptr_array_add (arguments, NULL);
  self->process =
      g_subprocess_newv ((const char *const *) arguments->pdata,
                         G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error);
  g_assert_no_error (error);
  self->output = g_data_input_stream_new (g_subprocess_get_stdout_pipe (self->process));
  line = peer_read (self);
  g_assert_true (g_str_has_prefix (line, "listening "));
  self->port = (guint16) g_ascii_strtoull (line + strlen ("listening "), NULL, 10);
  return self;
}

char *
peer_read (Peer *self)
{
  g_autoptr (GError) error = NULL;
  char *line = g_data_input_stream_read_line_utf8 (self->output, NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (line);
  return line;
}

void
peer_free (Peer *self)
{
  g_subprocess_force_exit (self->process);
  g_subprocess_wait (self->process, NULL, NULL);
  g_object_unref (self->output);
  g_object_unref (self->process);
  g_free (self);
}

/* --- Files ------------------------------------------------------------------------------------ */

static char *scratch;
static gboolean have_certificates;

char *
scratch_path (const char *name)
{
  if (scratch == NULL)
    scratch = g_dir_make_tmp ("pf-net-XXXXXX", NULL);
  return g_build_filename (scratch, name, NULL);
}

char *
certificate_path (const char *name)
{
  g_autofree char *folder = scratch_path ("certificates");
  g_autofree char *file = g_strconcat (name, ".pem", NULL);
  g_autofree char *script = server_path ("certificates.py");
  const char *arguments[] = { script, folder, NULL };
  int status = -1;

  if (!have_certificates)
    {
      g_assert_true (g_spawn_sync (NULL, (char **) arguments, NULL, G_SPAWN_DEFAULT, NULL, NULL,
                                   NULL, NULL, &status, NULL));
      g_assert_cmpint (status, ==, 0);
      have_certificates = TRUE;
    }
  return g_build_filename (folder, file, NULL);
}

/* By the command that an administrator would use. */
char *
certificate_pin (const char *name)
{
  g_autofree char *path = certificate_path (name);
  const char *arguments[] = { "openssl", "x509",         "-in",     path,
                              "-noout",  "-fingerprint", "-sha256", NULL };
  g_autofree char *output = NULL;

  g_assert_true (g_spawn_sync (NULL, (char **) arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
                               &output, NULL, NULL, NULL));
  g_assert_nonnull (strchr (output, '='));
  return g_strconcat ("sha256:", g_strstrip (strchr (output, '=') + 1), NULL);
}

void
clean_up (void)
{
  const char *arguments[] = { "rm", "-rf", "--", scratch, NULL };

  if (scratch != NULL)
    g_spawn_sync (NULL, (char **) arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                  NULL, NULL);
  g_clear_pointer (&scratch, g_free);
}

/* --- Talks ------------------------------------------------------------------------------------ */

static void
on_received (PfChannel *channel, const guint8 *data, gsize length, gpointer user_data)
{
  Talk *self = user_data;

  g_assert_false (self->closed);
  self->slices++;
  g_string_append_len (self->received, (const char *) data, (gssize) length);
}

static void
on_closed (PfChannel *channel, const GError *error, gpointer user_data)
{
  Talk *self = user_data;

  g_assert_false (self->closed);
  self->closed = TRUE;
  self->error = error == NULL ? NULL : g_error_copy (error);
}

static void
on_drained (PfChannel *channel, gpointer user_data)
{
  Talk *self = user_data;

  self->drained++;
}

Talk *
talk_new (PfChannel *channel)
{
  static const PfChannelHandlers handlers = { on_received, on_closed, on_drained };
  Talk *self = g_new0 (Talk, 1);

  g_assert_nonnull (channel);
  self->channel = channel;
  self->received = g_string_new (NULL);
  pf_channel_set_handlers (channel, &handlers, self);
  return self;
}

void
talk_free (Talk *self)
{
  pf_channel_close (self->channel);
  g_object_unref (self->channel);
  g_string_free (self->received, TRUE);
  g_clear_error (&self->error);
  g_free (self);
}

void
talk_send (Talk *self, const char *text)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

  pf_channel_send (self->channel, bytes);
}

void
talk_wait_for (Talk *self, const char *text)
{
  while (strstr (self->received->str, text) == NULL)
    {
      g_assert_false (self->closed);
      g_main_context_iteration (NULL, TRUE);
    }
}

void
talk_wait_closed (Talk *self)
{
  wait_until (&self->closed);
}

void
wait_until (const gboolean *flag)
{
  while (!*flag)
    g_main_context_iteration (NULL, TRUE);
}

void
turn_all (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

/* --- Dialing ---------------------------------------------------------------------------------- */

PfEndpoint *
endpoint_new (const char *host, guint16 port, PfSecurity security, const char *certificate)
{
  PfEndpoint *endpoint = g_new0 (PfEndpoint, 1);

  endpoint->host = g_strdup (host);
  endpoint->port = port;
  endpoint->security = security;
  endpoint->proxy = g_strdup ("");
  endpoint->certificate = g_strdup (certificate);
  endpoint->connect_timeout = 20;
  return endpoint;
}

static void
on_result (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

PfChannel *
dial (PfEndpoint *endpoint, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  pf_dial_async (endpoint, NULL, on_result, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return pf_dial_finish (result, error);
}

GError *
dial_in_vain (PfEndpoint *endpoint)
{
  GError *error = NULL;
  PfChannel *channel = dial (endpoint, &error);

  g_assert_null (channel);
  g_assert_nonnull (error);
  return error;
}
