#include "retrieve/message-private.h"

#include "filter/rspamd-answer.h"

/* A dry run tells where each message would go, and why; nothing is written, marked or removed. */

/* What was fetched, on its way through the filter. */
typedef struct
{
  PfCheck *check;
  PfPlanItem *item;
  PfBody *body;
  PfFilterJob job;
} Explaining;

static void
explaining_free (Explaining *self)
{
  g_object_unref (self->check);
  pf_body_unref (self->body);
  g_free (self);
}

static gboolean
is_new (const PfPlanItem *item)
{
  return item->action == PF_PLAN_FETCH || item->action == PF_PLAN_VERIFY;
}

/* --- Where it would go ------------------------------------------------------------------------ */

static const char *
inbox_or_folder (PfCheck *self)
{
  const PfFolder *folder = self->folders->pdata[self->folder_index];

  if (folder->junk)
    return self->parts.settings->junk_folder;
  return *self->settings->target_folder != '\0' ? self->settings->target_folder : "INBOX";
}

static const char *
target_of (PfCheck *self, PfFilterAction action)
{
  switch (action)
    {
    case PF_ON_JUNK:
      return self->parts.settings->junk_by != PF_JUNK_BY_HEADER ? self->parts.settings->junk_folder
                                                                : inbox_or_folder (self);
    case PF_ON_QUARANTINE:
      return "quarantine";
    case PF_ON_DEFER:
    case PF_ON_DISCARD:
      return "none";
    case PF_ON_DELIVER:
    default:
      return inbox_or_folder (self);
    }
}

static gint64
removal_time (PfCheck *self, const PfPlanItem *item)
{
  PfRow assumed = { .state = PF_ROW_DELIVERED, .time = g_get_real_time () };

  if (is_new (item))
    return pf_plan_removal_time (self->settings, &assumed);
  return item->action == PF_PLAN_KNOWN ? pf_plan_removal_time (self->settings, item->row) : 0;
}

/* --- What is told ----------------------------------------------------------------------------- */

static void
add_text (GVariantDict *dict, const char *key, const char *text)
{
  g_variant_dict_insert (dict, key, "s",
                         text != NULL && g_utf8_validate (text, -1, NULL) ? text : "");
}

static void
add_envelope (GVariantDict *dict, const PfEnvelope *envelope)
{
  add_text (dict, "Ip", envelope->ip);
  add_text (dict, "Helo", envelope->helo);
  add_text (dict, "Hostname", envelope->hostname);
  add_text (dict, "MailFrom", envelope->mail_from);
  add_text (dict, "EnvelopeSeen", pf_envelope_seen_name (envelope->seen));
}

/* "NAME(1.50)", the weightiest first, as Rspamd's answer keeps them. */
static GVariant *
symbols_of (const PfFiltered *filtered)
{
  const PfScanResult *spam = filtered->spam;
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_STRING_ARRAY);
  for (guint i = 0; spam != NULL && spam->answer != NULL && i < spam->answer->symbols->len; i++)
    {
      const PfRspamdSymbol *symbol = spam->answer->symbols->pdata[i];
      char score[G_ASCII_DTOSTR_BUF_SIZE];

      g_ascii_formatd (score, sizeof score, "%.2f", symbol->score);
      if (g_utf8_validate (symbol->name, -1, NULL))
        g_variant_builder_add_value (&builder,
                                     g_variant_new_printf ("%s(%s)", symbol->name, score));
    }
  return g_variant_builder_end (&builder);
}

static void
add_finding (GVariantBuilder *builder, const char *text)
{
  if (text != NULL && *text != '\0' && g_utf8_validate (text, -1, NULL))
    g_variant_builder_add (builder, "s", text);
}

