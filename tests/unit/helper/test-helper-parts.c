/* The pure parts of postferry-deliver. */
#include "helper/command.h"
#include "helper/folder.h"
#include "helper/maildir.h"
#include "helper/policy.h"
#include "helper/quota.h"

#include <string.h>

static void
test_folder (void)
{
  static const struct
  {
    const char *folder, *directory;
  } rows[] = {
    { "", NULL },
    { "INBOX", NULL },
    { "inbox", NULL },
    { "Junk", ".Junk" },
    { "A/B", ".A.B" },
    { "R&D", ".R&-D" },
    { "Entw\xc3\xbcrfe", ".Entw&APw-rfe" },
    { "\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e",
      ".&U,BTFw-.&ZeVnLIqe-" }, /* RFC 3501 5.1.3 */
    { "\xf0\x9f\x93\xa7", ".&2D3c5w-" },
    { "a\xc3\xbc&\xc3\xbc", ".a&APw-&-&APw-" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *directory = pf_folder_directory (rows[i].folder);

      g_assert_cmpstr (directory, ==, rows[i].directory);
    }
}

static void
test_name (void)
{
  g_autofree char *name = pf_maildir_name ("0123456789abcdef0123456789abcdefXX");

  g_assert_cmpstr (name, ==, "0.0123456789abcdef0123456789abcdef.postferry");
  g_assert_true (pf_maildir_is_name ("0.0123456789abcdef0123456789abcdef.postferry", name));
  g_assert_true (pf_maildir_is_name ("0.0123456789abcdef0123456789abcdef.postferry:2,", name));
  g_assert_true (pf_maildir_is_name ("0.0123456789abcdef0123456789abcdef.postferry:2,FRS", name));
  g_assert_true (
      pf_maildir_is_name ("0.0123456789abcdef0123456789abcdef.postferry,S=12:2,S", name));
  g_assert_true (pf_maildir_is_name ("0.0123456789abcdef0123456789abcdef.postferry!2,S", name));
  g_assert_false (pf_maildir_is_name ("0.0123456789abcdef0123456789abcdef.postferry2", name));
  g_assert_false (pf_maildir_is_name ("0.1123456789abcdef0123456789abcdef.postferry", name));
}

static PfServiceSettings *
settings (const char *mailbox, const char *command, guint minimum_uid)
{
  static PfServiceSettings self;

  self.mailbox = (char *) mailbox;
  self.command = (char *) command;
  self.minimum_uid = minimum_uid;
  self.max_message_size = 1000;
  return &self;
}

/* Fails when `if (!trusted)` is taken out of decide_command(): then the daemon's user could run
 * what it likes as every user. */
static void
test_policy_command (void)
{
  PfPolicy policy;

  pf_policy_decide (&policy, settings ("~/Maildir", "/usr/bin/procmail -d %u", 1000), FALSE, FALSE);
  g_assert_nonnull (policy.refusal);
  g_assert_null (policy.command);
  pf_policy_clear (&policy);

  pf_policy_decide (&policy, settings ("~/Maildir", "/usr/bin/procmail -d '%u x'", 1000), TRUE,
                    FALSE);
  g_assert_null (policy.refusal);
  g_assert_cmpstr (policy.command[2], ==, "%u x");
  pf_policy_clear (&policy);

  pf_policy_decide (&policy, settings ("~/Maildir", "/bin/cat", 1000), FALSE, TRUE);
  g_assert_null (policy.refusal);
  pf_policy_clear (&policy);

  pf_policy_decide (&policy, settings ("~/Maildir", "procmail", 1000), TRUE, FALSE);
  g_assert_nonnull (policy.refusal);
  pf_policy_clear (&policy);
  pf_policy_decide (&policy, settings ("~/Maildir", "/bin/cat 'x", 1000), TRUE, FALSE);
  g_assert_nonnull (policy.refusal);
  pf_policy_clear (&policy);
  pf_policy_decide (&policy, settings ("Maildir", "", 1000), TRUE, FALSE);
  g_assert_nonnull (policy.refusal);
  pf_policy_clear (&policy);
}

/* Fails when pf_policy_decide() takes settings->minimum_uid as it is. */
static void
test_policy_uid (void)
{
  PfPolicy policy;

  pf_policy_decide (&policy, settings ("~/Maildir", "", 1), FALSE, FALSE);
  g_assert_cmpuint (policy.minimum_uid, ==, 1000);
  pf_policy_clear (&policy);
  pf_policy_decide (&policy, settings ("~/Maildir", "", 5000), FALSE, FALSE);
  g_assert_cmpuint (policy.minimum_uid, ==, 5000);
  pf_policy_clear (&policy);
  pf_policy_decide (&policy, settings ("~/Maildir", "", 500), TRUE, FALSE);
  g_assert_cmpuint (policy.minimum_uid, ==, 500);
  pf_policy_clear (&policy);
}

static void
test_policy_roots (void)
{
  g_assert_true (pf_policy_is_roots (&(struct stat){ .st_mode = S_IFREG | 0644 }));
  g_assert_false (pf_policy_is_roots (&(struct stat){ .st_mode = S_IFREG | 0664 }));
  g_assert_false (pf_policy_is_roots (&(struct stat){ .st_mode = S_IFREG | 0646 }));
  g_assert_false (pf_policy_is_roots (&(struct stat){ .st_mode = S_IFREG | 0644, .st_uid = 1 }));
  g_assert_false (pf_policy_is_roots (&(struct stat){ .st_mode = S_IFLNK | 0644 }));
}

/* Fails when `uid != 0 &&` is taken out of pf_identity_is_allowed(), since a file of root's may say
 * MinimumUid=0. */
static void
test_allowed (void)
{
  PfPolicy policy = { .minimum_uid = 0 };

  g_assert_false (pf_identity_is_allowed (&policy, "root", 0, 0));
  g_assert_true (pf_identity_is_allowed (&policy, "alice", 1, 0));
  g_assert_false (pf_identity_is_allowed (&policy, "nobody", 65534, 0));
  g_assert_false (pf_identity_is_allowed (&policy, "nobody", 99, 0));
  g_assert_false (pf_identity_is_allowed (&policy, "x", (uid_t) -1, 0));
  policy.minimum_uid = 1000;
  g_assert_false (pf_identity_is_allowed (&policy, "daemon", 999, 0));
  g_assert_true (pf_identity_is_allowed (&policy, "alice", 1000, 0));
  policy.session = TRUE;
  g_assert_true (pf_identity_is_allowed (&policy, "me", 500, 500));
  g_assert_false (pf_identity_is_allowed (&policy, "other", 1000, 500));
}

static void
test_path (void)
{
  static const char *const rows[][2] = {
    { "~", "/home/alice" },
    { "~/Maildir", "/home/alice/Maildir" },
    { "/srv/mail/%u", "/srv/mail/alice" },
    { "/srv/%u/mail/%u", "/srv/alice/mail/alice" },
    { "/srv/mail", "/srv/mail" },
  };
  const PfIdentity identity = { .name = (char *) "alice", .home = (char *) "/home/alice" };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = pf_mailbox_path (rows[i][0], &identity);

      g_assert_cmpstr (path, ==, rows[i][1]);
    }
}

