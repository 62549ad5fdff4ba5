#include "archive/ole.h"

#include "archive/bytes.h"

#include <string.h>

#define HEADER_LENGTH 512
#define ENTRY_LENGTH 128
/* The header's own part of the list of sectors that hold the table. */
#define DIFAT_IN_HEADER 109
#define LAST_SECTOR 0xfffffffau
#define END_OF_CHAIN 0xfffffffeu

struct _PfOle
{
  const guint8 *data;
  gsize length;
  guint shift, mini_shift;
  guint32 cutoff;
  guint32 n_sectors;
  GArray *table, *mini_table; /* of guint32: the next sector of each */
  GByteArray *mini;           /* the root's stream: small streams lie in it */
  GPtrArray *entries;
  gboolean over;
};

/* --- Sectors ---------------------------------------------------------------------------------- */

/* (nullable): the octets of sector @number, perhaps fewer than a whole one where the file ends. */
static const guint8 *
sector (const PfOle *self, guint32 number, gsize *length)
{
  guint64 from = ((guint64) number + 1) << self->shift;

  if (number >= LAST_SECTOR || from >= self->length)
    return NULL;
  *length = MIN ((gsize) 1 << self->shift, self->length - (gsize) from);
  return self->data + from;
}

static guint32
next_of (const GArray *table, guint32 number)
{
  return number < table->len ? g_array_index (table, guint32, number) : END_OF_CHAIN;
}

/* The chain from @start on, at most @size octets; a chain has no more sectors than the file. */
static GByteArray *
read_chain (const PfOle *self, guint32 start, guint64 size)
{
  GByteArray *octets = g_byte_array_new ();
  guint32 number = start;

  for (guint32 i = 0; i < self->n_sectors && octets->len < size; i++)
    {
      gsize length;
      const guint8 *at = sector (self, number, &length);

      if (at == NULL)
        break;
      g_byte_array_append (octets, at, (guint) MIN (length, size - octets->len));
      number = next_of (self->table, number);
    }
  return octets;
}

static GByteArray *
read_mini_chain (const PfOle *self, guint32 start, guint64 size)
{
  GByteArray *octets = g_byte_array_new ();
  gsize unit = (gsize) 1 << self->mini_shift;
  guint32 number = start;

  while (self->mini != NULL && octets->len < size && number < LAST_SECTOR)
    {
      guint64 from = (guint64) number << self->mini_shift;

      if (from >= self->mini->len)
        break;
      g_byte_array_append (octets, self->mini->data + from,
                           (guint) MIN (MIN (unit, self->mini->len - from), size - octets->len));
      number = next_of (self->mini_table, number);
    }
  return octets;
}

/* --- The table -------------------------------------------------------------------------------- */

static void
append_numbers (GArray *numbers, const guint8 *at, gsize length)
{
  for (gsize i = 0; i + 4 <= length; i += 4)
    {
      guint32 number = pf_u32 (at + i);

      g_array_append_val (numbers, number);
    }
}

/* (transfer full): the sectors that the table is in. */
static GArray *
read_table_sectors (const PfOle *self)
{
  GArray *numbers = g_array_new (FALSE, FALSE, sizeof (guint32));
  guint32 next = pf_u32 (self->data + 68);

  append_numbers (numbers, self->data + 76, DIFAT_IN_HEADER * 4);
  for (guint32 i = 0; i < self->n_sectors; i++)
    {
      gsize length;
      const guint8 *at = sector (self, next, &length);

      if (at == NULL || length < (gsize) 1 << self->shift)
        break;
      append_numbers (numbers, at, length - 4);
      next = pf_u32 (at + length - 4);
    }
  return numbers;
}

static void
read_table (PfOle *self)
{
  g_autoptr (GArray) numbers = read_table_sectors (self);

  for (guint i = 0; i < numbers->len && self->table->len < self->n_sectors; i++)
    {
      gsize length;
      guint32 number = g_array_index (numbers, guint32, i);
      const guint8 *at = sector (self, number, &length);

      if (at != NULL)
        append_numbers (self->table, at, length);
    }
}

/* --- The directory ---------------------------------------------------------------------------- */

