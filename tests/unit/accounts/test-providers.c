#include "accounts/providers.h"

#include <string.h>

/* What is expected of a row of providers.conf. A text names a list's first item. */
typedef struct
{
  const char *server;
  PfProtocol protocol;
  const char *name;
  guint connections, interval, log_in_gap, idle, window, pause;
  gboolean two_steps, lists_part, estimates, trash, labels;
  const char *skipped, *local_part;
  const char *busy; /* words that mean it */
  gboolean has_help;
} Row;

#define POP3 PF_PROTOCOL_POP3
#define IMAP PF_PROTOCOL_IMAP

static const Row rows[] = {
  { "pop.gmail.com", POP3, "gmail", .connections = 10, .pause = 3600, .lists_part = TRUE,
    .busy = "-ERR Lockdown in sector 4", .has_help = TRUE },
  { "IMAP.GMail.com", IMAP, "gmail", .connections = 10, .pause = 3600, .trash = TRUE,
    .labels = TRUE, .skipped = "\\All", .has_help = TRUE,
    .busy = "Account exceeded command or bandwidth limits. (Failure)" },
  { "imap.googlemail.com", IMAP, "gmail", .connections = 10, .pause = 3600, .trash = TRUE,
    .labels = TRUE, .skipped = "\\All", .has_help = TRUE },
  { "outlook.office365.com", POP3, "outlook", .connections = 4, .pause = 900, .two_steps = TRUE,
    .has_help = TRUE },
  { "outlook.office365.com", IMAP, "outlook", .connections = 4, .pause = 900, .estimates = TRUE,
    .busy = "User is authenticated but not connected.", .has_help = TRUE },
  { "imap-mail.outlook.com", IMAP, "outlook", .connections = 4, .pause = 900, .estimates = TRUE,
    .has_help = TRUE },
  { "imap.mail.yahoo.com", IMAP, "yahoo", .connections = 3, .log_in_gap = 60, .idle = 240,
    .window = 100, .pause = 900, .busy = "[LIMIT] Rate limit hit", .has_help = TRUE },
  { "pop.aol.com", POP3, "yahoo", .connections = 3, .log_in_gap = 60, .pause = 900,
    .has_help = TRUE },
  { "imap.mail.me.com", IMAP, "icloud", .connections = 3, .local_part = "icloud.com",
    .has_help = TRUE },
  { "imap.gmx.net", IMAP, "gmx", .connections = 3, .log_in_gap = 60, .has_help = TRUE },
  { "pop.mail.com", POP3, "gmx", .connections = 3, .log_in_gap = 60, .has_help = TRUE },
  { "pop3.web.de", POP3, "web.de", .connections = 3, .interval = 900, .log_in_gap = 900,
    .local_part = "web.de", .has_help = TRUE },
  { "imap.ionos.de", IMAP, "ionos", .log_in_gap = 60 },
  { "pop.1und1.de", POP3, "ionos", .log_in_gap = 60 },
  { "securepop.t-online.de", POP3, "t-online", .has_help = TRUE },
  { "ssl0.ovh.net", IMAP, "ovh", .log_in_gap = 60 },
  { "imap.fastmail.com", IMAP, "fastmail", .has_help = TRUE },
  { "imap.yandex.com", IMAP, "yandex", .has_help = TRUE },
  { "imap.mail.ru", IMAP, "mail.ru", .has_help = TRUE },
  { "imap.zoho.eu", IMAP, "zoho", .has_help = TRUE },
  { "imap.163.com", IMAP, "netease", .has_help = TRUE },
  { "imap.qq.com", IMAP, "qq", .has_help = TRUE },
  { "imap.free.fr", IMAP, "free.fr", .local_part = "free.fr" },
  { "imap.laposte.net", IMAP, "laposte", .local_part = "laposte.net" },
  { "imap.wp.pl", IMAP, "wp.pl", .local_part = "wp.pl" },
  { "poczta.o2.pl", IMAP, "o2.pl", .local_part = "o2.pl" },
  { "mail.example.net", IMAP, "" },
  { "gmail.com.example.net", IMAP, "" },
  { "notgmail.com", IMAP, "" },
  { "192.0.2.1", POP3, "" },
};

static void
test_rows (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const Row *row = &rows[i];
      const PfProvider *known = pf_providers_lookup (row->server, row->protocol);

      g_test_message ("%s", row->server);
      g_assert_cmpstr (known->name, ==, row->name);
      g_assert_cmpuint (known->connections, ==, row->connections);
      g_assert_cmpuint (known->interval, ==, row->interval);
      g_assert_cmpuint (known->log_in_gap, ==, row->log_in_gap);
      g_assert_cmpuint (known->idle, ==, row->idle);
      g_assert_cmpuint (known->window, ==, row->window);
      g_assert_cmpuint (known->pause, ==, row->pause);
      g_assert_cmpint (known->two_steps, ==, row->two_steps);
      g_assert_cmpint (known->lists_part, ==, row->lists_part);
      g_assert_cmpint (known->estimates, ==, row->estimates);
      g_assert_cmpint (known->trash, ==, row->trash);
      g_assert_cmpint (known->labels, ==, row->labels);
      g_assert_cmpstr (known->skip_folders[0], ==, row->skipped);
      g_assert_cmpstr (known->local_part[0], ==, row->local_part);
      g_assert_cmpint (*known->log_in_help != '\0', ==, row->has_help);
      g_assert_cmpint (pf_provider_is_busy (known, row->busy != NULL ? row->busy : "no such user"),
                       ==, row->busy != NULL);
    }
}

