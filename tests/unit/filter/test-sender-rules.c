/* Who is let in and who is kept out: tables. Mutants: tests/mutants. */
#include "filter/sender-rules.h"

#include <string.h>

static char *const list[] = { (char *) "ann@friend.example", (char *) "Shop.Example", NULL };

typedef struct
{
  const char *header, *envelope;
  const char *blocked; /* the entry */
  gboolean allowed;    /* with no proof that failed */
} Case;

static const Case cases[] = {
  { "From: bob@else.example\n", "bob@else.example", NULL, FALSE },
  { "From: ann@friend.example\n", NULL, "ann@friend.example", TRUE },
  { "From: ANN@Friend.Example\n", NULL, "ann@friend.example", TRUE },
  { "From: ann2@friend.example\n", NULL, NULL, FALSE },
  { "From: bob@friend.example\n", NULL, NULL, FALSE },
  { "From: x@shop.example\n", NULL, "Shop.Example", TRUE },
  { "From: x@news.shop.example\n", NULL, "Shop.Example", TRUE },
  { "From: x@myshop.example\n", NULL, NULL, FALSE },
  { "From: x@shop.example.evil.example\n", NULL, NULL, FALSE },
  { "From: bob@else.example\n", "bounce@shop.example", "Shop.Example", TRUE },
  { "From: bob@else.example\n", "", NULL, FALSE },
  { "Subject: none\n", NULL, NULL, FALSE },
  { "From: \"ann@friend.example\" <bob@else.example>\n", NULL, NULL, FALSE },
  { "From: \"x, ann@friend.example\" <bob@else.example>\n", NULL, NULL, FALSE },
  { "From: (ann@friend.example, hm) bob@else.example\n", NULL, NULL, FALSE },
  /* One that is kept out does not hide behind another; one that is let in carries nobody along. */
  { "From: bob@else.example, ann@friend.example\n", NULL, "ann@friend.example", FALSE },
  { "From: ann@friend.example, bob@else.example\n", NULL, "ann@friend.example", FALSE },
  { "From: bob@else.example\nFrom: ann@friend.example\n", NULL, "ann@friend.example", FALSE },
  { "From: friends: bob@else.example, Ann <ann@friend.example>;\n", NULL, "ann@friend.example",
    FALSE },
  { "From:\n ann@friend.example\n", NULL, "ann@friend.example", TRUE },
  { "from : ann@friend.example\n", NULL, "ann@friend.example", TRUE },
};

static void
test_table (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const Case *c = &cases[i];
      g_autoptr (PfSenders) senders = pf_senders_read (c->header, strlen (c->header), c->envelope);

      g_test_message ("%s", c->header);
      g_assert_cmpstr (pf_senders_find_blocked (senders, list), ==, c->blocked);
      g_assert_true ((pf_senders_find_allowed (senders, list, NULL) != NULL) == c->allowed);
    }
}

/* Fails when pf_senders_find_allowed() does not ask a_proof_failed(): anybody could forge a way
 * past the spam filter. */
static void
test_a_forged_name_is_let_in_nowhere (void)
{
  static const char *const answers[][2] = {
    { "no", "R_SPF_ALLOW" },
    { "no", "DMARC_NA" },
    { "yes", "R_SPF_FAIL" },
    { "yes", "R_SPF_SOFTFAIL" },
    { "yes", "R_DKIM_REJECT" },
    { "yes", "DMARC_POLICY_REJECT" },
    { "yes", "DMARC_POLICY_SOFTFAIL" },
  };
  const char *header = "From: ann@friend.example\n";
  g_autoptr (PfSenders) senders = pf_senders_read (header, strlen (header), "ann@friend.example");

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autofree char *json = g_strdup_printf (
          "{\"action\":\"no action\",\"score\":0,\"symbols\":{\"%s\":{\"score\":1}}}",
          answers[i][1]);
      g_autofree char *problem = NULL;
      g_autoptr (PfRspamdAnswer) answer = pf_rspamd_answer_parse (json, strlen (json), &problem);

      g_assert_cmpstr (problem, ==, NULL);
      g_assert_true ((pf_senders_find_allowed (senders, list, answer) == NULL)
                     == (strcmp (answers[i][0], "yes") == 0));
      g_assert_nonnull (pf_senders_find_blocked (senders, list));
    }
}

static void
test_many_mailboxes (void)
{
  g_autoptr (GString) header = g_string_new ("From: ");
  g_autoptr (PfSenders) senders = NULL;

  for (guint i = 0; i < 100000; i++)
    g_string_append_printf (header, "a%u@else.example,", i);
  g_string_append (header, "\n");
  senders = pf_senders_read (header->str, header->len, NULL);
  g_assert_cmpuint (g_strv_length (senders->from), ==, 100);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/filter/sender-rules/table", test_table);
  g_test_add_func ("/filter/sender-rules/forged", test_a_forged_name_is_let_in_nowhere);
  g_test_add_func ("/filter/sender-rules/many", test_many_mailboxes);
  return g_test_run ();
}
