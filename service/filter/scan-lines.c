#include "filter/scan-lines.h"

#include "base/limits.h"
#include "filter/headers.h"

#include <gmime/gmime.h>
#include <string.h>

/* RFC 5322 2.1.1: lines are best kept below 78 octets, and must be below 998. */
#define FOLD_AT 76
#define WORD_MAX 900
#define TESTS_MAX 40
#define STARS_MAX 50

/* --- Lines ------------------------------------------------------------------------------------ */

/* What is not printable ASCII becomes '?': names of symbols and viruses come from scanners. */
static void
append_printable (GString *text, const char *value)
{
  for (const char *p = value; *p != '\0'; p++)
    g_string_append_c (text, *p < ' ' || *p > '~' ? '?' : *p);
}

/* FALSE when a word of @value is too long for a line. */
static gboolean
can_be_folded (const char *value)
{
  gsize word = 0;

  for (const char *p = value; *p != '\0'; p++)
    {
      word = *p == ' ' ? 0 : word + 1;
      if (word > WORD_MAX)
        return FALSE;
    }
  return TRUE;
}

/* @value: printable; folded at its blanks. */
static void
append_field (GString *block, const char *name, const char *value)
{
  gsize column = strlen (name) + 1;
  g_auto (GStrv) words = g_strsplit (value, " ", -1);

  if (!can_be_folded (value))
    return;
  g_string_append_printf (block, "%s:", name);
  for (guint i = 0; words[i] != NULL; i++)
    {
      gsize length = strlen (words[i]);
      gboolean fold = i > 0 && column + 1 + length > FOLD_AT && length > 0;

      g_string_append (block, fold ? "\n\t" : " ");
      g_string_append (block, words[i]);
      column = (fold ? 1 : column + 1) + length;
    }
  g_string_append_c (block, '\n');
}

static void
append_number (GString *text, const char *before, double value)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append (text, before);
  g_string_append (text, g_ascii_formatd (number, sizeof number, "%.2f", value));
}

/* --- Ours ------------------------------------------------------------------------------------- */

static void
append_tests (GString *status, const PfRspamdAnswer *answer)
{
  for (guint i = 0; i < MIN (answer->symbols->len, TESTS_MAX); i++)
    {
      const PfRspamdSymbol *symbol = answer->symbols->pdata[i];

      g_string_append (status, i > 0 ? ", " : "");
      append_printable (status, symbol->name);
      append_number (status, "=", symbol->score);
    }
}

/* In SpamAssassin's form, which mail readers and Sieve scripts know. */
static void
append_status (GString *block, const PfScanLines *lines)
{
  const PfRspamdAnswer *answer = lines->answer;
  g_autoptr (GString) status = g_string_new (lines->spam ? "Yes," : "No,");

  append_number (status, " score=", answer->score);
  append_number (status, " required=", answer->required_score);
  g_string_append (status, " action=\"");
  append_printable (status, answer->action_text);
  g_string_append (status, "\" tests=[");
  append_tests (status, answer);
  g_string_append_c (status, ']');
  append_field (block, "X-Spam-Status", status->str);
}

static void
append_level (GString *block, double score)
{
  g_autofree char *stars = NULL;

  if (score < 1)
    return;
  stars = g_strnfill ((gsize) MIN (score, STARS_MAX), '*');
  append_field (block, "X-Spam-Level", stars);
}

static void
append_text (GString *block, const char *name, const char *value)
{
  g_autoptr (GString) text = g_string_new (NULL);

  if (value == NULL)
    return;
  append_printable (text, value);
  append_field (block, name, text->str);
}

/* --- Rspamd's --------------------------------------------------------------------------------- */

static gboolean
is_ours (const char *name)
{
  static const char *const names[] = { "X-Spam-Flag", "X-Spam-Level", "X-Spam-Status",
                                       "X-Virus-Scanned", "X-Virus-Status" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_ascii_strcasecmp (name, names[i]) == 0)
      return TRUE;
  return FALSE;
}

/* Those with a place first, then those without, each in the order in which they came. */
static gint
by_place (gconstpointer a, gconstpointer b)
{
  const PfRspamdHeader *x = *(const PfRspamdHeader *const *) a;
  const PfRspamdHeader *y = *(const PfRspamdHeader *const *) b;
  int place_of_x = x->order > 0 ? x->order : G_MAXINT;
  int place_of_y = y->order > 0 ? y->order : G_MAXINT;

  return (place_of_x > place_of_y) - (place_of_x < place_of_y);
}

static void
append_wishes (GString *block, const PfRspamdAnswer *answer, gsize end)
{
  g_autoptr (GPtrArray) headers = g_ptr_array_new ();

  for (guint i = 0; i < answer->add_headers->len; i++)
    g_ptr_array_add (headers, answer->add_headers->pdata[i]);
  g_ptr_array_sort (headers, by_place);
  for (guint i = 0; i < headers->len; i++)
    {
      const PfRspamdHeader *header = headers->pdata[i];
      gsize before = block->len;

      if (is_ours (header->name))
        continue;
      append_field (block, header->name, header->value);
      if (block->len > end)
        g_string_truncate (block, before);
    }
}

