#include "accounts/service-settings.h"

#include "base/limits.h"
#include "dbus-interfaces/text.h"

#include <gio/gio.h>
#include <string.h>

typedef enum
{
  KIND_TEXT,
  KIND_NUMBER,
  KIND_SIZE,
  KIND_JUNK_BY
} Kind;

typedef struct
{
  const char *group, *name;
  Kind kind;
  gsize offset;
  const char *fallback;
  guint64 low, high;
  gboolean (*check) (const char *value);
  const char *allowed;
} Key;

/* --- Checks ------------------------------------------------------------------------------------------------------------ */

static gboolean
is_target (const char *value)
{
  const char *rest;
  char *end = NULL;
  guint64 port;

  if (strcmp (value, "local") == 0)
    return TRUE;
  if (!g_str_has_prefix (value, "lmtp:"))
    return FALSE;
  rest = value + strlen ("lmtp:");
  if (g_str_has_prefix (rest, "unix:"))
    return rest[strlen ("unix:")] == '/';
  rest = strrchr (rest, ':');
  if (rest == NULL || rest == value + strlen ("lmtp:"))
    return FALSE;
  port = g_ascii_strtoull (rest + 1, &end, 10);
  return *end == '\0' && port >= 1 && port <= 65535;
}

static gboolean
is_folder (const char *value)
{
  return *value != '\0' && *value != '.' && strpbrk (value, "./") == NULL;
}

static gboolean
is_mailbox (const char *value)
{
  return g_str_has_prefix (value, "~/") || (*value == '/' && strstr (value, "..") == NULL);
}

static gboolean
is_log_target (const char *value)
{
  return strcmp (value, "syslog") == 0 || strcmp (value, "journal") == 0
         || strcmp (value, "stderr") == 0 || g_str_has_prefix (value, "file:/");
}

static gboolean
is_backend (const char *value)
{
  return *value == '\0' || strcmp (value, "keyring") == 0 || strcmp (value, "secret-service") == 0;
}

#define FIELD(name) G_STRUCT_OFFSET (PfServiceSettings, name)

static const Key keys[] = {
  { "Delivery", "Target", KIND_TEXT, FIELD (target), "local", 0, 0, is_target,
    "local, lmtp:unix:/PATH or lmtp:HOST:PORT" },
  { "Delivery", "JunkFolder", KIND_TEXT, FIELD (junk_folder), "Junk", 0, 0, is_folder,
    "a folder's name without dot and slash" },
  { "Delivery", "JunkBy", KIND_JUNK_BY, FIELD (junk_by), "folder", 0, 0, NULL,
    "folder, header or detail" },
  { "Delivery", "Timeout", KIND_NUMBER, FIELD (delivery_timeout), "600", 10, 86400, NULL, NULL },
  { "Local", "Mailbox", KIND_TEXT, FIELD (mailbox), "~/Maildir", 0, 0, is_mailbox,
    "~/FOLDER or an absolute path, which may hold %u" },
  { "Local", "Command", KIND_TEXT, FIELD (command), "", 0, 0, NULL, NULL },
  { "Local", "MinimumUid", KIND_NUMBER, FIELD (minimum_uid), "1000", 1, G_MAXUINT32, NULL, NULL },
  { "Limits", "Connections", KIND_NUMBER, FIELD (connections), "64", 1, 10000, NULL, NULL },
  { "Limits", "ConnectionsPerServer", KIND_NUMBER, FIELD (connections_per_server), "4", 1, 10000,
    NULL, NULL },
  { "Limits", "MaxMessageSize", KIND_SIZE, FIELD (max_message_size), "512M", 1024, G_MAXINT64, NULL,
    NULL },
  { "Limits", "MinimumFreeDisk", KIND_SIZE, FIELD (minimum_free_disk), "0", 0, G_MAXINT64, NULL,
    NULL },
  { "Limits", "ConnectTimeout", KIND_NUMBER, FIELD (connect_timeout), "30", 1, 3600, NULL, NULL },
  { "Limits", "ReplyTimeout", KIND_NUMBER, FIELD (reply_timeout), "60", 1, 3600, NULL, NULL },
  { "Limits", "CommandTimeout", KIND_NUMBER, FIELD (command_timeout), "900", 1, 86400, NULL, NULL },
  { "Log", "Target", KIND_TEXT, FIELD (log_target), "syslog", 0, 0, is_log_target,
    "syslog, journal, stderr or file:/PATH" },
  { "Log", "KeepDays", KIND_NUMBER, FIELD (keep_days), "30", 1, 36500, NULL, NULL },
  { "Notify", "Mail", KIND_TEXT, FIELD (notify_mail), "", 0, 0, NULL, NULL },
  { "Secrets", "Backend", KIND_TEXT, FIELD (secrets_backend), "", 0, 0, is_backend,
    "keyring or secret-service" },
};

