#include "retrieve/check-private.h"

#include "filter/headers.h"

/* A dry run tells where each message would go; nothing is written, marked or removed. */
static const char *
verdict_of (const PfPlanItem *item)
{
  switch (item->action)
    {
    case PF_PLAN_FETCH:
    case PF_PLAN_VERIFY:
      return "deliver";
    case PF_PLAN_KNOWN:
    case PF_PLAN_RECORD:
    case PF_PLAN_LEARN:
    case PF_PLAN_LARGE:
    case PF_PLAN_STUCK:
    case PF_PLAN_LATER:
    default:
      return "none";
    }
}

static const char *
target_of (PfCheck *self, const PfPlanItem *item)
{
  const PfFolder *folder = self->folders->pdata[self->folder_index];

  if (item->action != PF_PLAN_FETCH && item->action != PF_PLAN_VERIFY)
    return "none";
  if (folder->junk)
    return self->parts.settings->junk_folder;
  return *self->settings->target_folder != '\0' ? self->settings->target_folder : "INBOX";
}

static gint64
removal_time (PfCheck *self, const PfPlanItem *item)
{
  PfRow assumed = { .state = PF_ROW_DELIVERED, .time = g_get_real_time () };

  if (item->action == PF_PLAN_FETCH || item->action == PF_PLAN_VERIFY)
    return pf_plan_removal_time (self->settings, &assumed);
  return item->action == PF_PLAN_KNOWN ? pf_plan_removal_time (self->settings, item->row) : 0;
}

void
pf_check_explain_item (PfCheck *self, const PfPlanItem *item, PfBody *body)
{
  g_autofree char *sender = NULL;
  GVariantDict dict;

  if (body != NULL)
    {
      gsize length;
      const char *header = pf_body_get_header (body, &length);

      sender = pf_headers_sender (header, length);
    }
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "Uid", "s",
                         g_utf8_validate (item->listed->uid, -1, NULL) ? item->listed->uid : "");
  g_variant_dict_insert (&dict, "New", "b",
                         item->action == PF_PLAN_FETCH || item->action == PF_PLAN_VERIFY);
  g_variant_dict_insert (&dict, "Why", "s", item->why);
  g_variant_dict_insert (&dict, "Size", "t", item->listed->size);
  g_variant_dict_insert (&dict, "Ip", "s", "");
  g_variant_dict_insert (&dict, "Helo", "s", "");
  g_variant_dict_insert (&dict, "Hostname", "s", "");
  g_variant_dict_insert (&dict, "MailFrom", "s",
                         sender != NULL && g_utf8_validate (sender, -1, NULL) ? sender : "");
  g_variant_dict_insert (&dict, "EnvelopeSeen", "s", "unknown");
  g_variant_dict_insert_value (&dict, "Symbols", g_variant_new_strv (NULL, 0));
  g_variant_dict_insert_value (&dict, "Findings", g_variant_new_strv (NULL, 0));
  g_variant_dict_insert (&dict, "Score", "d", 0.0);
  g_variant_dict_insert (&dict, "Verdict", "s", verdict_of (item));
  g_variant_dict_insert (&dict, "Target", "s", target_of (self, item));
  g_variant_dict_insert (&dict, "RemoveAt", "t", (guint64) removal_time (self, item));
  g_ptr_array_add (self->messages, g_variant_ref_sink (g_variant_dict_end (&dict)));
}
