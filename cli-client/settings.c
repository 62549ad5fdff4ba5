#include "cli-client/settings.h"

#include "cli-client/failure.h"
#include "cli-client/i18n.h"
#include "dbus-interfaces/suggest.h"
#include "dbus-interfaces/text.h"

#include <string.h>

static const char *const booleans[] = { "true", "false", NULL };
static const char *const protocols[] = { "imap", "pop3", NULL };
static const char *const securities[] = { "tls", "starttls", "none", NULL };
static const char *const removals[] = { "never", "after-delivery", "after-days", NULL };
static const char *const initials[] = { "all", "new", NULL };
static const char *const envelope_headers[] = { "Delivered-To", "X-Original-To", NULL };
static const char *const mechanisms[] = { "auto",        "oauth2",   "SCRAM-SHA-256",
                                          "SCRAM-SHA-1", "CRAM-MD5", "PLAIN",
                                          "LOGIN",       "user",     NULL };

static const PfKey keys[] = {
  { "Address", "s", NULL, N_ ("e-mail address") },
  { "Enabled", "b", booleans, N_ ("checked on schedule") },
  { "Protocol", "s", protocols, N_ ("how the mailbox is read") },
  { "Security", "s", securities, N_ ("how the connection is encrypted") },
  { "AllowCleartext", "b", booleans, N_ ("password in the clear over the network") },
  { "Server", "s", NULL, N_ ("name or address of the server") },
  { "Port", "q", NULL, N_ ("port of the server") },
  { "UserName", "s", NULL, N_ ("name to log in with") },
  { "Authentication", "s", mechanisms, N_ ("how to log in") },
  { "OAuth2Provider", "s", NULL, N_ ("provider file for OAuth2") },
  { "LocalUser", "s", NULL, N_ ("who gets the mail") },
  { "Folders", "as", NULL, N_ ("folders that are fetched") },
  { "TargetFolder", "s", NULL, N_ ("folder delivered into") },
  { "KeepSeen", "b", booleans, N_ ("read mail arrives as read") },
  { "AllowSenders", "as", NULL, N_ ("senders that are no spam") },
  { "BlockSenders", "as", NULL, N_ ("senders that are held back") },
  { "Remove", "s", removals, N_ ("when mail is removed at the provider") },
  { "RemoveAfterDays", "u", NULL, N_ ("days from delivery to removal") },
  { "Initial", "s", initials, N_ ("what the first check fetches") },
  { "CheckSpam", "b", booleans, N_ ("ask the spam filter") },
  { "CheckVirus", "b", booleans, N_ ("ask the virus scanner") },
  { "CheckAttachments", "b", booleans, N_ ("look at attachments") },
  { "Interval", "u", NULL, N_ ("seconds between two checks") },
  { "Push", "b", booleans, N_ ("listen for new mail") },
  { "MaxMessageSize", "t", NULL, N_ ("larger messages are left") },
  { "MaxMessagesPerCheck", "u", NULL, N_ ("the rest follows later") },
  { "Certificate", "s", NULL, N_ ("sha256:HEX or a CA file") },
  { "TrustedRelays", "as", NULL, N_ ("hosts that forward to the provider") },
  { "EnvelopeHeader", "s", envelope_headers, N_ ("header with the recipient") },
  { "Recipients", "as", NULL, N_ ("ADDRESS=USER, one mailbox for several") },
  { "Proxy", "s", NULL, N_ ("socks5://HOST:PORT or http://HOST:PORT") },
  { "Note", "s", NULL, N_ ("free text") },
};

const PfKeyTable *
pf_account_keys (void)
{
  static const PfKeyTable table = { keys, G_N_ELEMENTS (keys), "postferry.account(5)", FALSE };

  return &table;
}

const PfKey *
pf_keys (gsize *n_keys)
{
  *n_keys = G_N_ELEMENTS (keys);
  return keys;
}