/* Read by the filter, named here so that a slip of the pen is told. */
static const char *const filter_keys[] = {
  "RspamdUrl",        "JunkScore",        "QuarantineScore", "SubjectPrefix",
  "ClamdSocket",      "MaxScanSize",      "BlockClasses",    "BlockExtensions",
  "AllowSenders",     "BlockSenders",     "AllowRecipients", "OnSpam",
  "OnVirus",          "OnAttachment",     "OnBlockedSender", "RspamdControllerUrl",
  "QuarantineDigest", "OnScannerFailure", "DeferHours",      "QuarantineDays",
  "Timeout"
};

/* --- Values --------------------------------------------------------------------------------------------------------------- */

static gboolean
parse_size (const char *text, gboolean suffix_allowed, guint64 *number)
{
  static const char letters[] = "KMG";
  char *end = NULL;
  const char *at;

  if (!g_ascii_isdigit (*text) || strlen (text) > 20)
    return FALSE;
  *number = g_ascii_strtoull (text, &end, 10);
  if (*end == '\0')
    return TRUE;
  at = suffix_allowed && end[1] == '\0' ? strchr (letters, g_ascii_toupper (*end)) : NULL;
  if (at == NULL || *number > G_MAXUINT64 >> (10 * (at - letters + 1)))
    return FALSE;
  *number <<= 10 * (at - letters + 1);
  return TRUE;
}

/* Puts @text into @self; (transfer full) (nullable): what would be allowed. */
static char *
set_value (PfServiceSettings *self, const Key *key, const char *text)
{
  static const char *const junk_by[] = { "folder", "header", "detail" };
  guint64 number = 0;

  switch (key->kind)
    {
    case KIND_TEXT:
      if (key->check != NULL && !key->check (text))
        return g_strdup (key->allowed);
      g_free (G_STRUCT_MEMBER (char *, self, key->offset));
      G_STRUCT_MEMBER (char *, self, key->offset) = g_strdup (text);
      return NULL;
    case KIND_JUNK_BY:
      for (guint i = 0; i < G_N_ELEMENTS (junk_by); i++)
        if (strcmp (text, junk_by[i]) == 0)
          {
            self->junk_by = i;
            return NULL;
          }
      return g_strdup (key->allowed);
    case KIND_SIZE:
    case KIND_NUMBER:
    default:
      if (!parse_size (text, key->kind == KIND_SIZE, &number) || number < key->low
          || number > key->high)
        return g_strdup_printf ("%" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT "%s", key->low,
                                key->high, key->kind == KIND_SIZE ? ", K, M or G may follow" : "");
      if (key->kind == KIND_SIZE)
        G_STRUCT_MEMBER (guint64, self, key->offset) = number;
      else
        G_STRUCT_MEMBER (guint, self, key->offset) = (guint) number;
      return NULL;
    }
}

static const Key *
find_key (const char *group, const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (strcmp (keys[i].group, group) == 0 && strcmp (keys[i].name, name) == 0)
      return &keys[i];
  return NULL;
}