static void
entry_free (gpointer data)
{
  PfOleEntry *entry = data;

  g_free (entry->name);
  g_free (entry);
}

static char *
read_name (const guint8 *at, gsize octets)
{
  gunichar2 units[32];
  gsize n = MIN (octets, 64) / 2;

  for (gsize i = 0; i < n; i++)
    units[i] = (gunichar2) pf_u16 (at + 2 * i);
  for (gsize i = 0; i < n; i++)
    {
      /* Halves of a pair that stand alone are no character. */
      if (units[i] >= 0xd800 && units[i] <= 0xdfff)
        units[i] = '?';
    }
  return g_utf16_to_utf8 (units, (glong) n, NULL, NULL, NULL);
}

static void
read_entry (PfOle *self, const guint8 *at)
{
  PfOleEntry *entry;

  if (at[66] != PF_OLE_STORAGE && at[66] != PF_OLE_STREAM && at[66] != PF_OLE_ROOT)
    return;
  entry = g_new0 (PfOleEntry, 1);
  entry->type = at[66];
  entry->name = read_name (at, pf_u16 (at + 64));
  if (entry->name == NULL)
    entry->name = g_strdup ("");
  memcpy (entry->class, at + 80, sizeof entry->class);
  entry->start = pf_u32 (at + 116);
  /* Files of version 3 may have anything in the upper half. */
  entry->size = self->shift == 9 ? pf_u32 (at + 120) : pf_u64 (at + 120);
  g_ptr_array_add (self->entries, entry);
}

static gboolean
read_directory (PfOle *self, guint most)
{
  g_autoptr (GByteArray) directory =
      read_chain (self, pf_u32 (self->data + 48), (guint64) (most + 1) * ENTRY_LENGTH);

  for (gsize at = 0; at + ENTRY_LENGTH <= directory->len; at += ENTRY_LENGTH)
    {
      if (self->entries->len >= most)
        self->over = TRUE;
      else
        read_entry (self, directory->data + at);
    }
  return self->entries->len > 0;
}

static void
read_mini (PfOle *self)
{
  g_autoptr (GByteArray) table = read_chain (self, pf_u32 (self->data + 60), self->length);

  append_numbers (self->mini_table, table->data, table->len);
  for (guint i = 0; i < self->entries->len && self->mini == NULL; i++)
    {
      const PfOleEntry *entry = g_ptr_array_index (self->entries, i);

      if (entry->type == PF_OLE_ROOT)
        self->mini = read_chain (self, entry->start, entry->size);
    }
}

/* --- Object ----------------------------------------------------------------------------------- */

PfOle *
pf_ole_open (const guint8 *data, gsize length, guint most)
{
  g_autoptr (PfOle) self = NULL;

  if (length < HEADER_LENGTH || memcmp (data, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8) != 0)
    return NULL;
  self = g_new0 (PfOle, 1);
  self->data = data;
  self->length = length;
  self->shift = pf_u16 (data + 30);
  self->mini_shift = pf_u16 (data + 32);
  self->cutoff = pf_u32 (data + 56);
  self->table = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->mini_table = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->entries = g_ptr_array_new_with_free_func (entry_free);
  if (self->shift < 7 || self->shift > 20 || self->mini_shift < 4 || self->mini_shift > self->shift)
    return NULL;
  self->n_sectors = (guint32) MIN (length >> self->shift, LAST_SECTOR - 1) + 1;
  read_table (self);
  if (!read_directory (self, most))
    return NULL;
  read_mini (self);
  return g_steal_pointer (&self);
}

void
pf_ole_free (PfOle *self)
{
  g_clear_pointer (&self->mini, g_byte_array_unref);
  g_array_unref (self->table);
  g_array_unref (self->mini_table);
  g_ptr_array_unref (self->entries);
  g_free (self);
}

GPtrArray *
pf_ole_entries (PfOle *self)
{
  return self->entries;
}

gboolean
pf_ole_is_over (PfOle *self)
{
  return self->over;
}

GByteArray *
pf_ole_read (PfOle *self, const PfOleEntry *entry)
{
  return entry->size < self->cutoff ? read_mini_chain (self, entry->start, entry->size)
                                    : read_chain (self, entry->start, entry->size);
}
