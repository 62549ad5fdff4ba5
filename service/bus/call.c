#include "bus/call.h"

#include <gio/gunixfdlist.h>

#include "bus/errors.h"

/* A reply's body that waits for GDBus's thread. */
#define LARGE_BODY "postferry-body"

struct _PfCall
{
  GDBusConnection *connection;
  GDBusMessage *message;
  GVariant *arguments;
  PfCaller *caller;
  GDestroyNotify done;
  gpointer data;
};

PfCall *
pf_call_new (GDBusConnection *connection,
             GDBusMessage *message,
             PfCaller *caller,
             GDestroyNotify done,
             gpointer data)
{
  PfCall *self = g_new0 (PfCall, 1);
  GVariant *body = g_dbus_message_get_body (message);

  self->connection = g_object_ref (connection);
  self->message = g_object_ref (message);
  self->caller = pf_caller_ref (caller);
  self->arguments = body != NULL ? g_variant_ref (body) : g_variant_ref_sink (g_variant_new ("()"));
  self->done = done;
  self->data = data;
  return self;
}

void
pf_call_free (PfCall *self)
{
  if (self->done != NULL)
    self->done (self->data);
  g_object_unref (self->connection);
  g_object_unref (self->message);
  g_variant_unref (self->arguments);
  pf_caller_unref (self->caller);
  g_free (self);
}

PfCaller *
pf_call_caller (const PfCall *self)
{
  return self->caller;
}

const char *
pf_call_path (const PfCall *self)
{
  return g_dbus_message_get_path (self->message);
}

const char *
pf_call_interface (const PfCall *self)
{
  return g_dbus_message_get_interface (self->message);
}

const char *
pf_call_member (const PfCall *self)
{
  return g_dbus_message_get_member (self->message);
}

GVariant *
pf_call_arguments (const PfCall *self)
{
  return self->arguments;
}

gboolean
pf_call_is_interactive (const PfCall *self)
{
  return (g_dbus_message_get_flags (self->message)
          & G_DBUS_MESSAGE_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION)
         != 0;
}

int
pf_call_take_descriptor (const PfCall *self, gint32 handle, GError **error)
{
  GUnixFDList *list = g_dbus_message_get_unix_fd_list (self->message);

  if (list == NULL || handle < 0 || handle >= g_unix_fd_list_get_length (list))
    {
      g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
                   "The message holds no file descriptor %d", handle);
      return -1;
    }
  return g_unix_fd_list_get (list, handle, error);
}

static void
answer (PfCall *self, GDBusMessage *reply)
{
  if (!(g_dbus_message_get_flags (self->message) & G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED))
    g_dbus_connection_send_message (self->connection, reply, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL,
                                    NULL);
  pf_call_free (self);
}

void
pf_call_return (PfCall *self, GVariant *value)
{
  g_autoptr (GDBusMessage) reply = g_dbus_message_new_method_reply (self->message);

  if (value != NULL)
    g_dbus_message_set_body (reply, value);
  answer (self, reply);
}

void
pf_call_return_large (PfCall *self, GVariant *value)
{
  g_autoptr (GDBusMessage) reply = g_dbus_message_new_method_reply (self->message);

  g_object_set_data_full (G_OBJECT (reply), LARGE_BODY, g_variant_ref_sink (value),
                          (GDestroyNotify) g_variant_unref);
  answer (self, reply);
}

void
pf_call_return_descriptor (PfCall *self, int fd)
{
  g_autoptr (GDBusMessage) reply = g_dbus_message_new_method_reply (self->message);
  g_autoptr (GUnixFDList) list = g_unix_fd_list_new_from_array (&fd, 1);

  g_dbus_message_set_unix_fd_list (reply, list);
  g_dbus_message_set_body (reply, g_variant_new ("(h)", 0));
  answer (self, reply);
}

GDBusMessage *
pf_call_fill_in (GDBusMessage *message)
{
  g_autoptr (GDBusMessage) reply = message;
  GVariant *body = g_object_get_data (G_OBJECT (reply), LARGE_BODY);
  GDBusMessage *filled;

  if (body == NULL)
    return g_steal_pointer (&reply);
  filled = g_dbus_message_copy (reply, NULL);
  /* Only a descriptor that cannot be duplicated makes it fail, and there is none. */
  if (filled == NULL)
    return g_steal_pointer (&reply);
  g_dbus_message_set_body (filled, body);
  return filled;
}

void
pf_call_fail (PfCall *self, const GError *error)
{
  g_autofree char *text = g_utf8_make_valid (error->message, -1);
  g_autoptr (GDBusMessage) reply =
      g_dbus_message_new_method_error_literal (self->message, pf_bus_error_name (error), text);

  answer (self, reply);
}

void
pf_call_fail_with (PfCall *self, GQuark domain, int code, const char *format, ...)
{
  g_autoptr (GError) error = NULL;
  va_list arguments;

  va_start (arguments, format);
  error = g_error_new_valist (domain, code, format, arguments);
  va_end (arguments);
  pf_call_fail (self, error);
}

void
pf_call_fail_unknown_object (PfCall *self)
{
  pf_call_fail_with (self, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_OBJECT,
                     "Object does not exist at path “%s”", pf_call_path (self));
}