void
pf_scan_lines_append (GString *block, const PfScanLines *lines)
{
  gsize end = block->len + PF_LIMIT_SCAN_LINES;

  if (lines->spam)
    g_string_append (block, "X-Spam-Flag: YES\n");
  if (lines->answer != NULL)
    {
      append_level (block, lines->answer->score);
      append_status (block, lines);
    }
  append_text (block, "X-Virus-Scanned", lines->virus_scanned);
  append_text (block, "X-Virus-Status", lines->virus_status);
  if (lines->answer != NULL)
    append_wishes (block, lines->answer, end);
}

/* --- Taken out -------------------------------------------------------------------------------- */

typedef struct
{
  const PfRspamdRemoval *removal;
  guint total, seen; /* fields of that name */
} Wish;

struct _PfScanRemovals
{
  GArray *wishes; /* Wish */
};

PfScanRemovals *
pf_scan_removals_new (const PfScanLines *lines, const char *header, gsize length)
{
  PfScanRemovals *self;
  PfHeaderIter iter;
  PfHeaderField field;

  if (lines == NULL || lines->answer == NULL || lines->answer->remove_headers->len == 0)
    return NULL;
  self = g_new0 (PfScanRemovals, 1);
  self->wishes = g_array_new (FALSE, TRUE, sizeof (Wish));
  for (guint i = 0; i < lines->answer->remove_headers->len; i++)
    {
      Wish wish = { .removal = lines->answer->remove_headers->pdata[i] };

      g_array_append_val (self->wishes, wish);
    }
  pf_header_iter_init (&iter, header, length);
  while (pf_header_iter_next (&iter, &field))
    for (guint i = 0; i < self->wishes->len; i++)
      {
        Wish *wish = &g_array_index (self->wishes, Wish, i);

        wish->total += pf_header_field_is (&field, wish->removal->name) ? 1 : 0;
      }
  return self;
}

/* @index: as Rspamd counts: from 1, from the end below 0, 0 for all. */
static gboolean
is_meant (const Wish *wish)
{
  int index = wish->removal->index;

  if (index == 0)
    return TRUE;
  return index > 0 ? wish->seen == (guint) index : wish->total - wish->seen + 1 == (guint) -index;
}

gboolean
pf_scan_removals_fit (PfScanRemovals *self, const PfHeaderField *field)
{
  gboolean fits = FALSE;

  for (guint i = 0; self != NULL && i < self->wishes->len; i++)
    {
      Wish *wish = &g_array_index (self->wishes, Wish, i);

      if (!pf_header_field_is (field, wish->removal->name))
        continue;
      wish->seen++;
      fits = fits || is_meant (wish);
    }
  return fits;
}

void
pf_scan_removals_free (PfScanRemovals *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->wishes);
  g_free (self);
}

/* --- Subject ---------------------------------------------------------------------------------- */

static gboolean
has_prefix (const PfScanLines *lines)
{
  return lines->spam && lines->subject_prefix != NULL && *lines->subject_prefix != '\0';
}

static gboolean
is_rewritten (const PfScanLines *lines)
{
  return lines->answer != NULL && *lines->answer->subject != '\0';
}

gboolean
pf_scan_lines_change_subject (const PfScanLines *lines)
{
  return lines != NULL && (has_prefix (lines) || is_rewritten (lines));
}

static void
append_encoded (GString *block, const char *text)
{
  g_autofree char *encoded = NULL;

  pf_headers_start_gmime ();
  encoded = g_mime_utils_header_encode_text (NULL, text, "UTF-8");
  g_string_append_c (block, ' ');
  for (const char *p = encoded; *p != '\0'; p++)
    g_string_append_c (block, *p == '\n' || *p == '\r' ? ' ' : *p);
}

/* What stands there is kept to the octet, its folding included. */
static void
append_value (GString *block, const PfHeaderField *field)
{
  if (field == NULL)
    {
      g_string_append_c (block, '\n');
      return;
    }
  if (field->value_length == 0 || strchr (" \t\r\n", *field->value) == NULL)
    g_string_append_c (block, ' ');
  g_string_append_len (block, field->value, (gssize) field->value_length);
  if (field->value_length == 0 || field->value[field->value_length - 1] != '\n')
    g_string_append_c (block, '\n');
}

void
pf_scan_lines_append_subject (GString *block, const PfScanLines *lines, const PfHeaderField *field)
{
  if (block->len > 0 && block->str[block->len - 1] != '\n')
    g_string_append_c (block, '\n');
  g_string_append (block, "Subject:");
  if (has_prefix (lines))
    append_encoded (block, lines->subject_prefix);
  if (!is_rewritten (lines))
    {
      append_value (block, field);
      return;
    }
  append_encoded (block, lines->answer->subject);
  g_string_append_c (block, '\n');
}
