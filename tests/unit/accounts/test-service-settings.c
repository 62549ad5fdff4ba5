/* postferry.conf: defaults, every key, what is refused and how that is said. */
#include "accounts/service-settings.h"

#include "base/limits.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

static char *folder;

static PfServiceSettings *
load (const char *text, GError **error)
{
  g_autofree char *path = g_build_filename (folder, "postferry.conf", NULL);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  return pf_service_settings_load (path, error);
}

static PfServiceSettings *
load_good (const char *text)
{
  g_autoptr (GError) error = NULL;
  PfServiceSettings *settings = load (text, &error);

  g_assert_no_error (error);
  return settings;
}

static void
assert_defaults (const PfServiceSettings *settings)
{
  g_assert_cmpstr (settings->target, ==, "local");
  g_assert_cmpstr (settings->junk_folder, ==, "Junk");
  g_assert_cmpint (settings->junk_by, ==, PF_JUNK_BY_FOLDER);
  g_assert_cmpuint (settings->delivery_timeout, ==, 600);
  g_assert_cmpstr (settings->mailbox, ==, "~/Maildir");
  g_assert_cmpstr (settings->command, ==, "");
  g_assert_cmpuint (settings->minimum_uid, ==, 1000);
  g_assert_cmpuint (settings->connections, ==, 64);
  g_assert_cmpuint (settings->connections_per_server, ==, 0);
  g_assert_cmpuint (settings->max_message_size, ==, PF_LIMIT_MESSAGE_SIZE);
  g_assert_cmpuint (settings->minimum_free_disk, ==, 0);
  g_assert_cmpuint (settings->connect_timeout, ==, 30);
  g_assert_cmpuint (settings->connect_timeout, ==, PF_LIMIT_CONNECT_SECONDS);
  g_assert_cmpuint (settings->reply_timeout, ==, 60);
  g_assert_cmpuint (settings->command_timeout, ==, 900);
  g_assert_cmpstr (settings->log_target, ==, "syslog");
  g_assert_cmpuint (settings->keep_days, ==, 30);
  g_assert_cmpstr (settings->notify_mail, ==, "");
  g_assert_cmpstr (settings->secrets_backend, ==, "");
}

/* DESIGN 6, to the letter. */
static void
test_defaults (void)
{
  g_autofree char *missing = g_build_filename (folder, "missing.conf", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (PfServiceSettings) none = pf_service_settings_load (missing, &error);
  g_autoptr (PfServiceSettings) empty = load_good ("");
  g_autoptr (PfServiceSettings) unset = load_good ("[Limits]\nMaxMessageSize=\nMinimumFreeDisk=\n"
                                                   "[Notify]\nMail=\n[Local]\nCommand=\n");

  g_assert_no_error (error);
  assert_defaults (none);
  assert_defaults (empty);
  assert_defaults (unset);
}

/* What is installed is commented, says every key, and each with its default. */
static void
test_installed (void)
{
  g_autofree char *text = NULL;
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "postferry.conf", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GRegex) regex = g_regex_new ("^#([A-Z][A-Za-z0-9]*=.*)$", G_REGEX_MULTILINE, 0, NULL);
  g_autofree char *uncommented = NULL;
  g_autoptr (PfServiceSettings) settings = NULL, active = NULL;
  static const char *const keys[] = { "Target=",           "JunkFolder=",
                                      "JunkBy=",           "Timeout=",
                                      "Mailbox=",          "Command=",
                                      "MinimumUid=",       "Connections=",
                                      "MaxMessageSize=",   "ConnectionsPerServer=",
                                      "MinimumFreeDisk=",  "ConnectTimeout=",
                                      "ReplyTimeout=",     "CommandTimeout=",
                                      "KeepDays=",         "Mail=",
                                      "Backend=",          "RspamdUrl=",
                                      "JunkScore=",        "QuarantineScore=",
                                      "SubjectPrefix=",    "ClamdSocket=",
                                      "MaxScanSize=",      "BlockClasses=",
                                      "BlockExtensions=",  "AllowSenders=",
                                      "BlockSenders=",     "AllowRecipients=",
                                      "OnSpam=",           "OnVirus=",
                                      "OnAttachment=",     "OnBlockedSender=",
                                      "QuarantineDays=",   "RspamdControllerUrl=",
                                      "QuarantineDigest=", "OnScannerFailure=",
                                      "DeferHours=" };

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  active = load_good (text);
  assert_defaults (active);
  uncommented = g_regex_replace (regex, text, -1, 0, "\\1", 0, &error);
  g_assert_no_error (error);
  settings = load_good (uncommented);
  assert_defaults (settings);
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      g_autofree char *line = g_strconcat ("\n", keys[i], NULL);

      if (strstr (uncommented, line) == NULL)
        g_error ("%s is not told", keys[i]);
    }
}

