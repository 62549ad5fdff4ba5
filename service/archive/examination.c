#include "archive/examination.h"

#include "base/limits.h"
#include "dbus-interfaces/text.h"
#include "filter/attachment-names.h"

#include <string.h>
#include <time.h>

/* An archive that is open. */
typedef struct
{
  char *name;
  guint64 packed, unpacked;
} Level;

struct _PfExamination
{
  PfExaminationOptions options;
  GPtrArray *levels; /* of Level, the innermost last */
  GHashTable *told;  /* the lines, each once */
  guint findings, entries;
  guint64 unpacked, held;
  gboolean stopped;
};

static void
level_free (gpointer data)
{
  Level *level = data;

  g_free (level->name);
  g_free (level);
}

PfExamination *
pf_examination_new (const PfExaminationOptions *options)
{
  PfExamination *self = g_new0 (PfExamination, 1);

  self->options = *options;
  self->levels = g_ptr_array_new_with_free_func (level_free);
  self->told = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
pf_examination_free (PfExamination *self)
{
  g_ptr_array_unref (self->levels);
  g_hash_table_unref (self->told);
  g_free (self);
}

gboolean
pf_examination_is_names_only (PfExamination *self)
{
  return self->options.names_only;
}

/* --- Findings --------------------------------------------------------------------------------- */

/* (transfer full): the names of what is open, without @name's own: it lies not in itself. */
static char *
place (PfExamination *self, const char *name)
{
  GString *path = g_string_new (NULL);

  for (guint i = 0; i < self->levels->len; i++)
    {
      const Level *level = g_ptr_array_index (self->levels, i);

      if (i + 1 == self->levels->len && strcmp (level->name, name) == 0)
        break;
      if (path->len > 0)
        g_string_append_c (path, '/');
      g_string_append (path, *level->name != '\0' ? level->name : "?");
    }
  return g_string_free (path, FALSE);
}

static void
tell (PfExamination *self, PfAttachmentClass class, const char *name, const char *detail)
{
  g_autofree char *shown = pf_text_printable (name, -1, PF_LIMIT_ATTACHMENT_TEXT);
  g_autofree char *path = place (self, name);
  g_autofree char *shown_path = pf_text_printable (path, -1, PF_LIMIT_ATTACHMENT_TEXT);
  g_autofree char *shown_detail = pf_text_printable (detail, -1, PF_LIMIT_ATTACHMENT_TEXT);
  g_autofree char *line = g_strdup_printf ("%u\t%s\t%s", class, shown, shown_path);

  /* The last place is kept for what is malformed: it decides over the others. */
  if (self->findings + (class == PF_ATTACHMENT_MALFORMED ? 0 : 1) >= PF_LIMIT_ATTACHMENT_FINDINGS
      || !g_hash_table_add (self->told, g_steal_pointer (&line)))
    return;
  self->findings++;
  self->options.found (class, shown, shown_path, shown_detail, self->options.user_data);
}

void
pf_examination_find (PfExamination *self, PfAttachmentClass class, const char *name)
{
  if ((self->options.wanted & PF_ATTACHMENT_BIT (class)) != 0)
    tell (self, class, name, "");
}

void
pf_examination_name (PfExamination *self, const char *name)
{
  guint classes = pf_attachment_name_classes (name, self->options.extensions);

  for (guint class = 0; class < PF_ATTACHMENT_N_CLASSES; class ++)
    {
      if ((classes & PF_ATTACHMENT_BIT (class)) != 0)
        pf_examination_find (self, class, name);
    }
}

void
pf_examination_malformed (PfExamination *self, const char *name, const char *what)
{
  tell (self, PF_ATTACHMENT_MALFORMED, name, what);
}

/* --- Limits ----------------------------------------------------------------------------------- */

/* FALSE: told, and the end of all. */
static gboolean
stop (PfExamination *self, const char *what)
{
  const Level *level =
      self->levels->len > 0 ? g_ptr_array_index (self->levels, self->levels->len - 1) : NULL;

  if (!self->stopped)
    pf_examination_malformed (self, level != NULL ? level->name : "", what);
  self->stopped = TRUE;
  return FALSE;
}

/* Of the processor: a machine that is busy with others makes no mail suspicious. */
static gboolean
is_in_time (void)
{
  struct timespec used;

  return clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &used) == 0
         && used.tv_sec < PF_LIMIT_ARCHIVE_SECONDS;
}

gboolean
pf_examination_goes_on (PfExamination *self)
{
  if (self->stopped)
    return FALSE;
  return is_in_time () || stop (self, "it takes too long to be looked into");
}

gboolean
pf_examination_enter (PfExamination *self, const char *name, gsize packed)
{
  Level *level;

  if (!pf_examination_goes_on (self))
    return FALSE;
  if (self->levels->len >= PF_LIMIT_ARCHIVE_DEPTH)
    {
      pf_examination_malformed (self, name, "archives lie in archives too deep");
      return FALSE;
    }
  level = g_new0 (Level, 1);
  level->name = g_strdup (name);
  level->packed = MAX (packed, 1);
  g_ptr_array_add (self->levels, level);
  return TRUE;
}

void
pf_examination_leave (PfExamination *self)
{
  g_ptr_array_remove_index (self->levels, self->levels->len - 1);
}

guint
pf_examination_depth (PfExamination *self)
{
  return self->levels->len;
}

gboolean
pf_examination_entry (PfExamination *self)
{
  if (++self->entries > PF_LIMIT_ARCHIVE_ENTRIES)
    return stop (self, "there are too many files in it");
  return pf_examination_goes_on (self);
}

static gboolean
is_bomb (const Level *level, guint64 unpacked)
{
  return unpacked >= PF_LIMIT_ARCHIVE_RATIO_FROM
         && unpacked / level->packed >= PF_LIMIT_ARCHIVE_RATIO;
}

gboolean
pf_examination_announced (PfExamination *self, guint64 octets)
{
  if (octets > PF_LIMIT_ARCHIVE_UNPACKED)
    return stop (self, "too much comes out of it");
  if (self->levels->len > 0
      && is_bomb (g_ptr_array_index (self->levels, self->levels->len - 1), octets))
    return stop (self, "it is packed tighter than any honest file");
  return TRUE;
}

/* What comes out of an archive inside came out of those around it, too. */
gboolean
pf_examination_unpacked (PfExamination *self, gsize octets)
{
  self->unpacked += octets;
  if (self->unpacked > PF_LIMIT_ARCHIVE_UNPACKED)
    return stop (self, "too much comes out of it");
  for (guint i = 0; i < self->levels->len; i++)
    {
      Level *level = g_ptr_array_index (self->levels, i);

      level->unpacked += octets;
      if (is_bomb (level, level->unpacked))
        return stop (self, "it is packed tighter than any honest file");
    }
  return pf_examination_goes_on (self);
}

PfExaminationMark
pf_examination_mark (PfExamination *self)
{
  return (PfExaminationMark){ self->entries, self->unpacked };
}

void
pf_examination_rewind (PfExamination *self, const PfExaminationMark *mark)
{
  for (guint i = 0; i < self->levels->len; i++)
    ((Level *) g_ptr_array_index (self->levels, i))->unpacked -= self->unpacked - mark->unpacked;
  self->entries = mark->entries;
  self->unpacked = mark->unpacked;
}

gboolean
pf_examination_hold (PfExamination *self, gsize octets)
{
  if (self->held + octets > PF_LIMIT_ARCHIVE_HELD)
    return FALSE;
  self->held += octets;
  return TRUE;
}

void
pf_examination_release (PfExamination *self, gsize octets)
{
  self->held -= octets;
}
