#include "deliver/keeper-private.h"

#include "base/durable.h"
#include "base/limits.h"
#include "base/log.h"
#include "deliver/notice.h"

#include <string.h>

/* One that is being stored may come to be seen after a newer one: only what is as old as this (us)
 * is told. */
#define SETTLED (10 * G_TIME_SPAN_MINUTE)
#define KEY_TOLD "Told"
#define KEY_PENDING "Pending"
#define KEY_SENT "Sent"

/* What was told to one recipient; times in us. A notice is noted before it goes out, and goes out
 * under an id made of what it tells up to: one that was cut off is delivered again under the same,
 * and arrives once. */
typedef struct
{
  gint64 told;    /* what came up to here was told */
  gint64 pending; /* and up to here is being told; 0 for nothing */
  gint64 sent;    /* when it was told at last */
} PfTold;

/* --- The file --------------------------------------------------------------------------------- */

GHashTable *
pf_keeper_read_told (const char *path)
{
  GHashTable *all = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) groups = NULL;

  if (!g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, &error))
    {
      if (!g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        pf_log (PF_LOG_WARNING, "%s cannot be read, what is held back is told again: %s", path,
                error->message);
      return all;
    }
  groups = g_key_file_get_groups (file, NULL);
  for (char **group = groups; *group != NULL; group++)
    {
      char *recipient = g_uri_unescape_string (*group, NULL);
      PfTold *told = recipient != NULL ? g_new0 (PfTold, 1) : NULL;

      if (told == NULL)
        continue;
      told->told = g_key_file_get_int64 (file, *group, KEY_TOLD, NULL);
      told->pending = g_key_file_get_int64 (file, *group, KEY_PENDING, NULL);
      told->sent = g_key_file_get_int64 (file, *group, KEY_SENT, NULL);
      g_hash_table_replace (all, recipient, told);
    }
  return all;
}

static char *
told_to_text (GHashTable *all)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  GHashTableIter iter;
  gpointer recipient, value;

  g_hash_table_iter_init (&iter, all);
  while (g_hash_table_iter_next (&iter, &recipient, &value))
    {
      const PfTold *told = value;
      g_autofree char *group = g_uri_escape_string (recipient, NULL, FALSE);

      g_key_file_set_int64 (file, group, KEY_TOLD, told->told);
      g_key_file_set_int64 (file, group, KEY_PENDING, told->pending);
      g_key_file_set_int64 (file, group, KEY_SENT, told->sent);
    }
  return g_key_file_to_data (file, NULL, NULL);
}

/* --- One round -------------------------------------------------------------------------------- */

/* What one recipient is told. */
typedef struct
{
  char *recipient;
  gint64 to;        /* us */
  GPtrArray *items; /* of PfQuarantineItem, copies, the newest PF_LIMIT_DIGEST_ITEMS */
  guint total;
} Telling;

typedef struct
{
  PfKeeper *keeper;
  GPtrArray *tellings;
  guint next, open;
} Round;

/* One mail under way. */
typedef struct
{
  Round *round;
  Telling *telling;
  PfDelivery *delivery;
} Mail;

static void
telling_free (gpointer data)
{
  Telling *telling = data;

  g_free (telling->recipient);
  g_ptr_array_unref (telling->items);
  g_free (telling);
}

static void
round_free (Round *round)
{
  g_object_unref (round->keeper);
  g_ptr_array_unref (round->tellings);
  g_free (round);
}

static PfTold *
told_of (PfKeeper *self, const char *recipient)
{
  PfTold *told = g_hash_table_lookup (self->told, recipient);

  if (told == NULL)
    {
      told = g_new0 (PfTold, 1);
      g_hash_table_insert (self->told, g_strdup (recipient), told);
    }
  return told;
}

/* --- Noting ----------------------------------------------------------------------------------- */

typedef struct
{
  char *path, *text;
} Note;

static void
note_free (gpointer data)
{
  Note *note = data;

  g_free (note->path);
  g_free (note->text);
  g_free (note);
}

