#include "cli-client/checks.h"

#include "cli-client/failure.h"
#include "cli-client/i18n.h"
#include "cli-client/terminal.h"
#include "dbus-interfaces/names.h"

#include <glib-unix.h>
#include <signal.h>

/* Signals tell what happens; should one be lost, a look at it ends the wait all the same. */
#define LOOK_SECONDS 15
/* Cancelling must not make Ctrl-C wait. */
#define CANCEL_MS 2000

struct _PfChecks
{
  PfClient *client;
  GPtrArray *checks; /* of PfChecked */
  GMainLoop *loop;
  PfChecksFunc changed;
  gpointer user_data;
  GError *error; /* why the wait ends early */
};

static void
checked_free (gpointer data)
{
  PfChecked *check = data;

  g_free (check->path);
  g_free (check->address);
  g_free (check->state);
  g_variant_unref (check->properties);
  g_variant_unref (check->result);
  g_free (check);
}

static PfChecked *
find (PfChecks *self, const char *path)
{
  for (guint i = 0; i < self->checks->len; i++)
    if (g_str_equal (((PfChecked *) self->checks->pdata[i])->path, path))
      return self->checks->pdata[i];
  return NULL;
}

static gboolean
all_finished (PfChecks *self)
{
  for (guint i = 0; i < self->checks->len; i++)
    if (!((PfChecked *) self->checks->pdata[i])->finished)
      return FALSE;
  return TRUE;
}

static void
tell (PfChecks *self, PfChecked *check)
{
  if (self->changed != NULL)
    self->changed (self, check, self->user_data);
  if (all_finished (self) || self->error != NULL)
    g_main_loop_quit (self->loop);
}

/* Takes @error. */
static void
give_up (PfChecks *self, GError *error)
{
  if (self->error == NULL)
    self->error = error;
  else
    g_error_free (error);
  g_main_loop_quit (self->loop);
}

/* --- What is told ----------------------------------------------------------------------------- */

static void
finish (PfChecked *check, const char *state, GVariant *result)
{
  check->finished = TRUE;
  g_free (check->state);
  check->state = g_strdup (state);
  g_variant_ref (result);
  g_variant_unref (check->result);
  check->result = result;
}

static void
merge (PfChecked *check, GVariant *changes)
{
  g_autoptr (GVariantDict) dict = g_variant_dict_new (check->properties);
  g_autoptr (GVariant) result = NULL;
  GVariantIter iter;
  const char *name, *state;
  GVariant *value;

  g_variant_iter_init (&iter, changes);
  while (g_variant_iter_loop (&iter, "{&sv}", &name, &value))
    g_variant_dict_insert_value (dict, name, value);
  g_variant_unref (check->properties);
  check->properties = g_variant_ref_sink (g_variant_dict_end (dict));
  state = pf_property_string (check->properties, "State");
  result = g_variant_lookup_value (check->properties, "Result", G_VARIANT_TYPE_VARDICT);
  if (!g_str_equal (state, "running") && result != NULL)
    finish (check, state, result);
}