static void
test_taken (void)
{
  static const char *const targets[] = { "local", "lmtp:unix:/run/dovecot/lmtp",
                                         "lmtp:localhost:24", "lmtp:192.0.2.1:24",
                                         "lmtp:[2001:db8::1]:24" };
  static const char *const logs[] = { "syslog", "journal", "stderr",
                                      "file:/var/log/postferry.log" };
  g_autoptr (PfServiceSettings) settings = load_good (
      "[Delivery]\nTarget=lmtp:unix:/run/x\nJunkFolder=Mail/Junk\nJunkBy=Detail\nTimeout=30\n"
      "[Local]\nMailbox=/var/mail/%u\nCommand=/usr/bin/deliver -d %u\nMinimumUid=0\n"
      "[Limits]\nConnections=1\nConnectionsPerServer=2\nMaxMessageSize=150M\n"
      "MinimumFreeDisk=2g\nConnectTimeout=1\nReplyTimeout=2\nCommandTimeout=3\n"
      "[Log]\nTarget=journal\nKeepDays=7\n[Notify]\nMail=root\n[Secrets]\nBackend=keyring\n"
      "[Filter]\nRspamdUrl=off\nTimeout=5\nOnSpam=defer\n");

  g_assert_cmpstr (settings->target, ==, "lmtp:unix:/run/x");
  g_assert_cmpint (settings->junk_by, ==, PF_JUNK_BY_DETAIL);
  g_assert_cmpstr (settings->junk_folder, ==, "Mail/Junk");
  g_assert_cmpuint (settings->delivery_timeout, ==, 30);
  g_assert_cmpstr (settings->mailbox, ==, "/var/mail/%u");
  g_assert_cmpstr (settings->command, ==, "/usr/bin/deliver -d %u");
  g_assert_cmpuint (settings->minimum_uid, ==, 0);
  g_assert_cmpuint (settings->connections, ==, 1);
  g_assert_cmpuint (settings->connections_per_server, ==, 2);
  g_assert_cmpuint (settings->max_message_size, ==, 150 * PF_MIB);
  g_assert_cmpuint (settings->minimum_free_disk, ==, 2048ULL * PF_MIB);
  g_assert_cmpuint (settings->connect_timeout, ==, 1);
  g_assert_cmpuint (settings->reply_timeout, ==, 2);
  g_assert_cmpuint (settings->command_timeout, ==, 3);
  g_assert_cmpuint (settings->keep_days, ==, 7);
  g_assert_cmpstr (settings->log_target, ==, "journal");
  g_assert_cmpstr (settings->notify_mail, ==, "root");
  g_assert_cmpstr (settings->secrets_backend, ==, "keyring");
  for (guint i = 0; i < G_N_ELEMENTS (targets); i++)
    {
      g_autofree char *text = g_strdup_printf ("[Delivery]\nTarget=%s\n", targets[i]);
      g_autoptr (PfServiceSettings) one = load_good (text);

      g_assert_cmpstr (one->target, ==, targets[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (logs); i++)
    {
      g_autofree char *text = g_strdup_printf ("[Log]\nTarget=%s\n", logs[i]);
      g_autoptr (PfServiceSettings) one = load_good (text);

      g_assert_cmpstr (one->log_target, ==, logs[i]);
    }
}

static void
test_refused (void)
{
  static const struct
  {
    const char *text, *said;
  } cases[] = {
    { "[Delivery]\nTarget=smtp:x:25\n",
      "postferry.conf:2: [Delivery] Target=smtp:x:25: allowed is local, lmtp:unix:/PATH" },
    { "[Delivery]\nTarget=lmtp:unix:run/x\n", ":2: [Delivery] Target=" },
    { "[Delivery]\nTarget=lmtp:localhost\n", ":2: [Delivery] Target=" },
    { "[Delivery]\nTarget=lmtp:localhost:0\n", ":2: [Delivery] Target=" },
    { "[Delivery]\nTarget=lmtp:localhost:70000\n", ":2: [Delivery] Target=" },
    { "[Delivery]\nTarget=lmtp:2001:db8::1:24\n", ":2: [Delivery] Target=" },
    { "[Delivery]\nTarget=lmtp::24\n", ":2: [Delivery] Target=" },
    { "[Delivery]\nJunkBy=mood\n", "allowed is folder, header or detail" },
    { "[Delivery]\nJunkFolder=../x\n", "JunkFolder=../x" },
    { "[Delivery]\nTimeout=0\n", "[Delivery] Timeout=0: allowed is a number of seconds" },
    { "[Local]\nMailbox=Maildir\n", "Mailbox=Maildir: allowed is a folder that begins with ~" },
    { "[Local]\nMailbox=~other/x\n", "Mailbox=~other/x" },
    { "[Local]\nCommand=deliver\n", "absolute path" },
    { "[Local]\nMinimumUid=-1\n", "MinimumUid=-1" },
    { "[Limits]\nConnections=0\n", "Connections=0" },
    { "[Limits]\nConnections=many\n", "Connections=many" },
    { "[Limits]\n\n# x\nMaxMessageSize=10T\n", ":4: [Limits] MaxMessageSize=10T" },
    { "[Limits]\nMaxMessageSize=99999G\n", "MaxMessageSize=99999G" },
    { "[Log]\nTarget=syslogd\n", "[Log] Target=syslogd: allowed is syslog, journal, stderr" },
    { "[Log]\nTarget=file:log\n", "Target=file:log" },
    { "[Log]\nKeepDays=0\n", "KeepDays=0" },
    { "[Notify]\nMail=a b\n", "Mail=a b" },
    { "[Secrets]\nBackend=file\n", "keyring or secret-service" },
    { "[Delivry]\nTarget=local\n", ":1: [Delivry]: there is no such group" },
    { "[Limits]\nConnection=5\n", ":2: Connection: there is no such setting; did you mean Conn" },
    { "[Filter]\nRspamdURL=off\n", "did you mean RspamdUrl?" },
    { "[Filter]\nNonsense=off\n", "Nonsense: there is no such setting" },
    { "[Log]\nKeepDays=1\n[Limits]\n[Log]\nKeepDays=2\n",
      ":5: KeepDays is given twice, in line 2" },
    { "Target=local\n", ":1: “Target=local”: a group must stand before" },
    { "[Log]\nTarget\n", ":2: “Target”: a line is KEY=VALUE" },
    { "[Log]\nTarget=\xff\n", ":2: the file is not UTF-8" },
    /* All of them, not the first alone. */
    { "[Log]\nKeepDays=x\n[Limits]\nConnections=y\n", ":4: [Limits] Connections=y" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (load (cases[i].text, &error));
      g_assert_cmpint (error->domain, ==, G_KEY_FILE_ERROR);
      if (strstr (error->message, cases[i].said) == NULL)
        g_error ("%s: “%s”", cases[i].text, error->message);
    }
}

static void
test_unreadable (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (pf_service_settings_load (folder, &error));
  g_assert_cmpint (error->domain, ==, G_FILE_ERROR);
}

int
main (int argc, char **argv)
{
  int status;
  g_autofree char *path = NULL;

  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("pf-accounts-XXXXXX", NULL);
  path = g_build_filename (folder, "postferry.conf", NULL);
  g_test_add_func ("/service-settings/defaults", test_defaults);
  g_test_add_func ("/service-settings/installed", test_installed);
  g_test_add_func ("/service-settings/taken", test_taken);
  g_test_add_func ("/service-settings/refused", test_refused);
  g_test_add_func ("/service-settings/unreadable", test_unreadable);
  status = g_test_run ();
  g_remove (path);
  g_rmdir (folder);
  g_free (folder);
  return status;
}