const PfKey *
pf_key_find (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    if (g_str_equal (keys[i].name, name))
      return &keys[i];
  return NULL;
}

gboolean
pf_key_moves_secret (const char *name)
{
  static const char *const moving[] = {
    "Server", "Port",           "Security",       "UserName",       "Certificate",
    "Proxy",  "Authentication", "OAuth2Provider", "AllowCleartext", NULL
  };

  return g_strv_contains (moving, name);
}

/* --- One value -------------------------------------------------------------------------------- */

static GVariant *
parse_boolean (const char *key, const char *text, GError **error)
{
  static const char *const yes[] = { "true", "yes", "on", "1", NULL };
  static const char *const no[] = { "false", "no", "off", "0", NULL };
  g_autofree char *lower = g_ascii_strdown (text, -1);
  g_autofree char *shown = NULL;

  if (g_strv_contains (yes, lower))
    return g_variant_new_boolean (TRUE);
  if (g_strv_contains (no, lower))
    return g_variant_new_boolean (FALSE);
  shown = pf_text_printable (text, -1, 60);
  pf_usage (error, _ ("%s=%s: allowed are true and false"), key, shown);
  return NULL;
}

/* Takes a K, M or G off the end of @digits. */
static guint64
take_unit (char *digits)
{
  static const char letters[] = "KMG";
  gsize length = strlen (digits);
  const char *found = length > 1 ? strchr (letters, g_ascii_toupper (digits[length - 1])) : NULL;

  if (found == NULL)
    return 1;
  digits[length - 1] = '\0';
  return G_GUINT64_CONSTANT (1) << (10 * (found - letters + 1));
}

static GVariant *
parse_number (const char *key, const char *type, const char *text, GError **error)
{
  gboolean size = *type == 't';
  guint64 most = *type == 'q' ? G_MAXUINT16 : *type == 'u' ? G_MAXUINT32 : G_MAXINT64;
  g_autofree char *digits = g_strdup (text);
  g_autofree char *shown = pf_text_printable (text, -1, 60);
  guint64 unit = size ? take_unit (digits) : 1;
  guint64 number;

  if (!g_ascii_string_to_unsigned (digits, 10, 0, most / unit, &number, NULL))
    {
      pf_usage (error,
                size ? _ ("%s=%s: a size is a number of octets, or one with K, M or G: 50M")
                     : _ ("%s=%s: a number is needed here, without unit"),
                key, shown);
      return NULL;
    }
  if (*type == 'q')
    return g_variant_new_uint16 ((guint16) number);
  return size ? g_variant_new_uint64 (number * unit) : g_variant_new_uint32 ((guint32) number);
}

static void
append_items (GPtrArray *items, const char *text)
{
  g_auto (GStrv) parts = g_strsplit (text, ";", -1);

  for (char **part = parts; *part != NULL; part++)
    if (*g_strstrip (*part) != '\0')
      g_ptr_array_add (items, g_strdup (*part));
}

static GVariant *
parse_value (const PfKeyTable *table, const PfKey *key, const char *text, GError **error)
{
  if (*text == '\0' && table->empty_resets)
    return g_variant_new_string ("");
  switch (*key->type)
    {
    case 'b':
      return parse_boolean (key->name, text, error);
    case 'd': /* the service reads a score as in a file: its sentence tells what is allowed */
    case 's':
      return g_variant_new_string (text);
    default:
      return parse_number (key->name, key->type, text, error);
    }
}

/* --- Several ---------------------------------------------------------------------------------- */

static const PfKey *
find_key (const PfKeyTable *table, const char *name)
{
  for (gsize i = 0; i < table->n_keys; i++)
    if (g_str_equal (table->keys[i].name, name))
      return &table->keys[i];
  return NULL;
}

static const char *
suggest_key (const PfKeyTable *table, const char *name)
{
  g_autofree const char **names = g_new0 (const char *, table->n_keys + 1);

  for (gsize i = 0; i < table->n_keys; i++)
    names[i] = table->keys[i].name;
  return pf_suggest (name, names);
}

