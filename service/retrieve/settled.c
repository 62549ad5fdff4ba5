#include "retrieve/settled.h"

#include <string.h>

/* However sure: so often all is listed, since servers err too. */
#define LIST_ALL_USECONDS (24 * G_TIME_SPAN_HOUR)

char *
pf_settled_wanted (const PfSettings *settings, guint64 max_size)
{
  g_autoptr (GVariant) values = g_variant_ref_sink (pf_settings_to_vardict (settings));
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree char *text = g_variant_print (values, FALSE);
  g_autofree char *size = g_strdup_printf (" %" G_GUINT64_FORMAT, max_size);

  /* All of them: one listing too many after any change costs little. */
  g_checksum_update (sum, (const guchar *) text, -1);
  g_checksum_update (sum, (const guchar *) size, -1);
  return g_strdup (g_checksum_get_string (sum));
}

/* --- Does it hold? ---------------------------------------------------------------------------- */

/* Something is still to be done about the message, and only the listing tells what. */
static gboolean
is_open (const PfRow *row)
{
  return row->marked || row->state == PF_ROW_INTENT || row->state == PF_ROW_FAILED
         || row->state == PF_ROW_SET_ASIDE;
}

static gboolean
row_is_in_the_way (const PfFolderState *state, const PfRow *row)
{
  guint64 uid;

  /* Of before a renumbering: its message may be any of those that are listed. */
  if (row->uidvalidity != state->uidvalidity)
    return row->state != PF_ROW_GONE;
  if (!is_open (row))
    return FALSE;
  return !g_ascii_string_to_unsigned (row->uid, 10, 1, G_MAXUINT32, &uid, NULL)
         || uid < state->next_uid;
}

gboolean
pf_settled_holds (const PfFolderState *state, PfLedger *ledger, const char *wanted, gint64 now)
{
  GPtrArray *rows = pf_ledger_rows (ledger);

  if (state->next_uid == 0 || strcmp (state->wanted, wanted) != 0)
    return FALSE;
  if (now < state->listed || now - state->listed >= LIST_ALL_USECONDS)
    return FALSE;
  if (state->due != 0 && now >= state->due)
    return FALSE;
  for (guint i = 0; i < rows->len; i++)
    {
      const PfRow *row = rows->pdata[i];

      if (strcmp (row->folder, state->name) == 0 && row_is_in_the_way (state, row))
        return FALSE;
    }
  return TRUE;
}

/* --- Is all settled? -------------------------------------------------------------------------- */

/* Removed in this session, and confirmed. */
static gboolean
has_gone (const PfPlanItem *item)
{
  return item->remove && item->row != NULL && item->row->state == PF_ROW_GONE;
}

static gboolean
item_is_settled (const PfPlanItem *item, const PfSettings *settings, gint64 now)
{
  if (item->action == PF_PLAN_RECORD)
    return TRUE;
  if (item->action != PF_PLAN_KNOWN && item->action != PF_PLAN_FETCH
      && item->action != PF_PLAN_VERIFY)
    return FALSE;
  if (item->row == NULL || is_open (item->row))
    return FALSE;
  return item->row->state != PF_ROW_DELIVERED || !pf_plan_removal_due (settings, item->row, now);
}

static void
add_item (PfFolderState *state, const PfPlanItem *item, const PfSettings *settings)
{
  gint64 due = 0;

  state->next_uid = MAX (state->next_uid, item->listed->number + 1);
  if (has_gone (item))
    return;
  state->messages++;
  if (item->action != PF_PLAN_RECORD)
    due = pf_plan_removal_time (settings, item->row);
  if (due != 0 && (state->due == 0 || due < state->due))
    state->due = due;
}

PfFolderState *
pf_settled_make (const PfFolderState *before,
                 const PfListing *listing,
                 GPtrArray *plan,
                 const PfSettings *settings,
                 const char *wanted,
                 gint64 listed)
{
  g_autoptr (PfFolderState) state = pf_folder_state_new (listing->folder);

  if (!listing->complete || !listing->has_uids || listing->uidvalidity == 0
      || (listing->from != 0 && before == NULL))
    return NULL;
  state->next_uid = 1;
  state->listed = listed;
  if (listing->from != 0)
    {
      state->next_uid = listing->from;
      state->messages = listing->unlisted;
      state->listed = before->listed;
      state->due = before->due;
    }
  state->uidvalidity = listing->uidvalidity;
  state->uidnext = listing->uidnext;
  state->highestmodseq = listing->highestmodseq;
  g_free (state->wanted);
  state->wanted = g_strdup (wanted);
  for (guint i = 0; i < plan->len; i++)
    {
      const PfPlanItem *item = plan->pdata[i];

      if (!item_is_settled (item, settings, listed) || item->listed->number == G_MAXUINT32)
        return NULL;
      add_item (state, item, settings);
    }
  return g_steal_pointer (&state);
}

gboolean
pf_settled_differs (const PfFolderState *before, const PfFolderState *after)
{
  /* UIDNEXT and HIGHESTMODSEQ only tell whether a folder went backwards: an older one will do. */
  return before == NULL || before->next_uid != after->next_uid
         || before->uidvalidity != after->uidvalidity || before->messages != after->messages
         || before->listed != after->listed || before->due != after->due
         || strcmp (before->wanted, after->wanted) != 0;
}
