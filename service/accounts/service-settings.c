#include "accounts/service-settings.h"

#include "accounts/fault.h"
#include "accounts/field.h"
#include "accounts/filter-policy.h"
#include "accounts/key-lines.h"
#include "accounts/setting-texts.h"
#include "accounts/settings.h"
#include "base/limits.h"
#include "dbus-interfaces/text.h"

#include <string.h>

#define MOST_SECONDS 86400
#define MOST_DAYS 36500
#define SHOWN_LENGTH 60

static const char *const junk_choices[] = { "folder", "header", "detail", NULL };

/* --- Texts ------------------------------------------------------------------------------------ */

static char *
refuse (PfRefusal *refusal, const char *code)
{
  refusal->code = code;
  return NULL;
}

static char *
read_target (const char *text, PfRefusal *refusal)
{
  const char *place = text + strlen ("lmtp:");

  if (strcmp (text, "local") == 0)
    return g_strdup (text);
  if (!g_str_has_prefix (text, "lmtp:"))
    return refuse (refusal, "not-allowed");
  if (g_str_has_prefix (place, "unix:"))
    return place[strlen ("unix:")] == '/' ? g_strdup (text) : refuse (refusal, "syntax");
  return pf_is_host_and_port (place, refusal) ? g_strdup (text) : refuse (refusal, "syntax");
}

static char *
read_log_target (const char *text, PfRefusal *refusal)
{
  static const char *const words[] = { "syslog", "journal", "stderr", NULL };

  if (g_strv_contains (words, text) || g_str_has_prefix (text, "file:/"))
    return g_strdup (text);
  return refuse (refusal, "not-allowed");
}

static char *
read_mailbox (const char *text, PfRefusal *refusal)
{
  if (*text == '/' || strcmp (text, "~") == 0 || g_str_has_prefix (text, "~/"))
    return g_strdup (text);
  return refuse (refusal, "syntax");
}

static char *
read_command (const char *text, PfRefusal *refusal)
{
  return *text == '/' ? g_strdup (text) : refuse (refusal, "syntax");
}

static char *
read_backend (const char *text, PfRefusal *refusal)
{
  if (strcmp (text, "keyring") == 0 || strcmp (text, "secret-service") == 0)
    return g_strdup (text);
  return refuse (refusal, "not-allowed");
}

/* --- The table -------------------------------------------------------------------------------- */

#define FIELD(of_group, key, of_kind, member, default_text, ...)                                   \
  {                                                                                                \
    .group = of_group, .name = key, .kind = PF_KIND_##of_kind,                                     \
    .offset = G_STRUCT_OFFSET (PfServiceSettings, member), .initial = default_text, __VA_ARGS__    \
  }

/* clang-format off */
static const PfField fields[] = {
  FIELD ("Delivery", "Target", TEXT, target, "local", .read = read_target,
         .allowed = "local, lmtp:unix:/PATH or lmtp:HOST:PORT"),
  FIELD ("Delivery", "JunkFolder", TEXT, junk_folder, "Junk", .most = 511,
         .read = pf_read_target_folder, .allowed = "a folder's name, its parts separated by /"),
  FIELD ("Delivery", "JunkBy", CHOICE, junk_by, "folder", .choices = junk_choices,
         .allowed = "folder, header or detail"),
  FIELD ("Delivery", "Timeout", NUMBER32, delivery_timeout, "600", .least = 1, .most = MOST_SECONDS,
         .allowed = "a number of seconds from 1 to 86400"),
  FIELD ("Local", "Mailbox", TEXT, mailbox, "~/Maildir", .read = read_mailbox,
         .allowed = "a folder that begins with ~ (the user's home) or /, where %u is the user"),
  FIELD ("Local", "Command", TEXT, command, "", .read = read_command,
         .allowed = "the absolute path of a mail delivery command, with its arguments"),
  FIELD ("Local", "MinimumUid", NUMBER32, minimum_uid, "1000", .most = G_MAXINT32,
         .allowed = "a user's number from 0 to 2147483647"),
  FIELD ("Limits", "Connections", NUMBER32, connections, "64", .least = 1, .most = 10000,
         .allowed = "a number from 1 to 10000"),
  FIELD ("Limits", "ConnectionsPerServer", NUMBER32, connections_per_server, "", .least = 1,
         .most = 1000, .allowed = "a number from 1 to 1000"),
  FIELD ("Limits", "MaxMessageSize", SIZE, max_message_size, "512M", .least = 1,
         .most = G_GUINT64_CONSTANT (1) << 40,
         .allowed = "a number of octets from 1 to 1024G, which may end in K, M or G"),
  FIELD ("Limits", "MinimumFreeDisk", SIZE, minimum_free_disk, "0", .most = G_MAXINT64,
         .allowed = "a number of octets, which may end in K, M or G"),
  FIELD ("Limits", "ConnectTimeout", NUMBER32, connect_timeout, "30", .least = 1, .most = 3600,
         .allowed = "a number of seconds from 1 to 3600"),
  FIELD ("Limits", "ReplyTimeout", NUMBER32, reply_timeout, "60", .least = 1, .most = 3600,
         .allowed = "a number of seconds from 1 to 3600"),
  FIELD ("Limits", "CommandTimeout", NUMBER32, command_timeout, "900", .least = 1,
         .most = MOST_SECONDS, .allowed = "a number of seconds from 1 to 86400"),
  FIELD ("Log", "Target", TEXT, log_target, "syslog", .read = read_log_target,
         .allowed = "syslog, journal, stderr or file:/PATH"),
  FIELD ("Log", "KeepDays", NUMBER32, keep_days, "30", .least = 1, .most = MOST_DAYS,
         .allowed = "a number of days from 1 to 36500"),
  FIELD ("Notify", "Mail", TEXT, notify_mail, "", .most = 255, .read = pf_read_local_user,
         .allowed = "a user as the delivery target knows it"),
  FIELD ("Secrets", "Backend", TEXT, secrets_backend, "", .read = read_backend,
         .allowed = "keyring or secret-service"),
};
/* clang-format on */