/* Every finding, not only the one that decided; and why the envelope is seen as it is. */
static GVariant *
findings_of (const PfFiltered *filtered)
{
  const PfFindings *findings = &filtered->findings;
  g_autofree char *envelope = g_strdup_printf ("envelope: %s", filtered->envelope->why);
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_STRING_ARRAY);
  add_finding (&builder, findings->virus_text);
  add_finding (&builder, findings->attachment_text);
  add_finding (&builder, findings->sender_rule);
  add_finding (&builder, findings->sender_allowed ? "AllowSenders: a proven sender" : NULL);
  add_finding (&builder, findings->recipient_allowed ? "AllowRecipients" : NULL);
  add_finding (&builder, findings->spam_text);
  add_finding (&builder, filtered->verdict.scan_skipped ? "not scanned" : NULL);
  if (filtered->envelope->why != NULL)
    add_finding (&builder, envelope);
  return g_variant_builder_end (&builder);
}

static void
add_filtered (GVariantDict *dict, PfCheck *self, const PfFiltered *filtered)
{
  add_envelope (dict, filtered->envelope);
  g_variant_dict_insert_value (dict, "Symbols", symbols_of (filtered));
  g_variant_dict_insert_value (dict, "Findings", findings_of (filtered));
  g_variant_dict_insert (dict, "Score", "d", filtered->findings.spam_score);
  add_text (dict, "Verdict", pf_verdict_action_nick (filtered->verdict.action));
  add_text (dict, "Target", target_of (self, filtered->verdict.action));
}

/* Of what is not fetched, and what was not filtered. */
static void
add_nothing (GVariantDict *dict)
{
  static const PfEnvelope nothing = { .seen = PF_ENVELOPE_UNKNOWN };

  add_envelope (dict, &nothing);
  g_variant_dict_insert_value (dict, "Symbols", g_variant_new_strv (NULL, 0));
  g_variant_dict_insert_value (dict, "Findings", g_variant_new_strv (NULL, 0));
  g_variant_dict_insert (dict, "Score", "d", 0.0);
  add_text (dict, "Verdict", "none");
  add_text (dict, "Target", "none");
}

/* @filtered: (nullable) */
static void
tell (PfCheck *self, const PfPlanItem *item, const PfFiltered *filtered)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  add_text (&dict, "Uid", item->listed->uid);
  g_variant_dict_insert (&dict, "New", "b", is_new (item));
  g_variant_dict_insert (&dict, "Why", "s", item->why);
  g_variant_dict_insert (&dict, "Size", "t", item->listed->size);
  if (filtered != NULL && is_new (item))
    add_filtered (&dict, self, filtered);
  else
    add_nothing (&dict);
  g_variant_dict_insert (&dict, "RemoveAt", "t", (guint64) removal_time (self, item));
  g_ptr_array_add (self->messages, g_variant_ref_sink (g_variant_dict_end (&dict)));
}

void
pf_check_explain_item (PfCheck *self, const PfPlanItem *item)
{
  tell (self, item, NULL);
}

/* --- What came -------------------------------------------------------------------------------- */

static void
on_filtered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Explaining *explaining = user_data;
  g_autoptr (PfCheck) self = g_object_ref (explaining->check);
  PfPlanItem *item = explaining->item;
  GError *error = NULL;
  g_autoptr (PfFiltered) filtered = pf_filter_finish (PF_FILTER (source), result, &error);

  explaining_free (explaining);
  if (filtered == NULL)
    pf_check_fail (self, error);
  else
    tell (self, item, filtered);
  pf_check_item_done (self, item, TRUE);
}

void
pf_check_explain_fetched (PfCheck *self, PfPlanItem *item, PfBody *body)
{
  Explaining *explaining = g_new0 (Explaining, 1);
  PfFilterJob *job = &explaining->job;
  GError *error = NULL;

  explaining->check = g_object_ref (self);
  explaining->item = item;
  explaining->body = body;
  job->account = self->settings;
  job->user = self->settings->local_user;
  job->queue_id = item->listed->uid;
  job->header = pf_body_get_header (body, &job->header_length);
  job->source.fd = -1;
  job->waiting_since = item->row != NULL ? item->row->waiting / G_USEC_PER_SEC : 0;
  if (pf_filter_reads_mail (self->parts.filter, self->settings)
      && !pf_message_open_source (body, job, &error))
    {
      explaining_free (explaining);
      pf_check_fail (self, error);
      pf_check_item_done (self, item, FALSE);
      return;
    }
  pf_filter_async (self->parts.filter, job, self->cancellable, on_filtered, explaining);
}
