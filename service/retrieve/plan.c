#include "retrieve/plan.h"

#include "base/limits.h"

#include <string.h>

/* A message that was set aside gets another chance after so long. */
#define SET_ASIDE_USECONDS (24 * G_TIME_SPAN_HOUR)

static gboolean
was_delivered (const PfRow *row)
{
  /* GONE and listed again: the provider kept it (Gmail may), or undid it. */
  return row->state == PF_ROW_DELIVERED || row->state == PF_ROW_GONE;
}

gint64
pf_plan_removal_time (const PfSettings *settings, const PfRow *row)
{
  if (row == NULL || !was_delivered (row) || row->keep || settings->remove == PF_REMOVE_NEVER)
    return 0;
  if (settings->remove == PF_REMOVE_AFTER_DELIVERY)
    return row->time;
  return row->time + (gint64) settings->remove_after_days * G_TIME_SPAN_DAY;
}

gboolean
pf_plan_removal_due (const PfSettings *settings, const PfRow *row, gint64 now)
{
  gint64 time = pf_plan_removal_time (settings, row);

  return time != 0 && time <= now;
}

/* UIDVALIDITY changed, or most of the names we knew are gone while others came: the provider
 * renumbered. */
static gboolean
was_renumbered (PfLedger *ledger, const PfListing *listing)
{
  GPtrArray *rows = pf_ledger_rows (ledger);
  guint live = 0, vanished = 0;

  for (guint i = 0; i < rows->len; i++)
    {
      const PfRow *row = rows->pdata[i];

      if (strcmp (row->folder, listing->folder) != 0)
        continue;
      if (row->uidvalidity != listing->uidvalidity)
        return TRUE;
      if (row->state == PF_ROW_GONE)
        continue;
      live++;
      if (!pf_ledger_is_taken (ledger, row))
        vanished++;
    }
  /* Within one UIDVALIDITY an IMAP UID is never used again; a UIDL is only meant not to be. */
  return listing->uidvalidity == 0 && vanished * 2 > live;
}

/* A UIDL that stands for several messages, now or before, is the name of none: popa3d,
 * solid-pop3d. */
static gboolean
name_is_shared (PfLedger *ledger,
                const PfListing *listing,
                const PfListed *listed,
                GHashTable *shared)
{
  return listing->uidvalidity == 0
         && (g_hash_table_contains (shared, listed->uid)
             || pf_ledger_find (ledger, listing->folder, 0, listed->uid, 1) != NULL);
}

/* Recorded without having been fetched (Initial=new): its name and about its size are all that is
 * known. */
static gboolean
is_recorded_one (const PfListing *listing, const PfListed *listed, const PfRow *row)
{
  guint64 difference =
      row->size > listed->size ? row->size - listed->size : listed->size - row->size;

  if (row->state != PF_ROW_KNOWN || *row->digest != '\0')
    return FALSE;
  /* An IMAP UID is never used again; mbox servers write into a message's header once they have seen
   * it. A UIDL may be a mere number. */
  return difference == 0 || listing->uidvalidity != 0
         || (difference <= PF_LIMIT_HEADER_GROWTH && strlen (listed->uid) >= 8);
}

static gboolean
name_is_doubtful (PfLedger *ledger,
                  const PfListing *listing,
                  const PfListed *listed,
                  const PfRow *row,
                  GHashTable *shared)
{
  if (*listed->uid == '\0')
    return TRUE;
  if (row != NULL && is_recorded_one (listing, listed, row))
    return FALSE;
  if (name_is_shared (ledger, listing, listed, shared))
    return TRUE;
  if (row == NULL)
    return FALSE;
  /* Removed by us, and there again: the server kept it, or the name is another message's by now. */
  if (listing->uidvalidity == 0 && row->state == PF_ROW_GONE)
    return TRUE;
  /* The same name for another message: servers that use the number as UIDL. */
  return row->size != listed->size;
}

static PfPlanAction
plan_known_row (const PfRow *row, const PfPlanInput *input, const char **why)
{
  switch (row->state)
    {
    case PF_ROW_DELIVERED:
    case PF_ROW_GONE:
      *why = "delivered before";
      return PF_PLAN_KNOWN;
    case PF_ROW_KNOWN:
      *why = "was there before the account was added (Initial=new)";
      return PF_PLAN_KNOWN;
    case PF_ROW_SET_ASIDE:
      if (!input->by_person && input->now - row->time < SET_ASIDE_USECONDS)
        {
          *why = "set aside: it failed again and again";
          return PF_PLAN_STUCK;
        }
      *why = "set aside before, tried again";
      return PF_PLAN_FETCH;
    case PF_ROW_INTENT:
      *why = "its delivery is in doubt";
      return PF_PLAN_FETCH;
    case PF_ROW_FAILED:
    default:
      *why = "failed before, tried again";
      return PF_PLAN_FETCH;
    }
}

static PfPlanAction
plan_unknown (PfLedger *ledger,
              const PfListing *listing,
              PfPlanItem *item,
              gboolean renumbered,
              const PfPlanInput *input)
{
  const PfListed *listed = item->listed;

  if (input->first && input->settings->initial == PF_INITIAL_NEW)
    {
      item->why = "there before the account was added (Initial=new)";
      return listing->has_uids ? PF_PLAN_RECORD : PF_PLAN_LEARN;
    }
  if (renumbered)
    {
      item->row = pf_ledger_claim_known (ledger, listing->folder, listed->size,
                                         listed->date * G_USEC_PER_SEC);
      if (item->row != NULL)
        {
          item->why = "there before the account was added, renumbered by the provider";
          return PF_PLAN_RECORD;
        }
      item->why = "the provider renumbered its messages: recognised by content";
      return PF_PLAN_VERIFY;
    }
  if (input->labels)
    {
      item->why = "it may stand in another folder too: recognised by content";
      return PF_PLAN_VERIFY;
    }
  item->why = "new";
  return PF_PLAN_FETCH;
}

