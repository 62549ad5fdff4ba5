#include "retrieve/fallback.h"

#include "base/limits.h"

#include <string.h>
#include <sys/random.h>

#define HASH_LENGTH 32

typedef struct
{
  guint8 server[HASH_LENGTH], password[HASH_LENGTH];
  PfFallback fallback;
} Known;

static GHashTable *table; /* address -> Known */

static const guint8 *
process_key (void)
{
  static guint8 key[HASH_LENGTH];
  static gboolean made;

  /* So few octets come whole, once the kernel has any. */
  if (!made && getrandom (key, sizeof key, 0) != (gssize) sizeof key)
    g_error ("getrandom: no random octets are to be had");
  made = TRUE;
  return key;
}

static void
hash (const char *text, gsize length, guint8 out[HASH_LENGTH])
{
  g_autoptr (GHmac) hmac = g_hmac_new (G_CHECKSUM_SHA256, process_key (), HASH_LENGTH);
  gsize out_length = HASH_LENGTH;

  g_hmac_update (hmac, (const guchar *) text, (gssize) length);
  g_hmac_get_digest (hmac, out, &out_length);
}

static void
describe (const PfSettings *settings, PfSecret *secret, Known *known)
{
  g_autofree char *server = g_strdup_printf ("%d\n%s\n%u\n%s", (int) settings->protocol,
                                             settings->server, settings->port, settings->user_name);
  gsize length;
  const char *password = pf_secret_peek (secret, &length);

  hash (server, strlen (server), known->server);
  hash (password, length, known->password);
}

PfFallback
pf_fallback_get (const PfSettings *settings, PfSecret *secret)
{
  const Known *known = table != NULL ? g_hash_table_lookup (table, settings->address) : NULL;
  Known asked;

  if (known == NULL)
    return PF_FALLBACK_NONE;
  describe (settings, secret, &asked);
  if (memcmp (known->server, asked.server, HASH_LENGTH) != 0)
    return PF_FALLBACK_NONE;
  if (known->fallback == PF_FALLBACK_NEVER)
    return PF_FALLBACK_NEVER;
  return memcmp (known->password, asked.password, HASH_LENGTH) == 0 ? known->fallback
                                                                    : PF_FALLBACK_NONE;
}

void
pf_fallback_set (const PfSettings *settings, PfSecret *secret, PfFallback fallback)
{
  Known *known = g_new0 (Known, 1);

  if (table == NULL)
    table = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  if (g_hash_table_size (table) >= PF_LIMIT_FALLBACKS)
    g_hash_table_remove_all (table);
  describe (settings, secret, known);
  known->fallback = fallback;
  g_hash_table_replace (table, g_strdup (settings->address), known);
}

void
pf_fallback_clear (void)
{
  g_clear_pointer (&table, g_hash_table_unref);
}