static gboolean
is_group (const char *group)
{
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (strcmp (keys[i].group, group) == 0)
      return TRUE;
  return strcmp (group, "Filter") == 0;
}

static gboolean
is_filter_key (const char *group, const char *name)
{
  if (strcmp (group, "Filter") != 0)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (filter_keys); i++)
    if (strcmp (filter_keys[i], name) == 0)
      return TRUE;
  return FALSE;
}

/* --- The file ---------------------------------------------------------------------------------------------------------------- */

static gboolean fail (GError **error, const char *path, guint line, const char *format, ...)
    G_GNUC_PRINTF (4, 5);

static gboolean
fail (GError **error, const char *path, guint line, const char *format, ...)
{
  g_autofree char *what = NULL, *shown = NULL;
  va_list arguments;

  va_start (arguments, format);
  what = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  shown = pf_text_printable (what, -1, 400);
  g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE, "%s:%u: %s", path, line,
               shown);
  return FALSE;
}

static gboolean
read_line (PfServiceSettings *self,
           const char *path,
           guint number,
           char *line,
           char **group,
           GError **error)
{
  char *equals = strchr (line, '=');
  gsize length = strlen (line);
  g_autofree char *allowed = NULL;
  const Key *key;

  if (*line == '[')
    {
      g_free (*group);
      *group = g_strndup (line + 1, length > 1 ? length - 2 : 0);
      if (line[length - 1] == ']' && is_group (*group))
        return TRUE;
      return fail (
          error, path, number,
          "%s: there is no such group; allowed are [Delivery], [Local], [Limits], [Log], [Notify], [Secrets], [Filter]",
          line);
    }
  if (equals == NULL || *group == NULL)
    return fail (error, path, number, "%s: is no KEY=VALUE in a group", line);
  *equals = '\0';
  g_strstrip (line);
  g_strstrip (equals + 1);
  if (is_filter_key (*group, line))
    return TRUE;
  key = find_key (*group, line);
  if (key == NULL)
    return fail (error, path, number, "[%s] %s: there is no such setting; see postferry.conf(5)",
                 *group, line);
  /* An empty value is the default, as in the sample. */
  if (equals[1] == '\0' && key->kind != KIND_TEXT)
    return TRUE;
  allowed = set_value (self, key, equals + 1);
  if (allowed != NULL)
    return fail (error, path, number, "[%s] %s=%s: allowed are %s", *group, line, equals + 1,
                 allowed);
  return TRUE;
}

static PfServiceSettings *
settings_new (void)
{
  PfServiceSettings *self = g_new0 (PfServiceSettings, 1);

  g_atomic_ref_count_init (&self->ref_count);
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    g_free (set_value (self, &keys[i], keys[i].fallback));
  return self;
}

PfServiceSettings *
pf_service_settings_load (const char *path, GError **error)
{
  g_autoptr (PfServiceSettings) self = settings_new ();
  g_autoptr (GError) local = NULL;
  g_autofree char *text = NULL, *group = NULL;
  g_auto (GStrv) lines = NULL;

  if (!g_file_get_contents (path, &text, NULL, &local))
    {
      if (g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        return g_steal_pointer (&self);
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      char *line = g_strstrip (lines[i]);

      if (*line != '\0' && *line != '#' && !read_line (self, path, i + 1, line, &group, error))
        return NULL;
    }
  return g_steal_pointer (&self);
}

PfServiceSettings *
pf_service_settings_ref (const PfServiceSettings *self)
{
  g_atomic_ref_count_inc (&((PfServiceSettings *) self)->ref_count);
  return (PfServiceSettings *) self;
}

void
pf_service_settings_unref (PfServiceSettings *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->ref_count))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (keys[i].kind == KIND_TEXT)
      g_free (G_STRUCT_MEMBER (char *, self, keys[i].offset));
  g_free (self);
}
