#include "world.h"

#include <gio/gunixfdlist.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/limits.h"

#define DAEMON_UID 1

/* --- Listening -------------------------------------------------------------------------------- */

static void
on_signal (GDBusConnection *connection,
           const char *sender,
           const char *path,
           const char *interface,
           const char *signal,
           GVariant *parameters,
           gpointer user_data)
{
  Client *client = user_data;
  g_autofree char *text = g_variant_print (parameters, FALSE);

  g_ptr_array_add (client->heard, g_strdup_printf ("%s %s %s", path, signal, text));
}

static void
open_client (World *world, Client *client, guint uid)
{
  client->connection = fixture_connect (uid);
  client->heard = g_ptr_array_new_with_free_func (g_free);
  client->filter =
      g_dbus_connection_signal_subscribe (client->connection, world->name, NULL, NULL, NULL, NULL,
                                          G_DBUS_SIGNAL_FLAGS_NONE, on_signal, client, NULL);
}

static void
close_client (Client *client)
{
  if (client->connection == NULL)
    return;
  g_dbus_connection_signal_unsubscribe (client->connection, client->filter);
  fixture_settle (client->connection);
  g_dbus_connection_close_sync (client->connection, NULL, NULL);
  g_clear_object (&client->connection);
  g_clear_pointer (&client->heard, g_ptr_array_unref);
}

static gboolean
on_pause (gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
  return G_SOURCE_REMOVE;
}

void
world_pause (World *world)
{
  gboolean done = FALSE;

  g_timeout_add (PF_LIMIT_TELL_ACCOUNTS_MS + 50, on_pause, &done);
  fixture_wait (&done);
}

char *
world_heard (World *world, Client *client)
{
  char *text;

  world_pause (world);
  fixture_settle (client->connection);
  g_ptr_array_add (client->heard, NULL);
  text = g_strjoinv ("\n", (char **) client->heard->pdata);
  g_ptr_array_set_size (client->heard, 0);
  return text;
}

/* --- Start and stop --------------------------------------------------------------------------- */

static void
on_account (PfRegistry *registry, PfAccount *account, gpointer user_data)
{
  g_ptr_array_add (fakes.log,
                   g_strdup_printf ("%s %s", (char *) user_data, pf_account_get_id (account)));
}

static void
on_account_changed (PfRegistry *registry,
                    PfAccount *account,
                    const PfSettings *before,
                    gpointer user_data)
{
  on_account (registry, account, user_data);
}

gboolean
world_start (World *world, gboolean session)
{
  g_autoptr (GError) error = NULL;

  *world = (World){ 0 };
  if (!fixture_needs_root ())
    return FALSE;
  fixture_start_bus ();
  fake_polkit_start ();
  fake_polkit.say = FAKE_POLKIT_YES;
  world->folder = g_dir_make_tmp ("pf-door-XXXXXX", NULL);
  world->service = fixture_connect ((guint) -1);
  world->name = g_dbus_connection_get_unique_name (world->service);
  fakes_start (world->folder, world->service, session, &world->parts);
  world->registry_signals[0] = g_signal_connect (world->parts.registry, "added",
                                                 G_CALLBACK (on_account), (gpointer) "added");
  world->registry_signals[1] = g_signal_connect (
      world->parts.registry, "changed", G_CALLBACK (on_account_changed), (gpointer) "changed");
  world->registry_signals[2] = g_signal_connect (world->parts.registry, "removed",
                                                 G_CALLBACK (on_account), (gpointer) "removed");
  world->bus = pf_bus_new (&world->parts, &error);
  g_assert_no_error (error);
  open_client (world, &world->root, (guint) -1);
  open_client (world, &world->nobody, FIXTURE_NOBODY);
  open_client (world, &world->daemon, DAEMON_UID);
  return TRUE;
}

static void
remove_folder (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      if (g_unlink (path) != 0)
        remove_folder (path);
    }
  g_rmdir (folder);
}