static void
note_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Note *note = data;
  GError *error = NULL;

  if (pf_durable_write (note->path, note->text, -1, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
note (Round *round, GAsyncReadyCallback done)
{
  g_autoptr (GTask) task = g_task_new (round->keeper, NULL, done, round);
  Note *what = g_new0 (Note, 1);

  what->path = g_strdup (round->keeper->told_path);
  what->text = told_to_text (round->keeper->told);
  g_task_set_task_data (task, what, note_free);
  g_task_run_in_thread (task, note_in_thread);
}

/* --- 3. what was told is noted ---------------------------------------------------------------- */

static void
on_told_noted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Round *round = user_data;
  g_autoptr (GError) error = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error))
    pf_log (PF_LOG_ERROR, "%s", error->message);
  round->keeper->telling = FALSE;
  round_free (round);
}

/* --- 2. the mails ----------------------------------------------------------------------------- */

static void tell_more (Round *round);

static void
on_delivered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Mail *mail = user_data;
  Round *round = mail->round;
  PfTold *told = told_of (round->keeper, mail->telling->recipient);
  g_autofree char *text = NULL;

  if (pf_target_deliver_finish (PF_TARGET (source), result, &text) == PF_DELIVERY_DONE)
    {
      told->told = told->pending;
      told->pending = 0;
      told->sent = g_get_real_time ();
    }
  else
    pf_log (PF_LOG_WARNING, "quarantine: %s could not be told what is held back: %s",
            mail->telling->recipient, text);
  pf_delivery_free (mail->delivery);
  g_free (mail);
  round->open--;
  tell_more (round);
}

/* (transfer full): the same for the same recipient and the same end. */
static char *
delivery_id (const Telling *telling)
{
  g_autofree char *name =
      g_strdup_printf ("digest\n%s\n%" G_GINT64_FORMAT, telling->recipient, telling->to);
  g_autofree char *hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, name, -1);

  return g_strndup (hash, 32);
}

static PfBody *
make_body (PfKeeper *self, const PfNotice *notice, GError **error)
{
  PfBody *body = pf_body_new (self->spool);
  GString *header = pf_notice_header (notice), *text = pf_notice_body (notice);
  g_autofree char *return_path =
      pf_target_writes_return_path (self->target) ? NULL : g_strdup ("Return-Path: <>\n");
  gboolean ok = pf_body_write (body, (const guint8 *) header->str, header->len, error)
                && pf_body_write (body, (const guint8 *) text->str, text->len, error)
                && pf_body_end (body, error);

  g_string_prepend (header, return_path != NULL ? return_path : "");
  ok = ok && pf_body_finish (body, header->str, header->len, error);
  g_string_free (header, TRUE);
  g_string_free (text, TRUE);
  if (!ok)
    g_clear_pointer (&body, pf_body_unref);
  return body;
}

static void
tell_one (Round *round, Telling *telling)
{
  PfKeeper *self = round->keeper;
  g_autofree char *id = delivery_id (telling);
  const PfNotice notice = { .id = id,
                            .host = g_get_host_name (),
                            .recipient = telling->recipient,
                            .time = g_get_real_time () / G_USEC_PER_SEC,
                            .days = self->settings->filter->quarantine_days,
                            .items = (const PfQuarantineItem *const *) telling->items->pdata,
                            .n_items = telling->items->len,
                            .total = telling->total };
  g_autoptr (GError) error = NULL;
  PfBody *body = make_body (self, &notice, &error);
  Mail *mail;

  if (body == NULL)
    {
      pf_log (PF_LOG_WARNING, "quarantine: %s", error->message);
      return;
    }
  mail = g_new0 (Mail, 1);
  mail->round = round;
  mail->telling = telling;
  mail->delivery = g_new0 (PfDelivery, 1);
  mail->delivery->id = g_steal_pointer (&id);
  mail->delivery->user = g_strdup (telling->recipient);
  mail->delivery->folder = g_strdup ("");
  mail->delivery->sender = g_strdup ("");
  mail->delivery->body = body;
  mail->delivery->in_doubt = TRUE;
  round->open++;
  pf_target_deliver_async (self->target, mail->delivery, on_delivered, mail);
}

