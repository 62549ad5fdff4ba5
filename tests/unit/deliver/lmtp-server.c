#include "lmtp-server.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <string.h>

struct _LmtpPeer
{
  LmtpServer *server;
  GSocketConnection *connection;
  GDataInputStream *input;
  GString *message; /* NULL: commands are read */
};

static void read_line (LmtpPeer *peer);

static void
peer_free (LmtpPeer *peer)
{
  g_io_stream_close (G_IO_STREAM (peer->connection), NULL, NULL);
  g_object_unref (peer->connection);
  g_object_unref (peer->input);
  if (peer->message != NULL)
    g_string_free (peer->message, TRUE);
  g_free (peer);
}

/* Returns: FALSE when the connection was closed. */
static gboolean
say (LmtpPeer *peer, const char *command, const char **scripted, const char *usual)
{
  LmtpServer *self = peer->server;
  const char *reply = *scripted != NULL ? *scripted : usual;
  g_autofree char *line = g_strdup_printf ("%s\r\n", *reply == '+' ? reply + 1 : reply);

  if (g_strcmp0 (self->once, command) == 0)
    *scripted = NULL;
  if (*reply != '!' && *reply != '?')
    g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (peer->connection)), line,
                               strlen (line), NULL, NULL, NULL);
  if (*reply == '!' || *reply == '+')
    {
      peer_free (peer);
      return FALSE;
    }
  return TRUE;
}

static gboolean
take_command (LmtpPeer *peer, const char *line)
{
  LmtpServer *self = peer->server;
  const char *none = NULL;

  g_string_append_printf (self->commands, "%s\n", line);
  if (g_str_has_prefix (line, "LHLO "))
    return say (peer, "LHLO", &self->lhlo, "250-there\r\n250-8BITMIME\r\n250 PIPELINING");
  if (g_str_has_prefix (line, "MAIL "))
    {
      self->now++;
      self->most = MAX (self->most, self->now);
      return say (peer, "MAIL", &self->mail, "250 2.1.0 OK");
    }
  if (g_str_has_prefix (line, "RCPT "))
    return say (peer, "RCPT", &self->rcpt, "250 2.1.5 OK");
  if (g_str_equal (line, "DATA"))
    {
      peer->message = self->data == NULL ? g_string_new (NULL) : NULL;
      return say (peer, "DATA", &self->data, "354 go on");
    }
  if (g_str_equal (line, "RSET"))
    self->now--;
  return say (peer, "", &none, g_str_equal (line, "QUIT") ? "+221 bye" : "250 OK");
}

static gboolean
take_text (LmtpPeer *peer, const char *line)
{
  LmtpServer *self = peer->server;

  if (!g_str_equal (line, "."))
    {
      g_string_append_printf (peer->message, "%s\n", line);
      return TRUE;
    }
  g_ptr_array_add (self->messages, g_string_free (g_steal_pointer (&peer->message), FALSE));
  self->now--;
  return say (peer, "MESSAGE", &self->message, "250 2.0.0 saved");
}

static void
on_line (GObject *source, GAsyncResult *result, gpointer user_data)
{
  LmtpPeer *peer = user_data;
  gsize length;
  g_autofree char *line = g_data_input_stream_read_line_finish (peer->input, result, &length, NULL);

  if (line == NULL)
    {
      peer_free (peer);
      return;
    }
  if (peer->message != NULL ? take_text (peer, line) : take_command (peer, line))
    read_line (peer);
}

static void
read_line (LmtpPeer *peer)
{
  if (peer->message != NULL && peer->server->ignore_data)
    {
      peer->server->hung = peer;
      return;
    }
  g_data_input_stream_read_line_async (peer->input, 0, NULL, on_line, peer);
}

static gboolean
on_incoming (GSocketService *service,
             GSocketConnection *connection,
             GObject *source,
             gpointer user_data)
{
  LmtpServer *self = user_data;
  LmtpPeer *peer = g_new0 (LmtpPeer, 1);

  self->n_connections++;
  peer->server = self;
  peer->connection = g_object_ref (connection);
  peer->input = g_data_input_stream_new (g_io_stream_get_input_stream (G_IO_STREAM (connection)));
  g_data_input_stream_set_newline_type (peer->input, G_DATA_STREAM_NEWLINE_TYPE_CR_LF);
  if (say (peer, "GREETING", &self->greeting, "220 there"))
    read_line (peer);
  return TRUE;
}

void
lmtp_server_start (LmtpServer *self, const char *path)
{
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);

  self->path = g_strdup (path);
  self->commands = g_string_new (NULL);
  self->messages = g_ptr_array_new_with_free_func (g_free);
  self->service = g_socket_service_new ();
  g_assert_true (g_socket_listener_add_address (G_SOCKET_LISTENER (self->service), address,
                                                G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT,
                                                NULL, NULL, NULL));
  g_signal_connect (self->service, "incoming", G_CALLBACK (on_incoming), self);
}

void
lmtp_server_stop (LmtpServer *self)
{
  g_socket_service_stop (self->service);
  g_socket_listener_close (G_SOCKET_LISTENER (self->service));
}

/* What the other side closed is met in the main loop. */
void
lmtp_server_clear (LmtpServer *self)
{
  g_clear_pointer (&self->hung, peer_free);
  lmtp_server_stop (self);
  g_object_unref (self->service);
  for (guint i = 0; i < 100; i++)
    g_main_context_iteration (NULL, FALSE);
  g_remove (self->path);
  g_free (self->path);
  g_string_free (self->commands, TRUE);
  g_ptr_array_unref (self->messages);
}
