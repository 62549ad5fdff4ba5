#include "deliver/quarantine-item.h"

#include <string.h>

#define GROUP "Message"

static const char *const verdicts[] = { "spam",      "virus",   "attachment", "sender",
                                        "malformed", "refused", NULL };
static const char *const releases[] = { "", "intent", "delivered" };

/* The texts, in the order of the file. */
static const struct
{
  const char *key;
  gsize offset;
  gboolean needed;
} texts[] = {
  { "Account", G_STRUCT_OFFSET (PfQuarantineItem, account), TRUE },
  { "Recipient", G_STRUCT_OFFSET (PfQuarantineItem, recipient), TRUE },
  { "Sender", G_STRUCT_OFFSET (PfQuarantineItem, sender), FALSE },
  { "Subject", G_STRUCT_OFFSET (PfQuarantineItem, subject), FALSE },
  { "Verdict", G_STRUCT_OFFSET (PfQuarantineItem, verdict), TRUE },
  { "Reason", G_STRUCT_OFFSET (PfQuarantineItem, reason), FALSE },
  { "Uid", G_STRUCT_OFFSET (PfQuarantineItem, uid), FALSE },
  { "MessageId", G_STRUCT_OFFSET (PfQuarantineItem, message_id), FALSE },
  { "EnvelopeSender", G_STRUCT_OFFSET (PfQuarantineItem, envelope_sender), FALSE },
  { "Folder", G_STRUCT_OFFSET (PfQuarantineItem, folder), FALSE },
  { "ReleasedBy", G_STRUCT_OFFSET (PfQuarantineItem, released_by), FALSE },
};

static const struct
{
  const char *key;
  gsize offset;
} flags[] = {
  { "Unscanned", G_STRUCT_OFFSET (PfQuarantineItem, unscanned) },
  { "Seen", G_STRUCT_OFFSET (PfQuarantineItem, seen) },
  { "Learn", G_STRUCT_OFFSET (PfQuarantineItem, learn) },
  { "AllowSender", G_STRUCT_OFFSET (PfQuarantineItem, allow_sender) },
};

static char **
text_at (const PfQuarantineItem *item, guint i)
{
  return &G_STRUCT_MEMBER (char *, item, texts[i].offset);
}

static gboolean *
flag_at (const PfQuarantineItem *item, guint i)
{
  return &G_STRUCT_MEMBER (gboolean, item, flags[i].offset);
}

void
pf_quarantine_item_free (PfQuarantineItem *item)
{
  if (item == NULL)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_free (*text_at (item, i));
  g_free (item->id);
  g_strfreev (item->symbols);
  g_free (item);
}

PfQuarantineItem *
pf_quarantine_item_copy (const PfQuarantineItem *item)
{
  PfQuarantineItem *copy = g_memdup2 (item, sizeof *item);

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    *text_at (copy, i) = g_strdup (*text_at (item, i) != NULL ? *text_at (item, i) : "");
  copy->id = g_strdup (item->id);
  copy->symbols = item->symbols != NULL ? g_strdupv (item->symbols) : g_new0 (char *, 1);
  return copy;
}

/* --- Writing ---------------------------------------------------------------------------------- */

static void
set_text (GKeyFile *file, const char *key, const char *value)
{
  g_autofree char *valid = g_utf8_make_valid (value != NULL ? value : "", -1);

  g_key_file_set_string (file, GROUP, key, valid);
}

static void
set_symbols (GKeyFile *file, char *const *symbols)
{
  g_autoptr (GPtrArray) valid = g_ptr_array_new_with_free_func (g_free);

  for (; symbols != NULL && *symbols != NULL; symbols++)
    g_ptr_array_add (valid, g_utf8_make_valid (*symbols, -1));
  g_key_file_set_string_list (file, GROUP, "Symbols", (const char *const *) valid->pdata,
                              valid->len);
}

