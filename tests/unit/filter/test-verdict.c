/* What becomes of a message: a table. Mutants: tests/mutants. */
#include "filter/verdict.h"

#define HOUR 3600
#define NOW (1000 * HOUR)

typedef struct
{
  const char *name;
  const char *policy; /* a{sv} of what is not default */
  PfFindings findings;
  PfFilterAction action;
  const char *kind;
  gboolean scan_skipped;
} Case;

static const Case cases[] = {
  { "nothing asked", "@a{sv} {}", { .now = NOW }, PF_ON_DELIVER, "", FALSE },
  { "clean",
    "@a{sv} {}",
    { .virus = PF_OPINION_CLEAN,
      .spam = PF_OPINION_CLEAN,
      .attachments = PF_OPINION_CLEAN,
      .sender = PF_OPINION_CLEAN,
      .now = NOW },
    PF_ON_DELIVER,
    "",
    FALSE },
  { "virus",
    "@a{sv} {}",
    { .now = NOW, .virus = PF_OPINION_FOUND },
    PF_ON_QUARANTINE,
    "virus",
    FALSE },
  { "virus, allowed sender",
    "@a{sv} {}",
    { .now = NOW, .virus = PF_OPINION_FOUND, .sender_allowed = TRUE, .recipient_allowed = TRUE },
    PF_ON_QUARANTINE,
    "virus",
    FALSE },
  { "virus and spam: the virus counts",
    "{'OnSpam': <'discard'>}",
    { .now = NOW,
      .virus = PF_OPINION_FOUND,
      .spam = PF_OPINION_FOUND,
      .spam_action = PF_SPAM_REJECT },
    PF_ON_QUARANTINE,
    "virus",
    FALSE },
  { "virus, wanted discarded",
    "{'OnVirus': <'discard'>}",
    { .now = NOW, .virus = PF_OPINION_FOUND },
    PF_ON_DISCARD,
    "virus",
    FALSE },
  { "attachment",
    "@a{sv} {}",
    { .now = NOW, .attachments = PF_OPINION_FOUND },
    PF_ON_QUARANTINE,
    "attachment",
    FALSE },
  { "attachment, wanted in Junk",
    "{'OnAttachment': <'junk'>}",
    { .now = NOW, .attachments = PF_OPINION_FOUND },
    PF_ON_JUNK,
    "attachment",
    FALSE },
  { "malformed, whatever the classes",
    "{'OnAttachment': <'deliver'>}",
    { .now = NOW, .attachments = PF_OPINION_FOUND, .malformed = TRUE },
    PF_ON_QUARANTINE,
    "malformed",
    FALSE },
  { "attachment, allowed sender",
    "@a{sv} {}",
    { .now = NOW, .attachments = PF_OPINION_FOUND, .sender_allowed = TRUE },
    PF_ON_QUARANTINE,
    "attachment",
    FALSE },
  { "blocked sender",
    "@a{sv} {}",
    { .now = NOW, .sender = PF_OPINION_FOUND },
    PF_ON_QUARANTINE,
    "sender",
    FALSE },
  { "blocked sender, allowed recipient",
    "@a{sv} {}",
    { .now = NOW, .sender = PF_OPINION_FOUND, .recipient_allowed = TRUE },
    PF_ON_DELIVER,
    "",
    FALSE },
  { "add header",
    "@a{sv} {}",
    { .now = NOW, .spam = PF_OPINION_FOUND, .spam_action = PF_SPAM_ADD_HEADER, .spam_score = 7 },
    PF_ON_JUNK,
    "spam",
    FALSE },
  { "reject is quarantine",
    "@a{sv} {}",
    { .now = NOW, .spam = PF_OPINION_FOUND, .spam_action = PF_SPAM_REJECT, .spam_score = 20 },
    PF_ON_QUARANTINE,
    "spam",
    FALSE },
  { "reject, wanted delivered",
    "{'OnSpam': <'deliver'>}",
    { .now = NOW, .spam = PF_OPINION_FOUND, .spam_action = PF_SPAM_REJECT },
    PF_ON_DELIVER,
    "spam",
    FALSE },
  { "numbers override the actions: lower",
    "{'JunkScore': <3.0>}",
    { .now = NOW, .spam = PF_OPINION_CLEAN, .spam_score = 3 },
    PF_ON_JUNK,
    "spam",
    FALSE },
  { "numbers override the actions: higher",
    "{'JunkScore': <9.0>}",
    { .now = NOW, .spam = PF_OPINION_FOUND, .spam_action = PF_SPAM_ADD_HEADER, .spam_score = 8.9 },
    PF_ON_DELIVER,
    "",
    FALSE },
  { "quarantine by number",
    "{'QuarantineScore': <10.0>}",
    { .now = NOW, .spam = PF_OPINION_FOUND, .spam_action = PF_SPAM_ADD_HEADER, .spam_score = 10 },
    PF_ON_QUARANTINE,
    "spam",
    FALSE },
  { "reject below the number is junk",
    "{'QuarantineScore': <30.0>}",
    { .now = NOW, .spam = PF_OPINION_FOUND, .spam_action = PF_SPAM_REJECT, .spam_score = 20 },
    PF_ON_JUNK,
    "spam",
    FALSE },
  { "spam, allowed sender",
    "@a{sv} {}",
    { .now = NOW, .spam = PF_OPINION_FOUND, .spam_action = PF_SPAM_REJECT, .sender_allowed = TRUE },
    PF_ON_DELIVER,
    "",
    FALSE },
  { "trouble waits",
    "@a{sv} {}",
    { .now = NOW, .virus = PF_OPINION_TROUBLE },
    PF_ON_DEFER,
    "scanner",
    FALSE },
  { "trouble waits not long enough",
    "@a{sv} {}",
    { .now = NOW, .spam = PF_OPINION_TROUBLE, .waiting_since = NOW - 24 * HOUR + 1 },
    PF_ON_DEFER,
    "scanner",
    FALSE },
  { "trouble has waited",
    "@a{sv} {}",
    { .now = NOW, .spam = PF_OPINION_TROUBLE, .waiting_since = NOW - 24 * HOUR },
    PF_ON_DELIVER,
    "",
    TRUE },
  { "the clock was set back",
    "@a{sv} {}",
    { .now = NOW, .spam = PF_OPINION_TROUBLE, .waiting_since = NOW + HOUR },
    PF_ON_DEFER,
    "scanner",
    FALSE },
  { "trouble has waited, wanted in quarantine",
    "{'OnScannerFailure': <'quarantine'>}",
    { .now = NOW, .virus = PF_OPINION_TROUBLE, .waiting_since = NOW - 48 * HOUR },
    PF_ON_QUARANTINE,
    "scanner",
    FALSE },
  { "trouble without end",
    "{'OnScannerFailure': <'defer'>}",
    { .now = NOW, .virus = PF_OPINION_TROUBLE, .waiting_since = NOW - 4800 * HOUR },
    PF_ON_DEFER,
    "scanner",
    FALSE },
  { "no waiting at all",
    "{'DeferHours': <uint32 0>}",
    { .now = NOW, .attachments = PF_OPINION_TROUBLE },
    PF_ON_DELIVER,
    "",
    TRUE },
  { "spam is junk after the wait for clamd",
    "@a{sv} {}",
    { .now = NOW,
      .virus = PF_OPINION_TROUBLE,
      .spam = PF_OPINION_FOUND,
      .spam_action = PF_SPAM_ADD_HEADER,
      .waiting_since = NOW - 30 * HOUR },
    PF_ON_JUNK,
    "spam",
    TRUE },
  { "junk waits for clamd",
    "@a{sv} {}",
    { .now = NOW,
      .virus = PF_OPINION_TROUBLE,
      .spam = PF_OPINION_FOUND,
      .spam_action = PF_SPAM_ADD_HEADER },
    PF_ON_DEFER,
    "scanner",
    FALSE },
  { "what is held back waits for nobody",
    "@a{sv} {}",
    { .now = NOW, .virus = PF_OPINION_FOUND, .spam = PF_OPINION_TROUBLE },
    PF_ON_QUARANTINE,
    "virus",
    FALSE },
  { "Rspamd is down, the sender allowed",
    "@a{sv} {}",
    { .now = NOW, .spam = PF_OPINION_TROUBLE, .sender_allowed = TRUE },
    PF_ON_DELIVER,
    "",
    FALSE },
  { "clamd is down, the sender allowed",
    "@a{sv} {}",
    { .now = NOW, .virus = PF_OPINION_TROUBLE, .sender_allowed = TRUE },
    PF_ON_DEFER,
    "scanner",
    FALSE },
  { "too large",
    "@a{sv} {}",
    { .now = NOW, .virus = PF_OPINION_SKIPPED },
    PF_ON_DELIVER,
    "",
    TRUE },
  { "only the names of its attachments were looked at",
    "@a{sv} {}",
    { .now = NOW, .attachments = PF_OPINION_SKIPPED },
    PF_ON_DELIVER,
    "",
    TRUE },
};