static void
on_properties (GDBusConnection *connection,
               const char *sender,
               const char *path,
               const char *interface,
               const char *signal_name,
               GVariant *parameters,
               gpointer user_data)
{
  PfChecks *self = user_data;
  PfChecked *check = find (self, path);
  g_autoptr (GVariant) changes = NULL;
  const char *changed;

  if (check == NULL || check->finished
      || !g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(sa{sv}as)")))
    return;
  g_variant_get (parameters, "(&s@a{sv}as)", &changed, &changes, NULL);
  if (!g_str_equal (changed, PF_INTERFACE_CHECK))
    return;
  merge (check, changes);
  tell (self, check);
}

static void
on_finished (GDBusConnection *connection,
             const char *sender,
             const char *path,
             const char *interface,
             const char *signal_name,
             GVariant *parameters,
             gpointer user_data)
{
  PfChecks *self = user_data;
  PfChecked *check = find (self, path);
  g_autoptr (GVariant) result = NULL;
  const char *state;

  if (check == NULL || check->finished
      || !g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(sa{sv})")))
    return;
  g_variant_get (parameters, "(&s@a{sv})", &state, &result);
  finish (check, state, result);
  tell (self, check);
}

static void
on_removed (GDBusConnection *connection,
            const char *sender,
            const char *path,
            const char *interface,
            const char *signal_name,
            GVariant *parameters,
            gpointer user_data)
{
  PfChecks *self = user_data;
  const char *removed;
  PfChecked *check;

  if (!g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(oas)")))
    return;
  g_variant_get (parameters, "(&oas)", &removed, NULL);
  check = find (self, removed);
  if (check == NULL || check->finished)
    return;
  /* The account was removed, or belongs to somebody else now. */
  finish (check, "cancelled", check->result);
  tell (self, check);
}

static GError *
service_left (void)
{
  return g_error_new_literal (
      PF_FAILURE, PF_FAILURE_SERVICE_UNAVAILABLE,
      _ ("The service ended during the check. Nothing is lost: the next check goes on"));
}

static void
on_owner (GDBusConnection *connection,
          const char *sender,
          const char *path,
          const char *interface,
          const char *signal_name,
          GVariant *parameters,
          gpointer user_data)
{
  give_up (user_data, service_left ());
}

/* --- Looking ---------------------------------------------------------------------------------- */

static gboolean
look (PfChecks *self, PfChecked *check, GError **error)
{
  g_autoptr (GVariant) properties =
      pf_client_get_all (self->client, check->path, PF_INTERFACE_CHECK, error);

  if (properties != NULL)
    merge (check, properties);
  return properties != NULL;
}

static gboolean
on_look (gpointer user_data)
{
  PfChecks *self = user_data;

  for (guint i = 0; i < self->checks->len; i++)
    {
      PfChecked *check = self->checks->pdata[i];
      GError *error = NULL;

      if (check->finished)
        continue;
      if (!look (self, check, &error))
        {
          give_up (self, error);
          return G_SOURCE_CONTINUE;
        }
      tell (self, check);
    }
  return G_SOURCE_CONTINUE;
}

/* --- Waiting ---------------------------------------------------------------------------------- */

PfChecks *
pf_checks_new (PfClient *client)
{
  PfChecks *self = g_new0 (PfChecks, 1);

  self->client = client;
  self->checks = g_ptr_array_new_with_free_func (checked_free);
  self->loop = g_main_loop_new (NULL, FALSE);
  pf_client_listen (client, "org.freedesktop.DBus.Properties", "PropertiesChanged", on_properties,
                    self);
  pf_client_listen (client, PF_INTERFACE_CHECK, "Finished", on_finished, self);
  pf_client_listen (client, "org.freedesktop.DBus.ObjectManager", "InterfacesRemoved", on_removed,
                    self);
  pf_client_listen_owner (client, on_owner, self);
  return self;
}

void
pf_checks_free (PfChecks *self)
{
  pf_client_deafen (self->client);
  g_ptr_array_unref (self->checks);
  g_main_loop_unref (self->loop);
  g_clear_error (&self->error);
  g_free (self);
}

static PfChecked *
add (PfChecks *self, const char *path, const char *address)
{
  PfChecked *check = g_new0 (PfChecked, 1);

  check->path = g_strdup (path);
  check->address = g_strdup (address);
  check->state = g_strdup ("running");
  check->properties = g_variant_ref_sink (g_variant_new ("a{sv}", NULL));
  check->result = g_variant_ref (check->properties);
  g_ptr_array_add (self->checks, check);
  return check;
}

PfChecked *
pf_checks_add_known (PfChecks *self, const char *path, GVariant *properties)
{
  PfChecked *check = add (self, path, "");

  merge (check, properties);
  return check;
}

PfChecked *
pf_checks_add (PfChecks *self, const char *path, const char *address, GError **error)
{
  PfChecked *check = add (self, path, address);
  g_autoptr (GError) wrong = NULL;

  if (look (self, check, &wrong))
    return check;
  /* It stays for a minute after its end: this is another service than the one that started it. */
  if (g_error_matches (wrong, PF_FAILURE, PF_FAILURE_UNKNOWN_ACCOUNT))
    g_propagate_error (error, service_left ());
  else
    g_propagate_error (error, g_steal_pointer (&wrong));
  return NULL;
}

guint
pf_checks_count (PfChecks *self)
{
  return self->checks->len;
}

PfChecked *
pf_checks_get (PfChecks *self, guint index)
{
  return self->checks->pdata[index];
}

static void
cancel_all (PfChecks *self)
{
  pf_client_hurry (self->client, CANCEL_MS);
  for (guint i = 0; i < self->checks->len; i++)
    {
      PfChecked *check = self->checks->pdata[i];
      PfClientCall call = {
        .path = check->path, .interface = PF_INTERFACE_CHECK, .member = "Cancel", .reply = "()"
      };
      g_autoptr (GVariant) reply = NULL;

      if (!check->finished)
        reply = pf_client_call (self->client, &call, NULL);
    }
}

static gboolean
on_interrupt (gpointer user_data)
{
  PfChecks *self = user_data;

  give_up (self, g_error_new_literal (PF_FAILURE, PF_FAILURE_INTERRUPTED, _ ("cancelled")));
  return G_SOURCE_CONTINUE;
}

gboolean
pf_checks_wait (PfChecks *self, PfChecksFunc changed, gpointer user_data, GError **error)
{
  guint interrupt = g_unix_signal_add (SIGINT, on_interrupt, self);
  guint looking = g_timeout_add_seconds (LOOK_SECONDS, on_look, self);

  self->changed = changed;
  self->user_data = user_data;
  for (guint i = 0; changed != NULL && i < self->checks->len; i++)
    changed (self, self->checks->pdata[i], user_data);
  if (!all_finished (self))
    g_main_loop_run (self->loop);
  g_source_remove (looking);
  g_source_remove (interrupt);
  pf_terminal_guard ();
  if (self->error == NULL)
    return TRUE;
  if (g_error_matches (self->error, PF_FAILURE, PF_FAILURE_INTERRUPTED))
    cancel_all (self);
  g_propagate_error (error, g_steal_pointer (&self->error));
  return FALSE;
}