/* --- The value -------------------------------------------------------------------------------- */

static PfServiceSettings *
settings_new (void)
{
  PfServiceSettings *self = g_new0 (PfServiceSettings, 1);

  g_atomic_ref_count_init (&self->ref_count);
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    pf_field_reset (&fields[i], self);
  self->filter = pf_filter_policy_new ();
  return self;
}

PfServiceSettings *
pf_service_settings_ref (const PfServiceSettings *self)
{
  PfServiceSettings *shared = (PfServiceSettings *) self;

  g_atomic_ref_count_inc (&shared->ref_count);
  return shared;
}

void
pf_service_settings_unref (PfServiceSettings *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->ref_count))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    pf_field_clear (&fields[i], self);
  pf_filter_policy_free (self->filter);
  g_free (self);
}

/* --- Reading ---------------------------------------------------------------------------------- */

static const PfField *
find_field (const char *group, const char *key)
{
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    if (strcmp (fields[i].group, group) == 0 && strcmp (fields[i].name, key) == 0)
      return &fields[i];
  return strcmp (group, PF_FILTER_GROUP) == 0 ? pf_filter_policy_find (key) : NULL;
}

/* (transfer container): the names of the keys of @group, NULL-terminated; none for an unknown
 * group. */
static const char **
names_of (const char *group)
{
  GPtrArray *names = g_ptr_array_new ();

  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    if (strcmp (fields[i].group, group) == 0)
      g_ptr_array_add (names, (gpointer) fields[i].name);
  for (const PfField *field = pf_filter_fields;
       strcmp (group, PF_FILTER_GROUP) == 0 && field->name != NULL; field++)
    g_ptr_array_add (names, (gpointer) field->name);
  g_ptr_array_add (names, NULL);
  return (const char **) g_ptr_array_free (names, FALSE);
}

static void
take_group (const PfKeyLine *line, const char *const *known, GPtrArray *faults)
{
  g_autofree char *shown = pf_text_printable (line->group, -1, SHOWN_LENGTH);

  if (known[0] == NULL)
    pf_fault_add (faults, shown, "unknown-key", line->line,
                  "[%s]: there is no such group; allowed are Delivery, Local, Limits, Log, Notify, "
                  "Secrets and " PF_FILTER_GROUP,
                  shown);
}

static void
take_value (PfServiceSettings *self, const PfField *field, const PfKeyLine *line, GPtrArray *faults)
{
  gpointer object = strcmp (field->group, PF_FILTER_GROUP) == 0 ? (gpointer) self->filter : self;
  PfRefusal refusal = { 0 };

  if (*line->value != '\0' && !pf_field_read_text (field, object, line->value, &refusal))
    {
      g_autofree char *sentence = pf_field_sentence (field, &refusal);

      pf_fault_add (faults, field->name, refusal.code, line->line, "[%s] %s", field->group,
                    sentence);
    }
  pf_refusal_clear (&refusal);
}

static void
take_line (PfServiceSettings *self, const PfKeyLine *line, GPtrArray *faults)
{
  g_autofree const char **known = names_of (line->group);
  const PfField *field = line->key != NULL ? find_field (line->group, line->key) : NULL;

  if (line->key == NULL)
    take_group (line, known, faults);
  else if (field != NULL)
    take_value (self, field, line, faults);
  else if (known[0] != NULL && !g_strv_contains (known, line->key))
    pf_fault_unknown_key (faults, line->key, known, line->line);
}

void
pf_service_settings_set_error (GError **error, const char *path, GPtrArray *faults)
{
  g_autofree char *shown = pf_text_printable (path, -1, 0);
  g_autoptr (GString) sentence = g_string_new (NULL);

  for (guint i = 0; i < faults->len; i++)
    {
      const PfSettingsFault *fault = faults->pdata[i];

      g_string_append_printf (sentence, "%s%s:%u: %s", i > 0 ? "; " : "", shown, fault->line,
                              fault->text);
    }
  g_set_error_literal (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE, sentence->str);
}

PfServiceSettings *
pf_service_settings_parse (const char *path, const char *text, gsize length, GError **error)
{
  g_autoptr (PfServiceSettings) self = settings_new ();
  g_autoptr (GPtrArray) faults =
      g_ptr_array_new_with_free_func ((GDestroyNotify) pf_settings_fault_free);
  g_autoptr (GPtrArray) lines = pf_key_lines_parse (text, length, faults);

  for (guint i = 0; i < lines->len; i++)
    take_line (self, lines->pdata[i], faults);
  if (faults->len == 0)
    return g_steal_pointer (&self);
  pf_service_settings_set_error (error, path, faults);
  return NULL;
}

PfServiceSettings *
pf_service_settings_load (const char *path, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autofree char *text = NULL;
  gsize length;

  if (!g_file_get_contents (path, &text, &length, &local))
    {
      if (g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        return settings_new ();
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  return pf_service_settings_parse (path, text, length, error);
}
