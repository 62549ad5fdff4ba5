#include "retrieve/ledger.h"

#include "base/limits.h"

#include <string.h>

struct _PfLedger
{
  GPtrArray *rows;
  GHashTable *by_name;   /* owned key -> PfRow */
  GHashTable *by_digest; /* digest (of the row) -> GPtrArray of PfRow; made when first asked for */
  GHashTable *taken;     /* PfRow */
  GHashTable *reserved;  /* keys of messages under way */
};

/* A folder's name holds no control character; a UIDL neither. */
static char *
row_key (const char *folder, guint32 uidvalidity, const char *uid, guint occurrence)
{
  return g_strdup_printf ("%s\x1f%u\x1f%s\x1f%u", folder, uidvalidity, uid, occurrence);
}

static void
index_row (PfLedger *self, PfRow *row)
{
  g_hash_table_replace (self->by_name,
                        row_key (row->folder, row->uidvalidity, row->uid, row->occurrence), row);
}

PfLedger *
pf_ledger_new (GPtrArray *rows)
{
  PfLedger *self = g_new0 (PfLedger, 1);

  self->rows = rows;
  self->by_name = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->taken = g_hash_table_new (NULL, NULL);
  self->reserved = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < rows->len; i++)
    index_row (self, rows->pdata[i]);
  return self;
}

void
pf_ledger_free (PfLedger *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->by_name);
  g_clear_pointer (&self->by_digest, g_hash_table_unref);
  g_hash_table_unref (self->taken);
  g_hash_table_unref (self->reserved);
  g_ptr_array_unref (self->rows);
  g_free (self);
}

PfRow *
pf_ledger_find (PfLedger *self,
                const char *folder,
                guint32 uidvalidity,
                const char *uid,
                guint occurrence)
{
  g_autofree char *key = row_key (folder, uidvalidity, uid, occurrence);

  return g_hash_table_lookup (self->by_name, key);
}

gboolean
pf_ledger_reserve (PfLedger *self,
                   const char *folder,
                   guint32 uidvalidity,
                   const char *uid,
                   guint occurrence)
{
  return pf_ledger_find (self, folder, uidvalidity, uid, occurrence) == NULL
         && g_hash_table_add (self->reserved, row_key (folder, uidvalidity, uid, occurrence));
}

GPtrArray *
pf_ledger_rows (PfLedger *self)
{
  return self->rows;
}

void
pf_ledger_take (PfLedger *self, PfRow *row)
{
  g_hash_table_add (self->taken, row);
}

gboolean
pf_ledger_is_taken (PfLedger *self, const PfRow *row)
{
  return g_hash_table_contains (self->taken, row);
}

void
pf_ledger_note_digest (PfLedger *self, PfRow *row)
{
  GPtrArray *same;

  if (self->by_digest == NULL || *row->digest == '\0')
    return;
  same = g_hash_table_lookup (self->by_digest, row->digest);
  if (same == NULL)
    {
      same = g_ptr_array_new ();
      g_hash_table_insert (self->by_digest, g_strdup (row->digest), same);
    }
  g_ptr_array_add (same, row);
}

static void
index_digests (PfLedger *self)
{
  self->by_digest =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);
  for (guint i = 0; i < self->rows->len; i++)
    pf_ledger_note_digest (self, self->rows->pdata[i]);
}

static GPtrArray *
rows_of_digest (PfLedger *self, const char *digest)
{
  if (self->by_digest == NULL)
    index_digests (self);
  return g_hash_table_lookup (self->by_digest, digest);
}

gboolean
pf_ledger_has_elsewhere (PfLedger *self, const char *folder, const char *digest)
{
  GPtrArray *same = rows_of_digest (self, digest);

  for (guint i = 0; same != NULL && i < same->len; i++)
    {
      const PfRow *row = same->pdata[i];

      if ((row->state == PF_ROW_DELIVERED || row->state == PF_ROW_GONE)
          && strcmp (row->folder, folder) != 0)
        return TRUE;
    }
  return FALSE;
}

PfRow *
pf_ledger_claim (PfLedger *self, const char *folder, const char *digest)
{
  GPtrArray *same = rows_of_digest (self, digest);

  for (guint i = 0; same != NULL && i < same->len; i++)
    {
      PfRow *row = same->pdata[i];

      if (strcmp (row->folder, folder) == 0 && !pf_ledger_is_taken (self, row))
        {
          pf_ledger_take (self, row);
          return row;
        }
    }
  return NULL;
}

static PfRow *
claim_of_size (PfLedger *self, const char *folder, guint64 size, guint64 difference, gint64 time)
{
  for (guint i = 0; i < self->rows->len; i++)
    {
      PfRow *row = self->rows->pdata[i];

      if (row->state != PF_ROW_KNOWN || *row->digest != '\0' || row->size > size + difference
          || size > row->size + difference || pf_ledger_is_taken (self, row)
          || strcmp (row->folder, folder) != 0
          || (time != 0 && row->time != 0 && row->time != time))
        continue;
      pf_ledger_take (self, row);
      return row;
    }
  return NULL;
}

PfRow *
pf_ledger_claim_known (PfLedger *self, const char *folder, guint64 size, gint64 time)
{
  PfRow *row = claim_of_size (self, folder, size, 0, time);

  /* mailutils renumbers and writes into headers; without a date a size that is about right would
   * say too little. */
  if (row == NULL && time != 0)
    row = claim_of_size (self, folder, size, PF_LIMIT_HEADER_GROWTH, time);
  return row;
}

void
pf_ledger_add (PfLedger *self, PfRow *row)
{
  g_ptr_array_add (self->rows, row);
  index_row (self, row);
  pf_ledger_note_digest (self, row);
  pf_ledger_take (self, row);
}

void
pf_ledger_rename (PfLedger *self,
                  PfRow *row,
                  guint32 uidvalidity,
                  const char *uid,
                  guint occurrence)
{
  g_autofree char *key = row_key (row->folder, row->uidvalidity, row->uid, row->occurrence);

  if (g_hash_table_lookup (self->by_name, key) == row)
    g_hash_table_remove (self->by_name, key);
  row->uidvalidity = uidvalidity;
  g_free (row->uid);
  row->uid = g_strdup (uid);
  row->occurrence = occurrence;
  index_row (self, row);
}

void
pf_ledger_rename_folder (PfLedger *self, const char *from, const char *to)
{
  for (guint i = 0; i < self->rows->len; i++)
    {
      PfRow *row = self->rows->pdata[i];
      g_autofree char *key = NULL;

      if (strcmp (row->folder, from) != 0)
        continue;
      key = row_key (row->folder, row->uidvalidity, row->uid, row->occurrence);
      g_hash_table_remove (self->by_name, key);
      g_free (row->folder);
      row->folder = g_strdup (to);
      index_row (self, row);
    }
}
