#include "retrieve/message-private.h"

#include "deliver/quarantine.h"
#include "filter/rspamd-answer.h"

#include <string.h>

/* A message's way into the quarantine instead of to its recipient. */

static void
on_quarantined (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfMessage *message = user_data;
  PfRowDelivery *delivery = message->row->deliveries->pdata[message->next];
  GError *error = NULL;

  if (!pf_quarantine_store_finish (result, &error))
    {
      pf_check_fail (message->check, error);
      pf_message_done (message, FALSE);
      return;
    }
  delivery->done = TRUE;
  delivery->outcome = message->outcome;
  message->next++;
  pf_message_deliver_next (message);
}

/* What could not be looked through is no less suspicious than what cannot be. */
static const char *
item_verdict (const char *kind)
{
  return strcmp (kind, "scanner") == 0 ? "malformed" : kind;
}

/* (transfer full) (nullable) */
static char **
symbols_of (const PfFiltered *filtered)
{
  const PfRspamdAnswer *answer =
      filtered != NULL && filtered->spam != NULL ? filtered->spam->answer : NULL;
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; answer != NULL && i < answer->symbols->len; i++)
    g_strv_builder_add (builder, ((const PfRspamdSymbol *) answer->symbols->pdata[i])->name);
  return g_strv_builder_end (builder);
}

/* A scanner was to look into it, and could not. */
static gboolean
is_unscanned (const PfFiltered *filtered)
{
  return filtered != NULL
         && (filtered->findings.virus == PF_OPINION_TROUBLE
             || filtered->findings.virus == PF_OPINION_SKIPPED);
}

/* Where it would have gone, had nothing been found. */
static const char *
plain_folder (const PfCheck *check)
{
  const PfFolder *folder = check->folders->pdata[check->folder_index];

  return folder->junk ? check->parts.settings->junk_folder : check->settings->target_folder;
}

void
pf_message_hold_back (PfMessage *message, const char *kind, const char *reason)
{
  PfCheck *check = message->check;
  const PfRowDelivery *delivery = message->row->deliveries->pdata[message->next];
  g_auto (GStrv) symbols = symbols_of (message->filtered);
  g_autofree char *from = *message->sender == '\0' ? pf_message_from (message) : NULL;
  const PfQuarantineItem item = {
    .id = delivery->delivery_id,
    .account = check->settings->address,
    .recipient = delivery->recipient,
    .sender = from != NULL ? from : message->sender,
    .subject = message->subject,
    .verdict = (char *) item_verdict (kind),
    .reason = (char *) reason,
    .symbols = symbols,
    .uid = message->row->uid,
    .message_id = message->message_id,
    .time = g_get_real_time (),
    .size = pf_body_get_received (message->body),
    .score = message->filtered != NULL ? message->filtered->findings.spam_score : 0,
    .unscanned = is_unscanned (message->filtered),
    .envelope_sender = message->sender,
    .folder = (char *) plain_folder (check),
    .seen = check->settings->keep_seen && message->item->listed->seen,
    .date = message->item->listed->date,
  };

  pf_quarantine_store_async (check->parts.quarantine_directory, message->body, &item,
                             on_quarantined, message);
}
