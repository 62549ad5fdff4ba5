/* [Filter]: defaults, what is taken and refused, changes that leave the rest of the file alone. */
#include "accounts/filter-policy.h"
#include "accounts/key-edit.h"
#include "accounts/service-settings.h"
#include "accounts/settings.h"

#include <glib/gstdio.h>
#include <string.h>

static void
test_defaults (void)
{
  g_autoptr (PfFilterPolicy) policy = pf_filter_policy_new ();
  g_autoptr (GVariant) values = g_variant_ref_sink (pf_filter_policy_to_vardict (policy));
  double score;
  guint64 size;

  g_assert_cmpstr (policy->rspamd_url, ==, "auto");
  g_assert_cmpstr (policy->clamd_socket, ==, "auto");
  g_assert_cmpuint (policy->max_scan_size, ==, 50 * 1024 * 1024);
  g_assert_cmpstr (policy->block_classes[0], ==, "executables");
  g_assert_null (policy->block_classes[1]);
  g_assert_cmpint (policy->on_spam, ==, PF_ON_JUNK);
  g_assert_cmpint (policy->on_virus, ==, PF_ON_QUARANTINE);
  g_assert_cmpint (policy->on_attachment, ==, PF_ON_QUARANTINE);
  g_assert_cmpint (policy->on_blocked_sender, ==, PF_ON_QUARANTINE);
  g_assert_cmpint (policy->on_scanner_failure, ==, PF_ON_FAILURE_DELIVER);
  g_assert_cmpuint (policy->defer_hours, ==, 24);
  g_assert_cmpuint (policy->quarantine_days, ==, 30);
  g_assert_true (g_variant_lookup (values, "JunkScore", "d", &score));
  g_assert_true (g_variant_lookup (values, "MaxScanSize", "t", &size));
  g_assert_cmpuint (g_variant_n_children (values), ==, 21);
}

/* (transfer full): what the changes make of @text; the faults' texts where there are any. */
static char *
edit (const char *text, const char *changes)
{
  g_autoptr (GPtrArray) faults =
      g_ptr_array_new_with_free_func ((GDestroyNotify) pf_settings_fault_free);
  g_autoptr (GVariant) values = g_variant_ref_sink (g_variant_new_parsed (changes, NULL));
  g_autofree char *edited = pf_filter_policy_edit (text, values, faults);
  GString *told;

  if (edited != NULL)
    return g_steal_pointer (&edited);
  told = g_string_new ("!");
  for (guint i = 0; i < faults->len; i++)
    g_string_append_printf (told, "%s;", ((PfSettingsFault *) faults->pdata[i])->text);
  return g_string_free (told, FALSE);
}

