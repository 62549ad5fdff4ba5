#include "fakes.h"

#include <string.h>

#include "deliver/users.h"

struct Fakes fakes;

static GPtrArray *held; /* of Later */

gboolean
fakes_step (GError **error, const char *format, ...)
{
  va_list arguments;
  char *text;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_ptr_array_add (fakes.log, text);
  if (fakes.fail == NULL || !g_str_has_prefix (text, fakes.fail))
    return TRUE;
  g_set_error (error, PF_PROBLEM, PF_PROBLEM_SECRETS_UNAVAILABLE, "%s was told to fail", text);
  return FALSE;
}

char *
fakes_take_log (void)
{
  char *text;

  g_ptr_array_add (fakes.log, NULL);
  text = g_strjoinv ("; ", (char **) fakes.log->pdata);
  g_ptr_array_set_size (fakes.log, 0);
  return text;
}

/* --- Secrets ---------------------------------------------------------------------------------- */

struct _PfSecrets
{
  GObject parent;
};

G_DEFINE_FINAL_TYPE (PfSecrets, pf_secrets, G_TYPE_OBJECT)

static void
pf_secrets_init (PfSecrets *self)
{
}

static void
pf_secrets_class_init (PfSecretsClass *class)
{
}

const char *
pf_secret_kind_nick (PfSecretKind kind)
{
  return kind == PF_SECRET_PASSWORD ? "password" : "refresh-token";
}

gboolean
pf_secret_kind_from_nick (const char *nick, PfSecretKind *kind)
{
  *kind = g_str_equal (nick, "password") ? PF_SECRET_PASSWORD : PF_SECRET_REFRESH_TOKEN;
  return g_str_equal (nick, pf_secret_kind_nick (*kind));
}

PfSecretKind
pf_secret_kind_needed (const PfSettings *settings)
{
  return g_str_equal (settings->authentication, "oauth2") ? PF_SECRET_REFRESH_TOKEN
                                                          : PF_SECRET_PASSWORD;
}

static char *
secret_key (const char *address, PfSecretKind kind)
{
  return g_strdup_printf ("%s %s", address, pf_secret_kind_nick (kind));
}

/* One call that is answered later. */
typedef struct
{
  GTask *task;
  GError *error;
  gpointer value;
} Later;

static gboolean
on_later (gpointer user_data)
{
  g_autofree Later *later = user_data;

  if (later->error != NULL)
    g_task_return_error (later->task, later->error);
  else
    g_task_return_pointer (later->task, later->value, (GDestroyNotify) pf_secret_unref);
  g_object_unref (later->task);
  return G_SOURCE_REMOVE;
}

static void
answer_later (gpointer source,
              GError *error,
              gpointer value,
              GAsyncReadyCallback callback,
              gpointer user_data)
{
  Later *later = g_new0 (Later, 1);

  later->task = g_task_new (source, NULL, callback, user_data);
  later->error = error;
  later->value = value;
  if (fakes.hold_secrets)
    g_ptr_array_add (held, later);
  else
    g_idle_add (on_later, later);
}

void
fakes_release (void)
{
  fakes.hold_secrets = FALSE;
  while (held->len > 0)
    g_idle_add (on_later, g_ptr_array_steal_index (held, 0));
}

void
pf_secrets_store_async (PfSecrets *self,
                        const char *address,
                        PfSecretKind kind,
                        PfSecret *secret,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  GError *error = NULL;
  gsize length;
  const char *text = pf_secret_peek (secret, &length);

  if (fakes_step (&error, "store %s %s", address, pf_secret_kind_nick (kind)))
    g_hash_table_insert (fakes.secrets, secret_key (address, kind), g_strndup (text, length));
  answer_later (self, error, NULL, callback, user_data);
}

gboolean
pf_secrets_store_finish (PfSecrets *self, GAsyncResult *result, GError **error)
{
  GError *own = NULL;

  g_task_propagate_pointer (G_TASK (result), &own);
  if (own != NULL)
    g_propagate_error (error, own);
  return own == NULL;
}

