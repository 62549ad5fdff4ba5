#include "bus/authority.h"

#include <polkit/polkit.h>

#include "base/limits.h"
#include "bus/errors.h"
#include "dbus-interfaces/text.h"

#define POLKIT_NAME "org.freedesktop.PolicyKit1"
#define POLKIT_PATH "/org/freedesktop/PolicyKit1/Authority"
/* What a rule or a dialog gets to see of text that a caller gave. */
#define DETAIL_LENGTH 200

struct _PfAuthority
{
  GObject parent_instance;
  GDBusConnection *connection;
  gboolean session;
  PolkitAuthority *polkit; /* NULL until polkit could be reached once */
  GPtrArray *waiting;      /* (nullable): Inquiry that wait for it */
};

G_DEFINE_FINAL_TYPE (PfAuthority, pf_authority, G_TYPE_OBJECT)

/* One question. It lives until polkit and the pings have come back; the task may have been answered
 * long before. */
typedef struct
{
  gatomicrefcount ref_count;
  GTask *task; /* NULL once answered */
  PfAuthority *authority;
  PfCaller *caller;
  char *action;
  gboolean interactive;
  PolkitDetails *details;
  GCancellable *cancellable; /* of what is under way */
  gulong left;
  guint timer;
  guint pinger;
} Inquiry;

static Inquiry *
inquiry_ref (Inquiry *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

static void
inquiry_unref (Inquiry *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_object_unref (self->authority);
  pf_caller_unref (self->caller);
  g_free (self->action);
  g_object_unref (self->details);
  g_object_unref (self->cancellable);
  g_free (self);
}

/* The one end of a question: @error NULL is a yes. Whatever is still under way is given up. */
static void
settle (Inquiry *self, GError *error)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->task);

  if (task == NULL)
    {
      g_clear_error (&error);
      return;
    }
  g_clear_handle_id (&self->timer, g_source_remove);
  g_clear_handle_id (&self->pinger, g_source_remove);
  g_clear_signal_handler (&self->left, self->caller->left);
  g_cancellable_cancel (self->cancellable);
  if (error == NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
  inquiry_unref (self);
}

static void
deny (Inquiry *self, const char *why)
{
  settle (self, g_error_new (G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED, "Not authorised for %s: %s",
                             self->action, why));
}

static void
on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Inquiry *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (PolkitAuthorizationResult) answer =
      polkit_authority_check_authorization_finish (POLKIT_AUTHORITY (source), result, &error);

  if (answer == NULL)
    {
      g_dbus_error_strip_remote_error (error);
      deny (self, error->message);
    }
  else if (polkit_authorization_result_get_is_authorized (answer))
    settle (self, NULL);
  else if (!polkit_authorization_result_get_is_challenge (answer))
    deny (self, polkit_authorization_result_get_dismissed (answer) ? "the question was dismissed"
                                                                   : "polkit says no");
  else if (self->interactive)
    deny (self, "somebody would have to be asked, and no authentication agent is there");
  else
    settle (self, g_error_new (PF_BUS_ERROR, PF_BUS_ERROR_INTERACTION,
                               "%s needs authentication, and the call does not allow to ask",
                               self->action));
  inquiry_unref (self);
}

static void
ask (Inquiry *self)
{
  g_autoptr (PolkitSubject) subject = polkit_system_bus_name_new (self->caller->name);
  PolkitCheckAuthorizationFlags flags =
      self->interactive ? POLKIT_CHECK_AUTHORIZATION_FLAGS_ALLOW_USER_INTERACTION
                        : POLKIT_CHECK_AUTHORIZATION_FLAGS_NONE;

  polkit_authority_check_authorization (self->authority->polkit, subject, self->action,
                                        self->details, flags, self->cancellable, on_answer,
                                        inquiry_ref (self));
}

static void
on_polkit (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PfAuthority) authority = user_data;
  g_autoptr (GPtrArray) waiting = g_steal_pointer (&authority->waiting);

  authority->polkit = polkit_authority_get_finish (result, NULL);
  for (guint i = 0; i < waiting->len; i++)
    {
      Inquiry *self = waiting->pdata[i];

      if (self->task != NULL && authority->polkit == NULL)
        deny (self, "polkit cannot be reached");
      else if (self->task != NULL)
        ask (self);
      inquiry_unref (self);
    }
}

