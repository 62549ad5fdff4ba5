#include "accounts/providers.h"

#include "accounts-resource.h"

#include <string.h>

#define MOST 86400

struct _PfProviders
{
  GKeyFile *file;        /* of all keys, so that another file can be laid over it */
  GHashTable *by_server; /* "imap.example.com" or ".example.com", lower case -> Pair */
  GPtrArray *pairs;
};

/* One provider, by protocol. */
typedef struct
{
  PfProvider of[2];
} Pair;

static const char
    *const suffixes[] = { [PF_PROTOCOL_IMAP] = " imap", [PF_PROTOCOL_POP3] = " pop3" };

/* --- Keys ------------------------------------------------------------------------------------- */

typedef enum
{
  KIND_NUMBER,
  KIND_WORD, /* a gboolean: TRUE for the word */
  KIND_LIST,
  KIND_TEXT
} Kind;

typedef struct
{
  const char *name;
  Kind kind;
  gsize offset;
  const char *yes, *no; /* of a word */
} Key;

#define KEY(key, of_kind, member, ...)                                                             \
  {                                                                                                \
    .name = key, .kind = KIND_##of_kind, .offset = G_STRUCT_OFFSET (PfProvider, member),           \
    __VA_ARGS__                                                                                    \
  }

static const Key keys[] = {
  KEY ("Connections", NUMBER, connections),
  KEY ("Interval", NUMBER, interval),
  KEY ("LogInGap", NUMBER, log_in_gap),
  KEY ("Idle", NUMBER, idle),
  KEY ("Window", NUMBER, window),
  KEY ("Pause", NUMBER, pause),
  KEY ("InitialResponse", WORD, two_steps, .yes = "false", .no = "true"),
  KEY ("Listing", WORD, lists_part, .yes = "part", .no = "whole"),
  KEY ("Sizes", WORD, estimates, .yes = "estimated", .no = "exact"),
  KEY ("Removal", WORD, trash, .yes = "trash", .no = "expunge"),
  KEY ("Labels", WORD, labels, .yes = "true", .no = "false"),
  KEY ("SkipFolders", LIST, skip_folders),
  KEY ("LocalPart", LIST, local_part),
  KEY ("Busy", LIST, busy),
  KEY ("LogInHelp", TEXT, log_in_help),
};

#define MEMBER(type, key, provider) ((type *) G_STRUCT_MEMBER_P (provider, (key)->offset))

static void
provider_init (PfProvider *provider, const char *name)
{
  provider->name = g_strdup (name);
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (keys[i].kind == KIND_LIST)
      *MEMBER (char **, &keys[i], provider) = g_new0 (char *, 1);
    else if (keys[i].kind == KIND_TEXT)
      *MEMBER (char *, &keys[i], provider) = g_strdup ("");
}

static void
provider_clear (PfProvider *provider)
{
  g_free (provider->name);
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (keys[i].kind == KIND_LIST)
      g_strfreev (*MEMBER (char **, &keys[i], provider));
    else if (keys[i].kind == KIND_TEXT)
      g_free (*MEMBER (char *, &keys[i], provider));
}

static gboolean
read_key (PfProvider *provider, const Key *key, const char *value)
{
  guint64 number;

  switch (key->kind)
    {
    case KIND_NUMBER:
      if (!g_ascii_string_to_unsigned (value, 10, 0, MOST, &number, NULL))
        return FALSE;
      *MEMBER (guint, key, provider) = (guint) number;
      return TRUE;
    case KIND_WORD:
      *MEMBER (gboolean, key, provider) = strcmp (value, key->yes) == 0;
      return strcmp (value, key->yes) == 0 || strcmp (value, key->no) == 0;
    case KIND_LIST:
      g_strfreev (*MEMBER (char **, key, provider));
      *MEMBER (char **, key, provider) = g_strsplit (value, ";", -1);
      return TRUE;
    case KIND_TEXT:
    default:
      g_free (*MEMBER (char *, key, provider));
      *MEMBER (char *, key, provider) = g_strdup (value);
      return TRUE;
    }
}