void
world_stop (World *world)
{
  if (world->bus == NULL)
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (world->registry_signals); i++)
    g_signal_handler_disconnect (world->parts.registry, world->registry_signals[i]);
  close_client (&world->root);
  close_client (&world->nobody);
  close_client (&world->daemon);
  pf_bus_free (world->bus);
  fixture_settle (world->service);
  fake_polkit_stop ();
  fakes_stop (&world->parts);
  g_dbus_connection_close_sync (world->service, NULL, NULL);
  g_object_unref (world->service);
  remove_folder (world->folder);
  g_free (world->folder);
  {
    /* libpolkit's connection must not end the process with the bus. */
    g_autoptr (GDBusConnection) system = g_bus_get_sync (G_BUS_TYPE_SYSTEM, NULL, NULL);

    if (system != NULL)
      g_dbus_connection_set_exit_on_close (system, FALSE);
  }
  fixture_stop_bus ();
}

/* --- Calling ---------------------------------------------------------------------------------- */

static FixtureCall *
send (World *world,
      Client *client,
      const char *path,
      const char *method,
      const char *arguments,
      GUnixFDList *fds)
{
  const char *dot = strrchr (method, '.');
  g_autofree char *interface = g_strndup (method, (gsize) (dot - method));
  g_autoptr (GError) error = NULL;
  GVariant *body = NULL;

  if (arguments != NULL)
    {
      g_autoptr (GVariant) parsed = g_variant_parse (NULL, arguments, NULL, NULL, &error);

      g_assert_no_error (error);
      body = parsed;
      return fixture_send (client->connection, world->name, path, interface, dot + 1, body, fds,
                           G_DBUS_MESSAGE_FLAGS_NONE);
    }
  return fixture_send (client->connection, world->name, path, interface, dot + 1, NULL, fds,
                       G_DBUS_MESSAGE_FLAGS_NONE);
}

GVariant *
world_call (World *world,
            Client *client,
            const char *path,
            const char *method,
            const char *arguments,
            char **error_name)
{
  FixtureCall *call = send (world, client, path, method, arguments, NULL);
  GVariant *body = NULL;

  fixture_wait (&call->done);
  if (error_name != NULL)
    *error_name = fixture_error_name (call->error);
  else
    g_assert_no_error (call->error);
  if (call->error == NULL)
    body = g_dbus_message_get_body (call->reply) != NULL
               ? g_variant_ref (g_dbus_message_get_body (call->reply))
               : g_variant_ref_sink (g_variant_new ("()"));
  fixture_call_free (call);
  return body;
}

void
world_expect_call (FixtureCall *call, const char *error_name)
{
  g_autofree char *name = NULL;

  fixture_wait (&call->done);
  name = fixture_error_name (call->error);
  if (call->error != NULL)
    g_test_message ("%s", call->error->message);
  g_assert_cmpstr (name, ==, error_name);
  fixture_call_free (call);
}

void
world_expect (World *world,
              Client *client,
              const char *path,
              const char *method,
              const char *arguments,
              const char *error_name)
{
  g_test_message ("%s %s", method, arguments);
  world_expect_call (send (world, client, path, method, arguments, NULL), error_name);
}

FixtureCall *
world_send_secret (World *world,
                   Client *client,
                   const char *path,
                   const char *method,
                   const char *arguments,
                   const char *secret)
{
  g_autoptr (GUnixFDList) fds = g_unix_fd_list_new ();
  int fd = memfd_create ("secret", MFD_CLOEXEC);

  g_assert_cmpint (write (fd, secret, strlen (secret)), ==, (gssize) strlen (secret));
  g_assert_cmpint (g_unix_fd_list_append (fds, fd, NULL), ==, 0);
  close (fd);
  return send (world, client, path, method, arguments, fds);
}

static void
on_account_added (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

PfAccount *
world_add (World *world, const char *address, const char *local_user)
{
  g_autoptr (GVariant) values = g_variant_ref_sink (g_variant_new_parsed (
      "{'Address': <%s>, 'Server': <'mail.example.org'>, 'LocalUser': <%s>}", address, local_user));
  g_autoptr (GPtrArray) faults =
      g_ptr_array_new_with_free_func ((GDestroyNotify) pf_settings_fault_free);
  g_autoptr (PfSettings) settings = pf_settings_from_vardict (NULL, values, faults);
  g_autoptr (GError) error = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (PfAccount) account = NULL;

  pf_registry_add_async (world->parts.registry, settings, on_account_added, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  account = pf_registry_add_finish (world->parts.registry, result, &error);
  g_assert_no_error (error);
  /* The registry holds it. */
  return account;
}
