#include "deliver/quarantine-index.h"

#include <string.h>

struct _PfQuarantineIndex
{
  GHashTable *by_id;  /* id of the item -> PfQuarantineItem, held */
  GPtrArray *sorted;  /* the same, newest first */
  GHashTable *counts; /* recipient -> number */
};

PfQuarantineIndex *
pf_quarantine_index_new (void)
{
  PfQuarantineIndex *self = g_new0 (PfQuarantineIndex, 1);

  self->by_id = g_hash_table_new_full (g_str_hash, g_str_equal, NULL,
                                       (GDestroyNotify) pf_quarantine_item_free);
  self->sorted = g_ptr_array_new ();
  self->counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
pf_quarantine_index_free (PfQuarantineIndex *self)
{
  g_ptr_array_unref (self->sorted);
  g_hash_table_unref (self->by_id);
  g_hash_table_unref (self->counts);
  g_free (self);
}

static void
count (PfQuarantineIndex *self, const char *recipient, int difference)
{
  guint now = pf_quarantine_index_count (self, recipient) + (guint) difference;

  if (now == 0)
    g_hash_table_remove (self->counts, recipient);
  else
    g_hash_table_replace (self->counts, g_strdup (recipient), GUINT_TO_POINTER (now));
}

/* Newest first; the id decides between those of one moment, so that pages have one order. */
static int
compare (const PfQuarantineItem *a, const PfQuarantineItem *b)
{
  if (a->time != b->time)
    return a->time > b->time ? -1 : 1;
  return strcmp (a->id, b->id);
}

static int
compare_places (gconstpointer a, gconstpointer b)
{
  return compare (*(const PfQuarantineItem *const *) a, *(const PfQuarantineItem *const *) b);
}

/* Where @item stands, or would. */
static guint
place_of (PfQuarantineIndex *self, const PfQuarantineItem *item)
{
  guint low = 0, high = self->sorted->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (compare (self->sorted->pdata[middle], item) < 0)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

gboolean
pf_quarantine_index_remove (PfQuarantineIndex *self, const char *id)
{
  PfQuarantineItem *item = g_hash_table_lookup (self->by_id, id);

  if (item == NULL)
    return FALSE;
  g_ptr_array_remove_index (self->sorted, place_of (self, item));
  count (self, item->recipient, -1);
  /* Its key is the item's own. */
  g_hash_table_remove (self->by_id, item->id);
  return TRUE;
}

void
pf_quarantine_index_put (PfQuarantineIndex *self, PfQuarantineItem *item)
{
  pf_quarantine_index_remove (self, item->id);
  g_ptr_array_insert (self->sorted, (int) place_of (self, item), item);
  g_hash_table_insert (self->by_id, item->id, item);
  count (self, item->recipient, 1);
}

void
pf_quarantine_items_sort (GPtrArray *items)
{
  g_ptr_array_sort (items, compare_places);
}

static gboolean
is_sorted (GPtrArray *items)
{
  for (guint i = 1; i < items->len; i++)
    if (compare (items->pdata[i - 1], items->pdata[i]) > 0)
      return FALSE;
  return TRUE;
}

void
pf_quarantine_index_merge (PfQuarantineIndex *self, GPtrArray *items)
{
  for (guint i = 0; i < items->len; i++)
    {
      PfQuarantineItem *item = g_steal_pointer (&items->pdata[i]);

      if (g_hash_table_contains (self->by_id, item->id))
        {
          pf_quarantine_item_free (item);
          continue;
        }
      g_hash_table_insert (self->by_id, item->id, item);
      g_ptr_array_add (self->sorted, item);
      count (self, item->recipient, 1);
    }
  if (!is_sorted (self->sorted))
    g_ptr_array_sort (self->sorted, compare_places);
}

const PfQuarantineItem *
pf_quarantine_index_lookup (PfQuarantineIndex *self, const char *id)
{
  return g_hash_table_lookup (self->by_id, id);
}

GPtrArray *
pf_quarantine_index_list (PfQuarantineIndex *self)
{
  return self->sorted;
}

guint
pf_quarantine_index_count (PfQuarantineIndex *self, const char *recipient)
{
  if (recipient == NULL)
    return self->sorted->len;
  return GPOINTER_TO_UINT (g_hash_table_lookup (self->counts, recipient));
}

GPtrArray *
pf_quarantine_index_recipients (PfQuarantineIndex *self)
{
  GPtrArray *recipients = g_ptr_array_new_with_free_func (g_free);
  GHashTableIter iter;
  gpointer recipient;

  g_hash_table_iter_init (&iter, self->counts);
  while (g_hash_table_iter_next (&iter, &recipient, NULL))
    g_ptr_array_add (recipients, g_strdup (recipient));
  return recipients;
}

/* --- What is asked for ------------------------------------------------------------------------ */

/* @wanted: an address, or a domain. */
static gboolean
is_of_sender (const char *sender, const char *wanted)
{
  const char *domain = strrchr (sender, '@');
  gsize length, wanted_length = strlen (wanted);

  if (strchr (wanted, '@') != NULL)
    return g_ascii_strcasecmp (sender, wanted) == 0;
  if (domain == NULL)
    return FALSE;
  domain++;
  length = strlen (domain);
  if (length < wanted_length || g_ascii_strcasecmp (domain + length - wanted_length, wanted) != 0)
    return FALSE;
  return length == wanted_length || domain[length - wanted_length - 1] == '.';
}

gboolean
pf_quarantine_filter_takes (const PfQuarantineFilter *filter, const PfQuarantineItem *item)
{
  if (filter->recipient != NULL && !g_str_equal (filter->recipient, item->recipient))
    return FALSE;
  if (filter->account != NULL && g_ascii_strcasecmp (filter->account, item->account) != 0)
    return FALSE;
  if (filter->verdict != NULL && !g_str_equal (filter->verdict, item->verdict))
    return FALSE;
  if (filter->since != 0 && (guint64) item->time < filter->since)
    return FALSE;
  if (filter->before != 0 && (guint64) item->time >= filter->before)
    return FALSE;
  return filter->sender == NULL || is_of_sender (item->sender, filter->sender);
}

GPtrArray *
pf_quarantine_index_query (PfQuarantineIndex *self,
                           const PfQuarantineFilter *filter,
                           guint offset,
                           guint limit,
                           guint *total)
{
  GPtrArray *page = g_ptr_array_new ();

  *total = 0;
  for (guint i = 0; i < self->sorted->len; i++)
    if (pf_quarantine_filter_takes (filter, self->sorted->pdata[i]))
      {
        if (*total >= offset && page->len < limit)
          g_ptr_array_add (page, self->sorted->pdata[i]);
        (*total)++;
      }
  return page;
}