static gboolean
read_group (PfProvider *provider, GKeyFile *file, const char *group, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      /* Backslashes are literal, as in the account's files. */
      g_autofree char *value = g_key_file_get_value (file, group, keys[i].name, NULL);

      if (value != NULL && !read_key (provider, &keys[i], value))
        {
          g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE,
                       "[%s] %s=%s: allowed is %s%s%s", group, keys[i].name, value,
                       keys[i].kind == KIND_NUMBER ? "a number up to 86400" : keys[i].yes,
                       keys[i].no != NULL ? " or " : "", keys[i].no != NULL ? keys[i].no : "");
          return FALSE;
        }
    }
  return TRUE;
}

/* --- Reading ---------------------------------------------------------------------------------- */

static void
pair_free (gpointer data)
{
  Pair *pair = data;

  provider_clear (&pair->of[PF_PROTOCOL_IMAP]);
  provider_clear (&pair->of[PF_PROTOCOL_POP3]);
  g_free (pair);
}

static Pair *
pair_new (const char *name)
{
  Pair *pair = g_new0 (Pair, 1);

  provider_init (&pair->of[PF_PROTOCOL_IMAP], name);
  provider_init (&pair->of[PF_PROTOCOL_POP3], name);
  return pair;
}

static gboolean
is_known_key (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (strcmp (keys[i].name, name) == 0)
      return TRUE;
  return strcmp (name, "Servers") == 0;
}

/* Lays @over over @file. */
static gboolean
merge (GKeyFile *file, GKeyFile *over, GError **error)
{
  g_auto (GStrv) groups = g_key_file_get_groups (over, NULL);

  for (guint i = 0; groups[i] != NULL; i++)
    {
      g_auto (GStrv) names = g_key_file_get_keys (over, groups[i], NULL, NULL);

      for (guint j = 0; names[j] != NULL; j++)
        {
          g_autofree char *value = g_key_file_get_value (over, groups[i], names[j], NULL);

          if (!is_known_key (names[j]))
            {
              g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_KEY_NOT_FOUND,
                           "[%s] %s: there is no such key", groups[i], names[j]);
              return FALSE;
            }
          g_key_file_set_value (file, groups[i], names[j], value);
        }
    }
  return TRUE;
}

static void
add_servers (PfProviders *self, Pair *pair, const char *group)
{
  g_autofree char *value = g_key_file_get_value (self->file, group, "Servers", NULL);
  g_auto (GStrv) servers = g_strsplit (value != NULL ? value : "", ";", -1);

  for (guint i = 0; servers[i] != NULL; i++)
    {
      const char *name = g_str_has_prefix (servers[i], "*.") ? servers[i] + 1 : servers[i];

      if (*name != '\0')
        g_hash_table_insert (self->by_server, g_ascii_strdown (name, -1), pair);
    }
}

static gboolean
add_group (PfProviders *self, const char *group, GError **error)
{
  Pair *pair;

  if (g_str_has_suffix (group, suffixes[PF_PROTOCOL_IMAP])
      || g_str_has_suffix (group, suffixes[PF_PROTOCOL_POP3]))
    return TRUE;
  pair = pair_new (group);
  g_ptr_array_add (self->pairs, pair);
  add_servers (self, pair, group);
  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++)
    {
      g_autofree char *own = g_strconcat (group, suffixes[i], NULL);

      if (!read_group (&pair->of[i], self->file, group, error)
          || !read_group (&pair->of[i], self->file, own, error))
        return FALSE;
    }
  return TRUE;
}