static void
plan_item (PfLedger *ledger,
           const PfListing *listing,
           PfPlanItem *item,
           gboolean renumbered,
           GHashTable *shared,
           const PfPlanInput *input)
{
  gboolean doubtful = name_is_doubtful (ledger, listing, item->listed, item->row, shared);

  if (item->row != NULL && !doubtful)
    item->action = plan_known_row (item->row, input, &item->why);
  else if (item->row != NULL
           || (doubtful && !(input->first && input->settings->initial == PF_INITIAL_NEW)))
    {
      item->action = PF_PLAN_VERIFY;
      item->why = item->row != NULL ? "its name is not its own: recognised by content"
                  : *item->listed->uid != '\0'
                      ? "one UIDL for several messages: recognised by content"
                      : "the server has no UIDL: recognised by content";
    }
  else
    item->action = plan_unknown (ledger, listing, item, renumbered, input);

  if ((item->action == PF_PLAN_FETCH || item->action == PF_PLAN_VERIFY)
      && item->listed->size > input->max_size)
    {
      item->action = PF_PLAN_LARGE;
      item->why = "larger than MaxMessageSize";
    }
  if (item->action == PF_PLAN_KNOWN && item->row->state == PF_ROW_KNOWN
      && item->row->size != item->listed->size)
    item->action = PF_PLAN_RECORD;
  if (item->action == PF_PLAN_KNOWN && listing->may_remove)
    item->remove = pf_plan_removal_due (input->settings, item->row, input->now);
  item->take_back =
      item->action == PF_PLAN_KNOWN && !item->remove && item->row->marked && item->listed->deleted;
}

static guint
failures (const PfPlanItem *item)
{
  return item->row != NULL ? item->row->failures : 0;
}

static gint
by_failures (gconstpointer a, gconstpointer b)
{
  const PfPlanItem *x = *(const PfPlanItem *const *) a, *y = *(const PfPlanItem *const *) b;
  guint fx = failures (x), fy = failures (y);

  if (fx != fy)
    return (fx > fy) - (fx < fy);
  return (x->listed->number > y->listed->number) - (x->listed->number < y->listed->number);
}

/* The rest follows in the next check. What has no name of its own is looked at in every check:
 * counted, it would be all that any check ever comes to. */
static void
apply_limit (GPtrArray *items,
             PfLedger *ledger,
             const PfListing *listing,
             GHashTable *shared,
             guint limit)
{
  guint taken = 0;

  for (guint i = 0; i < items->len; i++)
    {
      PfPlanItem *item = items->pdata[i];

      if (item->action != PF_PLAN_FETCH && item->action != PF_PLAN_VERIFY)
        continue;
      if (*item->listed->uid == '\0' || name_is_shared (ledger, listing, item->listed, shared))
        continue;
      if (taken++ >= limit)
        {
          item->action = PF_PLAN_LATER;
          item->why = "beyond this check's number of messages";
        }
    }
}

/* The names of the listing that stand for several messages. */
static GHashTable *
shared_names (const PfListing *listing)
{
  GHashTable *shared = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < listing->messages->len; i++)
    {
      const PfListed *listed = listing->messages->pdata[i];

      if (listed->occurrence > 0)
        g_hash_table_add (shared, listed->uid);
    }
  return shared;
}

/* Messages that are not listed since all of them are settled: their rows stand for them, and for
 * nothing that is new. */
static void
take_unlisted (PfLedger *ledger, const PfListing *listing)
{
  GPtrArray *rows = pf_ledger_rows (ledger);

  for (guint i = 0; i < rows->len; i++)
    {
      PfRow *row = rows->pdata[i];
      guint64 uid;

      if (row->uidvalidity == listing->uidvalidity && strcmp (row->folder, listing->folder) == 0
          && g_ascii_string_to_unsigned (row->uid, 10, 1, G_MAXUINT32, &uid, NULL)
          && uid < listing->from)
        pf_ledger_take (ledger, row);
    }
}

GPtrArray *
pf_plan_make (PfLedger *ledger, const PfListing *listing, const PfPlanInput *input)
{
  GPtrArray *items = g_ptr_array_new_full (listing->messages->len, g_free);
  g_autoptr (GHashTable) shared = shared_names (listing);
  gboolean renumbered;

  for (guint i = 0; i < listing->messages->len; i++)
    {
      PfPlanItem *item = g_new0 (PfPlanItem, 1);

      item->listed = listing->messages->pdata[i];
      if (*item->listed->uid != '\0')
        item->row = pf_ledger_find (ledger, listing->folder, listing->uidvalidity,
                                    item->listed->uid, item->listed->occurrence);
      if (item->row != NULL && !name_is_doubtful (ledger, listing, item->listed, item->row, shared))
        pf_ledger_take (ledger, item->row);
      g_ptr_array_add (items, item);
    }
  if (listing->from != 0)
    take_unlisted (ledger, listing);
  renumbered = !input->part && was_renumbered (ledger, listing);
  for (guint i = 0; i < items->len; i++)
    plan_item (ledger, listing, items->pdata[i], renumbered, shared, input);
  g_ptr_array_sort (items, by_failures);
  apply_limit (items, ledger, listing, shared, input->limit);
  return items;
}