static void
tell_more (Round *round)
{
  while (round->open < PF_LIMIT_DIGESTS && round->next < round->tellings->len)
    tell_one (round, round->tellings->pdata[round->next++]);
  if (round->open == 0)
    note (round, on_told_noted);
}

/* --- 1. what is to be told is noted ----------------------------------------------------------- */

static void
on_pending_noted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Round *round = user_data;
  g_autoptr (GError) error = NULL;

  if (g_task_propagate_boolean (G_TASK (result), &error))
    {
      tell_more (round);
      return;
    }
  pf_log (PF_LOG_ERROR, "%s", error->message);
  round->keeper->telling = FALSE;
  round_free (round);
}

/* --- Who is told what ------------------------------------------------------------------------- */

/* Not yet due: 0. A clock that was set back does not silence it. */
static gint64
told_up_to (const PfTold *told, gint64 now)
{
  if (told->pending != 0)
    return told->pending;
  if (told->sent <= now && told->sent > now - G_TIME_SPAN_DAY)
    return 0;
  return now - SETTLED;
}

static void
consider (PfKeeper *self, GHashTable *tellings, const PfQuarantineItem *item, gint64 now)
{
  const PfTold *told = told_of (self, item->recipient);
  Telling *telling = g_hash_table_lookup (tellings, item->recipient);

  if (item->release != PF_RELEASE_NONE || item->time <= told->told
      || item->time > told_up_to (told, now))
    return;
  if (telling == NULL)
    {
      telling = g_new0 (Telling, 1);
      telling->recipient = g_strdup (item->recipient);
      telling->items = g_ptr_array_new_with_free_func ((GDestroyNotify) pf_quarantine_item_free);
      /* The newest comes first. */
      telling->to = told->pending != 0 ? told->pending : item->time;
      g_hash_table_insert (tellings, telling->recipient, telling);
    }
  telling->total++;
  if (telling->items->len < PF_LIMIT_DIGEST_ITEMS)
    g_ptr_array_add (telling->items, pf_quarantine_item_copy (item));
}

/* What was begun and has nothing any more: released or deleted meanwhile. */
static void
forget_pending (PfKeeper *self, GHashTable *tellings)
{
  GHashTableIter iter;
  gpointer recipient, value;

  g_hash_table_iter_init (&iter, self->told);
  while (g_hash_table_iter_next (&iter, &recipient, &value))
    {
      PfTold *told = value;

      if (told->pending != 0 && !g_hash_table_contains (tellings, recipient))
        {
          told->told = told->pending;
          told->pending = 0;
        }
    }
}

void
pf_keeper_tell (PfKeeper *self)
{
  g_autoptr (GHashTable) tellings = g_hash_table_new (g_str_hash, g_str_equal);
  GPtrArray *list = pf_quarantine_index_list (self->index);
  gint64 now = g_get_real_time ();
  GHashTableIter iter;
  gpointer value;
  Round *round;

  if (self->telling || self->stopped
      || self->settings->filter->quarantine_digest == PF_DIGEST_NEVER)
    return;
  for (guint i = 0; i < list->len; i++)
    consider (self, tellings, list->pdata[i], now);
  forget_pending (self, tellings);
  if (g_hash_table_size (tellings) == 0)
    return;
  self->telling = TRUE;
  round = g_new0 (Round, 1);
  round->keeper = g_object_ref (self);
  round->tellings = g_ptr_array_new_with_free_func (telling_free);
  g_hash_table_iter_init (&iter, tellings);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Telling *telling = value;

      told_of (self, telling->recipient)->pending = telling->to;
      g_ptr_array_add (round->tellings, telling);
    }
  note (round, on_pending_noted);
}