/* The key of "KEY=VALUE"; @value gets what stands behind the sign. */
static const PfKey *
split_argument (const PfKeyTable *table, const char *argument, const char **value, GError **error)
{
  const char *sign = strchr (argument, '=');
  g_autofree char *name = sign != NULL ? g_strndup (argument, (gsize) (sign - argument)) : NULL;
  g_autofree char *shown = pf_text_printable (name != NULL ? name : argument, -1, 60);
  const PfKey *key = name != NULL ? find_key (table, name) : NULL;
  const char *near;

  if (name == NULL)
    {
      pf_usage (error, _ ("“%s” is no setting: settings are KEY=VALUE"), shown);
      return NULL;
    }
  if (!g_utf8_validate (sign, -1, NULL))
    {
      pf_usage (error, _ ("%s: the value is not UTF-8"), shown);
      return NULL;
    }
  *value = sign + 1;
  if (key != NULL)
    return key;
  near = suggest_key (table, name);
  if (near != NULL)
    pf_usage (error, _ ("%s: there is no such setting; did you mean %s?"), shown, near);
  else
    pf_usage (error, _ ("%s: there is no such setting; %s lists them"), shown, table->manual);
  return NULL;
}

static void
free_items (gpointer items)
{
  g_ptr_array_unref (items);
}

static gboolean
parse_argument (const PfKeyTable *table,
                const char *argument,
                GVariantDict *dict,
                GHashTable *lists,
                GError **error)
{
  const char *text;
  const PfKey *key = split_argument (table, argument, &text, error);
  GPtrArray *items;
  GVariant *value;

  if (key == NULL)
    return FALSE;
  if (g_str_equal (key->type, "as"))
    {
      items = g_hash_table_lookup (lists, key->name);
      if (items == NULL)
        {
          items = g_ptr_array_new_with_free_func (g_free);
          g_hash_table_insert (lists, (gpointer) key->name, items);
        }
      append_items (items, text);
      return TRUE;
    }
  if (g_variant_dict_contains (dict, key->name))
    return pf_usage (error, _ ("%s is given twice"), key->name);
  value = parse_value (table, key, text, error);
  if (value == NULL)
    return FALSE;
  g_variant_dict_insert_value (dict, key->name, value);
  return TRUE;
}

GVariant *
pf_settings_parse (const PfKeyTable *table, const char *const *arguments, GError **error)
{
  g_autoptr (GHashTable) lists = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, free_items);
  g_autoptr (GVariantDict) dict = g_variant_dict_new (NULL);
  GHashTableIter iter;
  gpointer name, value;

  for (; *arguments != NULL; arguments++)
    if (!parse_argument (table, *arguments, dict, lists, error))
      return NULL;
  g_hash_table_iter_init (&iter, lists);
  while (g_hash_table_iter_next (&iter, &name, &value))
    {
      GPtrArray *items = value;

      g_variant_dict_insert_value (
          dict, name, g_variant_new_strv ((const char *const *) items->pdata, items->len));
    }
  return g_variant_ref_sink (g_variant_dict_end (dict));
}

char *
pf_settings_format (GVariant *value)
{
  char digits[G_ASCII_DTOSTR_BUF_SIZE];

  if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
    return g_variant_dup_string (value, NULL);
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN))
    return g_strdup (g_variant_get_boolean (value) ? "true" : "false");
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING_ARRAY))
    {
      g_autofree const char **items = g_variant_get_strv (value, NULL);

      return g_strjoinv (";", (char **) items);
    }
  /* 5.1, not the 17 digits that tell it from its neighbours. */
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_DOUBLE))
    return g_strdup (
        g_ascii_formatd (digits, sizeof digits, "%.15g", g_variant_get_double (value)));
  return g_variant_print (value, FALSE);
}