void
pf_secrets_lookup_async (PfSecrets *self,
                         const char *address,
                         PfSecretKind kind,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autofree char *key = secret_key (address, kind);
  const char *text = g_hash_table_lookup (fakes.secrets, key);
  GError *error = NULL;
  PfSecret *secret = NULL;

  if (fakes_step (&error, "lookup %s", key) && text != NULL)
    secret = pf_secret_new (text, strlen (text));
  answer_later (self, error, secret, callback, user_data);
}

PfSecret *
pf_secrets_lookup_finish (PfSecrets *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
pf_secrets_clear_async (PfSecrets *self,
                        const char *address,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  g_autofree char *password = secret_key (address, PF_SECRET_PASSWORD);
  g_autofree char *token = secret_key (address, PF_SECRET_REFRESH_TOKEN);
  GError *error = NULL;

  if (fakes_step (&error, "clear %s", address))
    {
      g_hash_table_remove (fakes.secrets, password);
      g_hash_table_remove (fakes.secrets, token);
    }
  answer_later (self, error, NULL, callback, user_data);
}

gboolean
pf_secrets_clear_finish (PfSecrets *self, GAsyncResult *result, GError **error)
{
  return pf_secrets_store_finish (self, result, error);
}

/* --- Target, users ---------------------------------------------------------------------------- */

typedef struct
{
  GObject parent;
} FakeTarget;

typedef GObjectClass FakeTargetClass;

GType pf_target_get_type (void);
static GType fake_target_get_type (void);

G_DEFINE_INTERFACE (PfTarget, pf_target, G_TYPE_OBJECT)
G_DEFINE_TYPE_WITH_CODE (FakeTarget,
                         fake_target,
                         G_TYPE_OBJECT,
                         G_IMPLEMENT_INTERFACE (pf_target_get_type (), NULL))

static void
pf_target_default_init (PfTargetInterface *interface)
{
}

static void
fake_target_init (FakeTarget *self)
{
}

static void
fake_target_class_init (FakeTargetClass *class)
{
}

void
pf_target_probe_async (PfTarget *self,
                       const char *user,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);

  fakes_step (NULL, "probe %s", user);
  if (fakes.known_user != NULL && g_strcmp0 (user, fakes.known_user) != 0)
    g_task_return_new_error (task, PF_PROBLEM, PF_PROBLEM_RECIPIENT_UNKNOWN, "%s is unknown", user);
  else
    g_task_return_boolean (task, TRUE);
}

gboolean
pf_target_probe_finish (PfTarget *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

char **
pf_users_list (guint minimum_uid)
{
  return g_strsplit ("alice bob", " ", -1);
}

/* --- Journal ---------------------------------------------------------------------------------- */

struct _PfJournal
{
  GObject parent;
};

G_DEFINE_FINAL_TYPE (PfJournal, pf_journal, G_TYPE_OBJECT)

static guint recorded;

static void
pf_journal_init (PfJournal *self)
{
}

static void
pf_journal_class_init (PfJournalClass *class)
{
  recorded = g_signal_new ("recorded", PF_TYPE_JOURNAL, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                           G_TYPE_NONE, 1, G_TYPE_POINTER);
}

void
pf_journal_record (PfJournal *self, PfEvent *event)
{
  if (event->time == 0)
    event->time = g_get_real_time ();
  fakes_step (NULL, "record %s %s by %s%s%s", pf_event_kind_nick (event->kind), event->account,
              event->caller, event->reason != NULL ? ": " : "",
              event->reason != NULL ? event->reason : "");
  g_ptr_array_insert (fakes.events, 0, event);
  g_signal_emit (self, recorded, 0, event);
}

void
fakes_add_event (PfEventKind kind, const char *account, gint64 time, const char *subject)
{
  PfEvent *event = pf_event_new (kind, account);

  event->time = time;
  event->subject = g_strdup (subject);
  g_ptr_array_insert (fakes.events, 0, event);
}

void
pf_journal_forget_async (PfJournal *self,
                         const char *address,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  GError *error = NULL;

  fakes_step (&error, "forget %s", address);
  answer_later (self, error, NULL, callback, user_data);
}

gboolean
pf_journal_forget_finish (PfJournal *self, GAsyncResult *result, GError **error)
{
  return pf_secrets_store_finish (NULL, result, error);
}

static gboolean
wanted (const PfEvent *event, const char *const *accounts, GVariant *filter)
{
  g_auto (GStrv) kinds = NULL;

  g_variant_lookup (filter, "Events", "^as", &kinds);
  if (accounts != NULL && (event->account == NULL || !g_strv_contains (accounts, event->account)))
    return FALSE;
  return kinds == NULL
         || g_strv_contains ((const char *const *) kinds, pf_event_kind_nick (event->kind));
}

void
pf_journal_query_async (PfJournal *self,
                        const char *const *accounts,
                        GVariant *filter,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);
  GVariantBuilder builder;

  g_strfreev (fakes.asked_accounts);
  g_clear_pointer (&fakes.asked_filter, g_variant_unref);
  fakes.asked_accounts = g_strdupv ((char **) accounts);
  fakes.asked_filter = g_variant_ref (filter);
  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < fakes.events->len; i++)
    if (wanted (fakes.events->pdata[i], accounts, filter))
      g_variant_builder_add_value (&builder, pf_event_to_vardict (fakes.events->pdata[i]));
  g_task_return_pointer (task, g_variant_ref_sink (g_variant_builder_end (&builder)),
                         (GDestroyNotify) g_variant_unref);
}