char *
pf_quarantine_item_to_text (const PfQuarantineItem *item)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();

  set_text (file, "Id", item->id);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    set_text (file, texts[i].key, *text_at (item, i));
  set_symbols (file, item->symbols);
  g_key_file_set_int64 (file, GROUP, "Time", item->time);
  g_key_file_set_int64 (file, GROUP, "Date", item->date);
  g_key_file_set_uint64 (file, GROUP, "Size", item->size);
  g_key_file_set_double (file, GROUP, "Score", item->score);
  for (guint i = 0; i < G_N_ELEMENTS (flags); i++)
    g_key_file_set_boolean (file, GROUP, flags[i].key, *flag_at (item, i));
  g_key_file_set_string (file, GROUP, "Release", releases[item->release]);
  return g_key_file_to_data (file, NULL, NULL);
}

/* --- Reading ---------------------------------------------------------------------------------- */

static gboolean
damaged (GError **error, const char *key)
{
  g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE, "%s is missing or wrong",
               key);
  return FALSE;
}

/* An error where the key is there and is not what it must be; one that is not there is 0. */
static gboolean
is_wrong (GKeyFile *file, const char *key, GError *failure)
{
  return failure != NULL && g_key_file_has_key (file, GROUP, key, NULL);
}

static gboolean
read_numbers (GKeyFile *file, PfQuarantineItem *item, GError **error)
{
  g_autoptr (GError) time = NULL, date = NULL, size = NULL, score = NULL;

  item->time = g_key_file_get_int64 (file, GROUP, "Time", &time);
  item->date = g_key_file_get_int64 (file, GROUP, "Date", &date);
  item->size = g_key_file_get_uint64 (file, GROUP, "Size", &size);
  item->score = g_key_file_get_double (file, GROUP, "Score", &score);
  if (time != NULL || item->time <= 0)
    return damaged (error, "Time");
  if (is_wrong (file, "Date", date))
    return damaged (error, "Date");
  if (is_wrong (file, "Size", size))
    return damaged (error, "Size");
  return !is_wrong (file, "Score", score) || damaged (error, "Score");
}

static gboolean
read_flags (GKeyFile *file, PfQuarantineItem *item, GError **error)
{
  g_autofree char *release = g_key_file_get_string (file, GROUP, "Release", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (flags); i++)
    {
      g_autoptr (GError) failure = NULL;

      *flag_at (item, i) = g_key_file_get_boolean (file, GROUP, flags[i].key, &failure);
      if (is_wrong (file, flags[i].key, failure))
        return damaged (error, flags[i].key);
    }
  for (guint i = 0; release != NULL && i < G_N_ELEMENTS (releases); i++)
    if (g_str_equal (release, releases[i]))
      {
        item->release = (PfReleaseState) i;
        return TRUE;
      }
  return release == NULL || damaged (error, "Release");
}

static gboolean
read_texts (GKeyFile *file, PfQuarantineItem *item, GError **error)
{
  g_autofree char *id = g_key_file_get_string (file, GROUP, "Id", NULL);

  if (g_strcmp0 (id, item->id) != 0)
    return damaged (error, "Id");
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) failure = NULL;
      char *text = g_key_file_get_string (file, GROUP, texts[i].key, &failure);

      *text_at (item, i) = text != NULL ? text : g_strdup ("");
      if (is_wrong (file, texts[i].key, failure)
          || (texts[i].needed && **text_at (item, i) == '\0'))
        return damaged (error, texts[i].key);
    }
  item->symbols = g_key_file_get_string_list (file, GROUP, "Symbols", NULL, NULL);
  if (item->symbols == NULL)
    item->symbols = g_new0 (char *, 1);
  return TRUE;
}

PfQuarantineItem *
pf_quarantine_item_from_text (const char *id, const char *text, gsize length, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (PfQuarantineItem) item = g_new0 (PfQuarantineItem, 1);

  item->id = g_strdup (id);
  if (!g_key_file_load_from_data (file, text, length, G_KEY_FILE_NONE, error)
      || !read_texts (file, item, error) || !read_numbers (file, item, error)
      || !read_flags (file, item, error))
    return NULL;
  return g_steal_pointer (&item);
}

/* --- Whose it is ------------------------------------------------------------------------------ */

gboolean
pf_quarantine_verdict_is_known (const char *verdict)
{
  return g_strv_contains (verdicts, verdict);
}

gboolean
pf_quarantine_item_is_recipients (const PfQuarantineItem *item)
{
  return pf_quarantine_verdict_is_known (item->verdict) && !g_str_equal (item->verdict, "virus")
         && !item->unscanned;
}