static void
test_command_expand (void)
{
  char *const command[] = { (char *) "/x", (char *) "-d%u", (char *) "%%u", (char *) "%s %", NULL };
  g_auto (GStrv) arguments = pf_command_expand (command, "alice");

  g_assert_cmpstr (arguments[0], ==, "/x");
  g_assert_cmpstr (arguments[1], ==, "-dalice");
  g_assert_cmpstr (arguments[2], ==, "%u");
  g_assert_cmpstr (arguments[3], ==, "%s %");
  g_assert_null (arguments[4]);
}

static void
test_command_judge (void)
{
  g_assert_cmpint (pf_command_judge (0 << 8), ==, PF_HELPER_DONE);
  g_assert_cmpint (pf_command_judge (65 << 8), ==, PF_HELPER_REFUSED);
  g_assert_cmpint (pf_command_judge (67 << 8), ==, PF_HELPER_NO_USER);
  g_assert_cmpint (pf_command_judge (75 << 8), ==, PF_HELPER_TEMPORARY);
  g_assert_cmpint (pf_command_judge (1 << 8), ==, PF_HELPER_TEMPORARY);
  g_assert_cmpint (pf_command_judge (80 << 8), ==, PF_HELPER_TEMPORARY);
  g_assert_cmpint (pf_command_judge (9), ==, PF_HELPER_TEMPORARY); /* killed */
}

static void
check_quota (const char *text,
             gboolean good,
             guint64 max_octets,
             guint64 max_messages,
             gint64 octets,
             gint64 messages)
{
  PfQuota quota = { .fd = -1 };

  g_assert_cmpint (pf_quota_parse (&quota, text, strlen (text)), ==, good);
  if (!good)
    return;
  g_assert_cmpuint (quota.max_octets, ==, max_octets);
  g_assert_cmpuint (quota.max_messages, ==, max_messages);
  g_assert_cmpint (quota.octets, ==, octets);
  g_assert_cmpint (quota.messages, ==, messages);
}

static void
test_quota (void)
{
  check_quota ("1000S,10C\n500 3\n-100 -1\n", TRUE, 1000, 10, 400, 2);
  check_quota ("10C\n", TRUE, 0, 10, 0, 0);
  check_quota ("1000S", TRUE, 1000, 0, 0, 0);
  check_quota ("7S\n9223372036854775807 1\n9223372036854775807 1\n", TRUE, 7, 0, G_MAXINT64, 2);
  check_quota ("nonsense\n", FALSE, 0, 0, 0, 0);
  check_quota ("", FALSE, 0, 0, 0, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/helper/folder", test_folder);
  g_test_add_func ("/helper/name", test_name);
  g_test_add_func ("/helper/policy/command", test_policy_command);
  g_test_add_func ("/helper/policy/uid", test_policy_uid);
  g_test_add_func ("/helper/policy/roots", test_policy_roots);
  g_test_add_func ("/helper/allowed", test_allowed);
  g_test_add_func ("/helper/path", test_path);
  g_test_add_func ("/helper/command/expand", test_command_expand);
  g_test_add_func ("/helper/command/judge", test_command_judge);
  g_test_add_func ("/helper/quota", test_quota);
  return g_test_run ();
}