/* (transfer full): the defaults but for @changes. */
static PfFilterPolicy *
policy_with (const char *changes)
{
  PfFilterPolicy *policy = pf_filter_policy_new ();
  g_autoptr (GVariant) values =
      g_variant_ref_sink (g_variant_parse (G_VARIANT_TYPE_VARDICT, changes, NULL, NULL, NULL));
  GVariantIter iter;
  GVariant *value;
  const char *key;

  g_variant_iter_init (&iter, values);
  while (g_variant_iter_loop (&iter, "{&sv}", &key, &value))
    {
      PfRefusal refusal = { 0 };

      g_assert_true (pf_field_read_value (pf_filter_policy_find (key), policy, value, &refusal));
    }
  return policy;
}

static void
test_table (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (PfFilterPolicy) policy = policy_with (cases[i].policy);
      PfVerdict verdict = pf_verdict_decide (policy, &cases[i].findings);

      g_test_message ("%s", cases[i].name);
      g_assert_cmpstr (pf_verdict_action_nick (verdict.action), ==,
                       pf_verdict_action_nick (cases[i].action));
      g_assert_cmpstr (verdict.kind, ==, cases[i].kind);
      g_assert_cmpint (verdict.scan_skipped, ==, cases[i].scan_skipped);
    }
}