static void
test_changes (void)
{
  static const struct
  {
    const char *changes, *file;
  } cases[] = {
    { "{'OnSpam': <'quarantine'>}", "[Filter]\nOnSpam=quarantine\n" },
    { "{'OnSpam': <''>}", "" },
    { "{'JunkScore': <6.5>}", "[Filter]\nJunkScore=6.5\n" },
    { "{'JunkScore': <5.1>}", "[Filter]\nJunkScore=5.1\n" },
    { "{'JunkScore': <'6.5'>}", "[Filter]\nJunkScore=6.5\n" },
    { "{'QuarantineScore': <15>}", "[Filter]\nQuarantineScore=15\n" },
    { "{'MaxScanSize': <'1M'>}", "[Filter]\nMaxScanSize=1048576\n" },
    { "{'MaxScanSize': <uint64 7>}", "[Filter]\nMaxScanSize=7\n" },
    { "{'BlockExtensions': <['.EXE', '*.scr', 'js']>}", "[Filter]\nBlockExtensions=exe;scr;js\n" },
    { "{'BlockClasses': <'Archives;office-macros'>}",
      "[Filter]\nBlockClasses=archives;office-macros\n" },
    { "{'RspamdUrl': <'http://[::1]:11333'>}", "[Filter]\nRspamdUrl=http://[::1]:11333\n" },
    { "{'RspamdUrl': <'unix:/run/rspamd.sock'>}", "[Filter]\nRspamdUrl=unix:/run/rspamd.sock\n" },
    { "{'ClamdSocket': <'tcp:localhost:3310'>}", "[Filter]\nClamdSocket=tcp:localhost:3310\n" },
    { "{'AllowSenders': <['a@example.org', 'example.net']>}",
      "[Filter]\nAllowSenders=a@example.org;example.net\n" },
    { "{'OnSpam': <'mood'>}",
      "!OnSpam=mood: allowed is deliver, junk, quarantine, defer or discard;" },
    { "{'OnScannerFailure': <'discard'>}",
      "!OnScannerFailure=discard: allowed is deliver, quarantine or defer;" },
    { "{'OnSpan': <'junk'>}", "!OnSpan: there is no such setting; did you mean OnSpam?;" },
    { "{'JunkScore': <-1.0>}",
      "!JunkScore=-1.0: allowed is a score from 0 (by Rspamd's action) to 10000, such as 6.5;" },
    { "{'JunkScore': <'nan'>}",
      "!JunkScore=nan: allowed is a score from 0 (by Rspamd's action) to 10000, such as 6.5;" },
    { "{'JunkScore': <true>}", "!JunkScore=(a value of type b): allowed is a score from 0 (by "
                               "Rspamd's action) to 10000, such as 6.5;" },
    { "{'RspamdUrl': <'http://name:word@host/'>}",
      "!RspamdUrl=http://name:word@host/: no name or password may stand in it: every local user "
      "may read the policy;" },
    { "{'RspamdUrl': <'ftp://host/'>}", "!RspamdUrl=ftp://host/: allowed is http://HOST:PORT, "
                                        "https://HOST:PORT, unix:/PATH, auto or off;" },
    { "{'ClamdSocket': <'tcp:localhost'>}", "!ClamdSocket=tcp:localhost: allowed is unix:/PATH, "
                                            "tcp:HOST:PORT, auto or off;" },
    { "{'BlockClasses': <['music']>}", "!BlockClasses=music: allowed is a list of executables, "
                                       "archives, office-macros and encrypted-archives, or none;" },
    { "{'BlockExtensions': <['a.b']>}",
      "!BlockExtensions=a.b: allowed is a list of file name extensions, such as exe;scr;" },
    { "{'SubjectPrefix': <'a\\nOnVirus=deliver'>}",
      "!SubjectPrefix=a\\x0aOnVirus=deliver: line breaks and control characters are not allowed;" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *file = edit ("", cases[i].changes);

      g_assert_cmpstr (file, ==, cases[i].file);
    }
}

static void
test_edit_keeps_the_rest (void)
{
  static const struct
  {
    const char *before, *key, *value, *after;
  } cases[] = {
    { "", "A", "1", "[G]\nA=1\n" },
    { "", "A", NULL, "" },
    { "[G]\n", "A", "1", "[G]\nA=1\n" },
    { "[G]\nA=0\n", "A", "1", "[G]\nA=1\n" },
    { "[G]\n  A = 0\nB=2", "A", "1", "[G]\nA=1\nB=2\n" },
    { "[G]\nA=0\n", "A", NULL, "[G]\n" },
    { "# top\n\n[G]\n# about B\nB=2\n\n[H]\nA=9\n", "A", "1",
      "# top\n\n[G]\n# about B\nB=2\nA=1\n\n[H]\nA=9\n" },
    /* Its own example, not another group's and not a longer name's. */
    { "[H]\n#A=7\n[G]\nB=2\n# about A\n#A=0\n#AB=3\nC=4\n", "A", "1",
      "[H]\n#A=7\n[G]\nB=2\n# about A\n#A=0\nA=1\n#AB=3\nC=4\n" },
    { "[H]\nA=7\n", "A", "1", "[H]\nA=7\n\n[G]\nA=1\n" },
    { "\xef\xbb\xbf[G]\nA=0\n", "A", "1", "\xef\xbb\xbf[G]\nA=1\n" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *after = pf_key_edit (cases[i].before, "G", cases[i].key, cases[i].value);

      g_assert_cmpstr (after, ==, cases[i].after);
    }
}

/* The file that is installed, changed and read again. */
static void
test_installed_file (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "postferry.conf", NULL);
  g_autofree char *changed_path =
      g_build_filename (g_get_tmp_dir (), "postferry-filter-policy.conf", NULL);
  g_autofree char *text = NULL, *changed = NULL;
  g_autoptr (PfServiceSettings) settings = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  changed = edit (text, "{'OnVirus': <'discard'>, 'JunkScore': <5.0>, 'Timeout': <uint32 9>}");
  g_assert_nonnull (strstr (changed, "#OnVirus=quarantine\nOnVirus=discard\n"));
  g_assert_nonnull (strstr (changed, "#Timeout=60\nTimeout=9\n"));
  g_file_set_contents (changed_path, changed, -1, &error);
  g_assert_no_error (error);
  settings = pf_service_settings_load (changed_path, &error);
  g_assert_no_error (error);
  g_unlink (changed_path);
  g_assert_cmpint (settings->filter->on_virus, ==, PF_ON_DISCARD);
  g_assert_cmpuint (settings->filter->timeout, ==, 9);
  g_assert_cmpuint (settings->delivery_timeout, ==, 600);
  g_assert_cmpfloat (settings->filter->junk_score, ==, 5);
}

/* Mutant: settings-file.c begins with an empty file: an administrator's remarks are gone. */
static void
test_account_file_keeps_remarks (void)
{
  static const char before[] = "# for the shop\n[Account]\nServer=mx.example.org\n# who\n"
                               "LocalUser=alice\nAddress=a@example.org\nInterval=60\n";
  g_autoptr (GPtrArray) faults =
      g_ptr_array_new_with_free_func ((GDestroyNotify) pf_settings_fault_free);
  g_autoptr (PfSettings) settings = pf_settings_from_file (before, strlen (before), faults);
  g_autoptr (GVariant) changes = g_variant_ref_sink (
      g_variant_new_parsed ("{'Interval': <''>, 'LocalUser': <'bob'>, 'Note': <'x'>}"));
  g_autoptr (PfSettings) changed = pf_settings_from_vardict (settings, changes, faults);
  g_autofree char *after = pf_settings_to_file (changed, before);

  g_assert_cmpuint (faults->len, ==, 0);
  g_assert_cmpstr (after, ==,
                   "# for the shop\n[Account]\nServer=mx.example.org\n# who\n"
                   "LocalUser=bob\nAddress=a@example.org\nNote=x\n");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/filter-policy/defaults", test_defaults);
  g_test_add_func ("/filter-policy/changes", test_changes);
  g_test_add_func ("/filter-policy/installed-file", test_installed_file);
  g_test_add_func ("/key-edit/keeps-the-rest", test_edit_keeps_the_rest);
  g_test_add_func ("/key-edit/account-file-keeps-remarks", test_account_file_keeps_remarks);
  return g_test_run ();
}