/* Whoever adds a provider adds its row above. */
static void
test_every_group_has_a_row (void)
{
  g_autofree char *path =
      g_test_build_filename (G_TEST_DIST, "..", "accounts", "providers.conf", NULL);
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_auto (GStrv) groups = NULL;

  g_assert_true (g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, NULL));
  groups = g_key_file_get_groups (file, NULL);
  for (guint i = 0; groups[i] != NULL; i++)
    {
      gboolean found = FALSE;

      for (guint j = 0; j < G_N_ELEMENTS (rows); j++)
        {
          static const char *const ends[] = { "", " imap", " pop3" };

          for (guint k = 0; k < G_N_ELEMENTS (ends); k++)
            {
              g_autofree char *name = g_strconcat (rows[j].name, ends[k], NULL);

              found = found || g_strcmp0 (name, groups[i]) == 0;
            }
        }
      if (!found)
        g_error ("no row for [%s]", groups[i]);
    }
}

static void
test_user_names (void)
{
  static const struct
  {
    const char *server, *address, *wanted;
  } table[] = {
    { "imap.mail.me.com", "tim@icloud.com", "tim" },
    { "imap.mail.me.com", "tim@ME.com", "tim" },
    { "imap.mail.me.com", "tim@example.org", "tim@example.org" },
    { "imap.web.de", "tim@web.de", "tim" },
    { "imap.gmail.com", "tim@gmail.com", "tim@gmail.com" },
    { "mail.example.net", "tim@icloud.com", "tim@icloud.com" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autofree char *name =
          pf_provider_user_name (pf_providers_lookup (table[i].server, IMAP), table[i].address);

      g_assert_cmpstr (name, ==, table[i].wanted);
    }
}

static PfSettings *
settings_of (const char *text)
{
  g_autoptr (GPtrArray) faults =
      g_ptr_array_new_with_free_func ((GDestroyNotify) pf_settings_fault_free);
  PfSettings *settings = pf_settings_from_file (text, strlen (text), faults);

  g_assert_nonnull (settings);
  return settings;
}

/* What fails it: fill_by_provider() without its looks at what was given. */
static void
test_settings_win (void)
{
  g_autoptr (PfSettings) by_data =
      settings_of ("[Account]\nAddress=tim@web.de\nServer=imap.web.de\nLocalUser=tim\n");
  g_autoptr (PfSettings) by_hand =
      settings_of ("[Account]\nAddress=tim@web.de\nServer=imap.web.de\nLocalUser=tim\n"
                   "UserName=tim@web.de\nInterval=120\n");

  g_assert_cmpstr (by_data->user_name, ==, "tim");
  g_assert_cmpuint (by_data->interval, ==, 900);
  g_assert_cmpstr (by_hand->user_name, ==, "tim@web.de");
  g_assert_cmpuint (by_hand->interval, ==, 120);
}

static void
test_a_file_is_laid_over (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PfProviders) own =
      pf_providers_parse ("[gmail]\nServers=*.gmail.com;mail.example.net\n[gmail imap]\n"
                          "Removal=expunge\n[ours]\nServers=mx.example.net\nConnections=50\n",
                          pf_providers_builtin (), &error);
  const PfProvider *known;

  g_assert_no_error (error);
  known = pf_providers_find (own, "mail.example.net", IMAP);
  g_assert_cmpstr (known->name, ==, "gmail");
  g_assert_false (known->trash);
  g_assert_true (known->labels);
  g_assert_cmpuint (pf_providers_find (own, "mx.example.net", POP3)->connections, ==, 50);
  g_assert_cmpstr (pf_providers_find (own, "imap.mail.me.com", IMAP)->name, ==, "icloud");
}

static void
test_mistakes_are_told (void)
{
  static const char *const texts[] = { "[a]\nConnections=many\n", "[a]\nRemoval=perhaps\n",
                                       "[a]\nColour=red\n", "Connections=1\n",
                                       "[a]\nPause=86401\n" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (pf_providers_parse (texts[i], pf_providers_builtin (), &error));
      g_assert_nonnull (error);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/providers/rows", test_rows);
  g_test_add_func ("/providers/every-group", test_every_group_has_a_row);
  g_test_add_func ("/providers/user-names", test_user_names);
  g_test_add_func ("/providers/settings-win", test_settings_win);
  g_test_add_func ("/providers/laid-over", test_a_file_is_laid_over);
  g_test_add_func ("/providers/mistakes", test_mistakes_are_told);
  return g_test_run ();
}