/* Discarding is never anything's default, and no finding turns into it unasked. */
static void
test_nothing_is_discarded_unasked (void)
{
  g_autoptr (PfFilterPolicy) policy = pf_filter_policy_new ();

  for (guint bits = 0; bits < 5 * 5 * 5 * 3 * 2 * 2 * 2; bits++)
    {
      PfFindings findings = { .now = NOW, .waiting_since = 1 };
      guint rest = bits;

      findings.virus = rest % 5;
      findings.spam = (rest /= 5) % 5;
      findings.attachments = (rest /= 5) % 5;
      findings.spam_action = (rest /= 5) % 3;
      findings.malformed = (rest /= 3) % 2;
      findings.sender = (rest /= 2) % 2 ? PF_OPINION_FOUND : PF_OPINION_CLEAN;
      findings.sender_allowed = (rest / 2) % 2;
      g_assert_cmpint (pf_verdict_decide (policy, &findings).action, !=, PF_ON_DISCARD);
      /* And a virus is never delivered, whatever else there is. */
      if (findings.virus == PF_OPINION_FOUND)
        g_assert_cmpint (pf_verdict_decide (policy, &findings).action, ==, PF_ON_QUARANTINE);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/verdict/table", test_table);
  g_test_add_func ("/verdict/nothing-is-discarded-unasked", test_nothing_is_discarded_unasked);
  return g_test_run ();
}
