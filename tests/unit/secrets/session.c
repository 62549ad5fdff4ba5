/* session - what session.py runs on a session bus: pf_secrets on whatever is there.
 *
 * usage: session STATE_DIRECTORY BACKEND COMMAND...
 * Commands: store ADDRESS TEXT, lookup ADDRESS, clear ADDRESS. Each prints one line. */
#include "base/problem.h"
#include "wait.h"

#include <string.h>

static void
print_error (GError *error)
{
  gboolean unavailable = g_error_matches (error, PF_PROBLEM, PF_PROBLEM_SECRETS_UNAVAILABLE);

  g_print ("%s: %s\n", unavailable ? "unavailable" : "error", error->message);
  g_error_free (error);
}

static void
store (PfSecrets *secrets, const char *address, const char *text)
{
  GError *error = store_now (secrets, address, PF_SECRET_PASSWORD, text);

  if (error != NULL)
    print_error (error);
  else
    g_print ("stored\n");
}

static void
lookup (PfSecrets *secrets, const char *address)
{
  g_autofree char *text = NULL;
  GError *error = lookup_now (secrets, address, PF_SECRET_PASSWORD, &text);

  if (error != NULL)
    print_error (error);
  else
    g_print ("%s\n", text != NULL ? text : "none");
}

static void
clear (PfSecrets *secrets, const char *address)
{
  GError *error = clear_now (secrets, address);

  if (error != NULL)
    print_error (error);
  else
    g_print ("cleared\n");
}

int
main (int argc, char **argv)
{
  g_autoptr (PfSecrets) secrets = NULL;

  g_assert_cmpint (argc, >=, 3);
  pf_secrets_prepare (argv[2], TRUE, argv[1]);
  secrets = pf_secrets_new (argv[1], NULL);
  for (int i = 3; i + 1 < argc; i += 2)
    if (strcmp (argv[i], "store") == 0 && i + 2 < argc)
      {
        store (secrets, argv[i + 1], argv[i + 2]);
        i++;
      }
    else if (strcmp (argv[i], "lookup") == 0)
      lookup (secrets, argv[i + 1]);
    else if (strcmp (argv[i], "clear") == 0)
      clear (secrets, argv[i + 1]);
  return 0;
}
