#include "schedule/patience.h"

#include "base/limits.h"

/* NAT boxes forget a silent connection after ten minutes or so; RFC 2177 would allow 29. Each
 * renewal is a probe as well: a server that is gone does not answer DONE. */
#define LONGEST_SECONDS (9 * 60)
#define SHORTEST_SECONDS 30
/* Ended as soon as this, and this often without a longer one between: it is no use. */
#define USELESS_SECONDS 20
#define USELESS_TIMES 3
#define USELESS_FOR ((gint64) 24 * 3600 * G_USEC_PER_SEC)

typedef struct
{
  guint seconds;
  guint useless;
  gint64 ended; /* us */
} Server;

struct _PfPatience
{
  GHashTable *servers; /* lower-cased name -> Server, only those that ended an IDLE */
};

PfPatience *
pf_patience_new (void)
{
  PfPatience *self = g_new0 (PfPatience, 1);

  self->servers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

void
pf_patience_free (PfPatience *self)
{
  g_hash_table_unref (self->servers);
  g_free (self);
}

static Server *
find (PfPatience *self, const char *name)
{
  g_autofree char *key = g_ascii_strdown (name, -1);

  return g_hash_table_lookup (self->servers, key);
}

guint
pf_patience_seconds (PfPatience *self, const char *server, gint64 now)
{
  Server *one = find (self, server);

  if (one == NULL)
    return LONGEST_SECONDS;
  if (one->useless >= USELESS_TIMES && now - one->ended >= USELESS_FOR)
    one->useless = 0;
  return one->useless >= USELESS_TIMES ? 0 : one->seconds;
}

void
pf_patience_ended (PfPatience *self, const char *server, guint seconds, gint64 now)
{
  Server *one = find (self, server);

  if (one == NULL)
    {
      if (g_hash_table_size (self->servers) >= PF_LIMIT_PATIENCE_SERVERS)
        g_hash_table_remove_all (self->servers);
      one = g_new0 (Server, 1);
      one->seconds = LONGEST_SECONDS;
      g_hash_table_insert (self->servers, g_ascii_strdown (server, -1), one);
    }
  one->ended = now;
  one->useless = seconds < USELESS_SECONDS ? one->useless + 1 : 0;
  /* Well before; a restart of the server teaches the same, and is forgotten by
   * pf_patience_borne(). */
  if (seconds <= one->seconds)
    one->seconds = MAX (seconds * 3 / 4, SHORTEST_SECONDS);
}

void
pf_patience_borne (PfPatience *self, const char *server)
{
  Server *one = find (self, server);

  if (one == NULL)
    return;
  one->useless = 0;
  one->seconds = MIN (one->seconds + MAX (one->seconds / 20, 1), LONGEST_SECONDS);
}