GVariant *
pf_journal_query_finish (PfJournal *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
pf_journal_statistics_async (PfJournal *self,
                             const char *const *accounts,
                             GVariant *filter,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  pf_journal_query_async (self, accounts, filter, callback, user_data);
}

GVariant *
pf_journal_statistics_finish (PfJournal *self, GAsyncResult *result, GError **error)
{
  return pf_journal_query_finish (self, result, error);
}

/* --- All of it -------------------------------------------------------------------------------- */

static gboolean
reload (gpointer user_data, GError **error)
{
  fakes.reloads++;
  return fakes.on_reload == NULL || fakes.on_reload (error);
}

void
fakes_start (const char *folder, GDBusConnection *connection, gboolean session, PfBusParts *parts)
{
  g_autofree char *none = g_build_filename (folder, "postferry.conf", NULL);
  g_autofree char *accounts = g_build_filename (folder, "accounts.d", NULL);
  const PfScannerMemory memory = { 0 };
  g_autoptr (GError) error = NULL;

  fakes = (struct Fakes){ 0 };
  fakes.log = g_ptr_array_new_with_free_func (g_free);
  fakes.secrets = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  fakes.events = g_ptr_array_new_with_free_func ((GDestroyNotify) pf_event_free);
  fakes.online = TRUE;
  fakes.schedule = g_object_new (PF_TYPE_SCHEDULE, NULL);
  held = g_ptr_array_new ();
  *parts = (PfBusParts){ 0 };
  parts->connection = connection;
  parts->session = session;
  parts->registry = pf_registry_new (accounts);
  g_assert_true (pf_registry_load (parts->registry, &error));
  parts->journal = g_object_new (PF_TYPE_JOURNAL, NULL);
  parts->secrets = g_object_new (PF_TYPE_SECRETS, NULL);
  parts->schedule = fakes.schedule;
  parts->target = g_object_new (fake_target_get_type (), NULL);
  parts->keeper = g_object_new (PF_TYPE_KEEPER, NULL);
  parts->settings = pf_service_settings_load (none, &error);
  g_assert_no_error (error);
  parts->filter = pf_filter_new (parts->settings, &memory);
  parts->quarantine_directory = folder;
  parts->settings_path = fakes.settings_path = g_steal_pointer (&none);
  parts->reload = reload;
}

void
fakes_stop (PfBusParts *parts)
{
  g_object_unref (parts->registry);
  g_object_unref (parts->journal);
  g_object_unref (parts->secrets);
  g_object_unref (parts->schedule);
  g_object_unref (parts->target);
  g_object_unref (parts->filter);
  g_object_unref (parts->keeper);
  pf_service_settings_unref ((PfServiceSettings *) parts->settings);
  g_ptr_array_unref (fakes.log);
  g_hash_table_unref (fakes.secrets);
  g_ptr_array_unref (fakes.events);
  g_strfreev (fakes.asked_accounts);
  g_clear_pointer (&fakes.asked_filter, g_variant_unref);
  g_free (fakes.settings_path);
  g_ptr_array_unref (held);
}