PfProviders *
pf_providers_parse (const char *text, const PfProviders *base, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (PfProviders) self = g_new0 (PfProviders, 1);
  g_auto (GStrv) groups = NULL;

  self->file = g_key_file_new ();
  self->by_server = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->pairs = g_ptr_array_new_with_free_func (pair_free);
  if (!g_key_file_load_from_data (file, text, (gsize) -1, G_KEY_FILE_NONE, error)
      || (base != NULL && !merge (self->file, base->file, error))
      || !merge (self->file, file, error))
    return NULL;
  groups = g_key_file_get_groups (self->file, NULL);
  for (guint i = 0; groups[i] != NULL; i++)
    if (!add_group (self, groups[i], error))
      return NULL;
  return g_steal_pointer (&self);
}

void
pf_providers_free (PfProviders *self)
{
  if (self == NULL)
    return;
  g_key_file_unref (self->file);
  g_hash_table_unref (self->by_server);
  g_ptr_array_unref (self->pairs);
  g_free (self);
}

/* --- Looking up ------------------------------------------------------------------------------- */

static const PfProvider *
unknown (void)
{
  static gsize once = 0;
  static PfProvider *provider = NULL;

  if (g_once_init_enter (&once))
    {
      provider = g_new0 (PfProvider, 1);
      provider_init (provider, "");
      g_once_init_leave (&once, 1);
    }
  return provider;
}

const PfProvider *
pf_providers_find (const PfProviders *self, const char *server, PfProtocol protocol)
{
  g_autofree char *name = g_ascii_strdown (server, -1);
  Pair *pair = g_hash_table_lookup (self->by_server, name);

  for (const char *dot = name; pair == NULL && (dot = strchr (dot, '.')) != NULL; dot++)
    pair = g_hash_table_lookup (self->by_server, dot);
  return pair != NULL ? &pair->of[protocol] : unknown ();
}

const PfProviders *
pf_providers_builtin (void)
{
  static gsize once = 0;
  static PfProviders *builtin = NULL;

  if (g_once_init_enter (&once))
    {
      g_autoptr (GError) error = NULL;
      GResource *resource = accounts_get_resource ();
      g_autoptr (GBytes) data = g_resource_lookup_data (
          resource, "/org/postferry1/accounts/providers.conf", G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
      g_autofree char *text = g_strndup (g_bytes_get_data (data, NULL), g_bytes_get_size (data));

      builtin = pf_providers_parse (text, NULL, &error);
      /* Built in: a mistake in it is one of the program. */
      if (builtin == NULL)
        g_error ("providers.conf: %s", error->message);
      g_once_init_leave (&once, 1);
    }
  return builtin;
}

static PfProviders *site; /* NULL: the built-in ones */

gboolean
pf_providers_load (const char *path, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autofree char *text = NULL;
  PfProviders *loaded = NULL;

  if (!g_file_get_contents (path, &text, NULL, &local)
      && !g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (text != NULL)
    {
      loaded = pf_providers_parse (text, pf_providers_builtin (), error);
      if (loaded == NULL)
        {
          g_prefix_error (error, "%s: ", path);
          return FALSE;
        }
    }
  g_clear_pointer (&site, pf_providers_free);
  site = loaded;
  return TRUE;
}

const PfProvider *
pf_providers_lookup (const char *server, PfProtocol protocol)
{
  return pf_providers_find (site != NULL ? site : pf_providers_builtin (), server, protocol);
}

gboolean
pf_provider_is_busy (const PfProvider *provider, const char *text)
{
  g_autofree char *lower = g_ascii_strdown (text, -1);

  for (guint i = 0; provider->busy[i] != NULL; i++)
    if (g_pattern_match_simple (provider->busy[i], lower))
      return TRUE;
  return FALSE;
}

char *
pf_provider_user_name (const PfProvider *provider, const char *address)
{
  const char *at = strrchr (address, '@');

  for (guint i = 0; at != NULL && provider->local_part[i] != NULL; i++)
    if (g_ascii_strcasecmp (provider->local_part[i], at + 1) == 0)
      return g_strndup (address, (gsize) (at - address));
  return g_strdup (address);
}