/* Once at a time: libpolkit would have the second caller wait in the main loop until polkitd has
 * answered the first. */
static void
ask_first (Inquiry *self)
{
  PfAuthority *authority = self->authority;

  if (authority->waiting == NULL)
    {
      authority->waiting = g_ptr_array_new ();
      polkit_authority_get_async (NULL, on_polkit, g_object_ref (authority));
    }
  g_ptr_array_add (authority->waiting, inquiry_ref (self));
}

static gboolean
on_timeout (gpointer user_data)
{
  Inquiry *self = user_data;

  self->timer = 0;
  deny (self, "polkit did not answer in time");
  return G_SOURCE_REMOVE;
}

static void
on_pong (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Inquiry *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (reply == NULL)
    deny (self, "polkit has stopped answering");
  inquiry_unref (self);
}

static gboolean
on_ping (gpointer user_data)
{
  Inquiry *self = user_data;

  g_dbus_connection_call (self->authority->connection, POLKIT_NAME, POLKIT_PATH,
                          "org.freedesktop.DBus.Peer", "Ping", NULL, NULL,
                          G_DBUS_CALL_FLAGS_NO_AUTO_START, PF_LIMIT_POLKIT_PING_SECONDS * 1000,
                          self->cancellable, on_pong, inquiry_ref (self));
  return G_SOURCE_CONTINUE;
}

static void
on_left (GCancellable *left, gpointer user_data)
{
  Inquiry *self = user_data;

  settle (self,
          g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "The caller has left the bus"));
}

static void
add_detail (PolkitDetails *details, const char *key, const char *value)
{
  g_autofree char *shown = value != NULL ? pf_text_printable (value, -1, DETAIL_LENGTH) : NULL;

  if (shown != NULL)
    polkit_details_insert (details, key, shown);
}

static void
inquire (PfAuthority *authority, GTask *task, PfCaller *caller, const PfQuestion *question)
{
  Inquiry *self = g_new0 (Inquiry, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->task = task;
  self->authority = g_object_ref (authority);
  self->caller = pf_caller_ref (caller);
  self->action = g_strdup (question->action);
  self->interactive = question->interactive;
  self->cancellable = g_cancellable_new ();
  self->details = polkit_details_new ();
  add_detail (self->details, "account", question->account);
  add_detail (self->details, "local-user", question->local_user);
  self->left = g_signal_connect (caller->left, "cancelled", G_CALLBACK (on_left), self);
  self->timer = g_timeout_add_seconds (question->interactive ? PF_LIMIT_POLKIT_INTERACTIVE_SECONDS
                                                             : PF_LIMIT_POLKIT_SECONDS,
                                       on_timeout, self);
  if (question->interactive)
    self->pinger = g_timeout_add_seconds (PF_LIMIT_POLKIT_PING_SECONDS, on_ping, self);
  if (authority->polkit != NULL)
    ask (self);
  else
    ask_first (self);
}

void
pf_authority_check_async (PfAuthority *self,
                          PfCaller *caller,
                          const PfQuestion *question,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);

  g_task_set_source_tag (task, pf_authority_check_async);
  if (g_cancellable_is_cancelled (caller->left))
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "The caller has left the bus");
  else if (self->session ? caller->is_owner : caller->uid == 0)
    g_task_return_boolean (task, TRUE);
  else if (self->session)
    g_task_return_new_error (task, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED,
                             "This service belongs to somebody else");
  else
    {
      inquire (self, task, caller, question);
      return;
    }
  g_object_unref (task);
}

gboolean
pf_authority_check_finish (PfAuthority *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
pf_authority_dispose (GObject *object)
{
  PfAuthority *self = PF_AUTHORITY (object);

  g_clear_object (&self->connection);
  g_clear_object (&self->polkit);
  G_OBJECT_CLASS (pf_authority_parent_class)->dispose (object);
}

static void
pf_authority_class_init (PfAuthorityClass *class)
{
  G_OBJECT_CLASS (class)->dispose = pf_authority_dispose;
}

static void
pf_authority_init (PfAuthority *self)
{
}

PfAuthority *
pf_authority_new (GDBusConnection *connection, gboolean session)
{
  PfAuthority *self = g_object_new (PF_TYPE_AUTHORITY, NULL);

  self->connection = g_object_ref (connection);
  self->session = session;
  return self;
}
