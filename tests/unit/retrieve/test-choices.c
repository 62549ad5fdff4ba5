/* Whose is a message, which folders are meant, what does a refusal mean: the pure choices of a
 * check. */
#include "retrieve/folders.h"
#include "retrieve/login.h"
#include "retrieve/recipients.h"

#include <string.h>

static GPtrArray *
known_folders (void)
{
  static const struct
  {
    const char *name;
    gboolean junk;
  } names[] = { { "INBOX", FALSE },
                { "Work/A", FALSE },
                { "Work/B", FALSE },
                { "Spam", TRUE },
                { "Archive", FALSE } };
  GPtrArray *known = g_ptr_array_new_with_free_func ((GDestroyNotify) pf_folder_free);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      PfFolder *folder = g_new0 (PfFolder, 1);

      folder->name = g_strdup (names[i].name);
      folder->raw_name = g_strdup (names[i].name);
      folder->junk = names[i].junk;
      g_ptr_array_add (known, folder);
    }
  return known;
}

static void
test_folders (void)
{
  static const struct
  {
    const char *wanted, *chosen, *missing;
  } table[] = {
    { "inbox", "INBOX", NULL },
    { "INBOX;Archive", "INBOX;Archive", NULL },
    { "Work/*;!Work/B", "Work/A", NULL },
    { "*;!Spam", "INBOX;Work/A;Work/B;Archive", NULL },
    { "INBOX;\\Junk", "INBOX;Spam(junk)", NULL },
    { "Spam;\\Junk", "Spam", NULL },
    { "INBOX;Nowhere", NULL, "Nowhere" },
    { "Nothing*", NULL, "Nothing*" },
    { "INBOX;Nothing*", "INBOX", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autoptr (GPtrArray) known = known_folders ();
      g_auto (GStrv) wanted = g_strsplit (table[i].wanted, ";", -1);
      g_autofree char *missing = NULL;
      g_autoptr (GPtrArray) chosen = pf_folders_choose (known, wanted, &missing);
      g_autoptr (GString) names = g_string_new (NULL);

      g_assert_cmpstr (missing, ==, table[i].missing);
      for (guint j = 0; j < chosen->len; j++)
        {
          const PfFolder *folder = chosen->pdata[j];

          g_string_append_printf (names, "%s%s%s", j > 0 ? ";" : "", folder->name,
                                  folder->junk ? "(junk)" : "");
        }
      if (table[i].chosen != NULL)
        g_assert_cmpstr (names->str, ==, table[i].chosen);
    }
}

static void
test_recipients (void)
{
  static const struct
  {
    const char *envelope, *users;
  } table[] = {
    { NULL, "local" },
    { "anna@example.org", "anna" },
    { "ANNA@Example.ORG", "anna" },
    { "both@example.org", "one,two" },
    { "info@shop.example", "clerk" },
    { "peter@people.example", "peter" },
    { "nobody@elsewhere.example", "local" },
    { "no-address", "local" },
    { "@people.example", "local" },
  };
  char *rules[] = { (char *) "anna@example.org=anna", (char *) "both@example.org=one",
                    (char *) "both@example.org=two",  (char *) "*@shop.example=clerk",
                    (char *) "*@people.example=*",    NULL };
  PfSettings settings = { .local_user = (char *) "local", .recipients = rules };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_auto (GStrv) users = pf_recipients_choose (&settings, table[i].envelope);
      g_autofree char *joined = g_strjoinv (",", users);

      g_assert_cmpstr (joined, ==, table[i].users);
    }
}

static void
test_refusals (void)
{
  static const struct
  {
    const char *code, *text;
    gboolean announced;
    PfProblemCode problem;
  } table[] = {
    { "AUTH", "wrong", TRUE, PF_PROBLEM_CREDENTIALS_REJECTED },
    { "AUTH/EXPIRED", "wrong", TRUE, PF_PROBLEM_CREDENTIALS_REJECTED },
    { "IN-USE", "locked", FALSE, PF_PROBLEM_SERVER_BUSY },
    { "SYS/TEMP", "later", FALSE, PF_PROBLEM_SERVER_BUSY },
    { "LOGIN-DELAY", "slowly", FALSE, PF_PROBLEM_SERVER_BUSY },
    { "AUTHENTICATIONFAILED", "", FALSE, PF_PROBLEM_CREDENTIALS_REJECTED },
    { "UNAVAILABLE", "", FALSE, PF_PROBLEM_SERVER_BUSY },
    { NULL, "Invalid user name or password", FALSE, PF_PROBLEM_CREDENTIALS_REJECTED },
    { NULL, "maildrop already locked", FALSE, PF_PROBLEM_SERVER_BUSY },
    { NULL, "Temporary failure", FALSE, PF_PROBLEM_SERVER_BUSY },
    { NULL, "anything", TRUE, PF_PROBLEM_SERVER_BUSY },
    { "AUTHX", "Invalid", FALSE, PF_PROBLEM_CREDENTIALS_REJECTED },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    g_assert_cmpint (pf_login_classify (table[i].code, table[i].text, table[i].announced), ==,
                     table[i].problem);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/folders", test_folders);
  g_test_add_func ("/recipients", test_recipients);
  g_test_add_func ("/refusals", test_refusals);
  return g_test_run ();
}
