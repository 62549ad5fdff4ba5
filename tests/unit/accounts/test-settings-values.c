/* Every key of an account's settings: what it takes, in which form it is kept, what it refuses and
 * how that is said. */
#include "build.h"

#include "base/limits.h"

#include <string.h>

/* --- What is taken ---------------------------------------------------------------------------- */

typedef struct
{
  const char *key;
  const char *given; /* text form of a value */
  const char *kept;  /* the same; NULL: as it was given */
} Taken;

#define PIN "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const Taken taken[] = {
  { "Address", "'A.b+c@Example.org'", NULL },
  { "Address", "'!#$%&+-/=?^_`{|}~.1@localhost'", NULL },
  { "Address", "'info@münchen.example'", "'info@xn--mnchen-3ya.example'" },
  { "Enabled", "false", NULL },
  { "Enabled", "'no'", "false" },
  { "Enabled", "'YES'", "true" },
  { "Enabled", "'0'", "false" },
  { "Enabled", "''", "true" },
  { "Protocol", "'POP3'", "'pop3'" },
  { "Protocol", "''", "'imap'" },
  { "Security", "'StartTLS'", "'starttls'" },
  { "AllowCleartext", "true", NULL },
  { "Server", "'imap.example.org.'", "'imap.example.org'" },
  { "Server", "'localhost'", NULL },
  { "Server", "'192.0.2.1'", NULL },
  { "Server", "'[2001:db8::1]'", "'2001:db8::1'" },
  { "Server", "'2001:db8::1'", NULL },
  { "Server", "'münchen.example'", "'xn--mnchen-3ya.example'" },
  { "Port", "uint16 1", "1" },
  { "Port", "65535", "65535" },
  { "Port", "byte 0x19", "25" },
  { "Port", "int16 110", "110" },
  { "Port", "int64 995", "995" },
  { "Port", "uint64 995", "995" },
  { "Port", "'2525'", "2525" },
  { "Port", "''", "993" },
  { "UserName", "'DOMAIN\\\\user name'", NULL },
  { "UserName", "''", "'a@example.org'" },
  { "Authentication", "'Auto'", "'auto'" },
  { "Authentication", "'scram-sha-256'", "'SCRAM-SHA-256'" },
  { "Authentication", "'Scram-Sha-1'", "'SCRAM-SHA-1'" },
  { "Authentication", "'cram-md5'", "'CRAM-MD5'" },
  { "Authentication", "'plain'", "'PLAIN'" },
  { "Authentication", "'login'", "'LOGIN'" },
  { "Authentication", "'USER'", "'user'" },
  { "Authentication", "'OAuth2'", "'oauth2'" },
  { "OAuth2Provider", "'google-2'", NULL },
  { "LocalUser", "'user@example.org'", NULL },
  { "LocalUser", "'DOMAIN\\\\user'", NULL },
  { "LocalUser", "'jörg'", NULL },
  { "Folders", "['INBOX', '\\\\Junk', 'Lists/*', '!Lists/old', 'a b']", NULL },
  { "Folders", "'INBOX; \\\\junk ;x'", "['INBOX', '\\\\junk', 'x']" },
  { "Folders", "'INBOX;'", "['INBOX']" },
  { "TargetFolder", "'Lists/GNU and more'", NULL },
  { "KeepSeen", "false", NULL },
  { "AllowSenders", "['example.org', 'a@example.org']", NULL },
  { "AllowSenders", "@as []", "[]" },
  { "BlockSenders", "'example.org;b@example.org'", "['example.org', 'b@example.org']" },
  { "Remove", "'After-Days'", "'after-days'" },
  { "RemoveAfterDays", "uint32 0", "0" },
  { "RemoveAfterDays", "36500", "36500" },
  { "Initial", "'new'", NULL },
  { "CheckSpam", "false", NULL },
  { "CheckVirus", "'off'", "false" },
  { "CheckAttachments", "'on'", "true" },
  { "Interval", "60", "60" },
  { "Interval", "'86400'", "86400" },
  { "Push", "false", NULL },
  { "MaxMessageSize", "uint64 0", "0" },
  { "MaxMessageSize", "'50m'", "52428800" },
  { "MaxMessageSize", "'2G'", "2147483648" },
  { "MaxMessageSize", "'3K'", "3072" },
  { "MaxMessageSize", "'1000'", "1000" },
  { "MaxMessagesPerCheck", "uint32 4294967295", "4294967295" },
  { "Certificate", "'SHA256:" PIN "'", "'sha256:" PIN "'" },
  { "Certificate",
    "'sha256:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:"
    "89:AB:CD:EF'",
    "'sha256:" PIN "'" },
  { "Certificate", "'/etc/ssl/my ca.pem'", NULL },
  { "TrustedRelays", "['mx.example.org', '192.0.2.1', '192.0.2.0/24', '2001:db8::/32']", NULL },
  { "Proxy", "'socks5://127.0.0.1:1080'", NULL },
  { "Proxy", "'SOCKS5://proxy.example.org:1080/'", "'socks5://proxy.example.org:1080'" },
  { "Proxy", "'http://[2001:db8::1]:3128'", NULL },
  { "Note", "'Größe: 3; # no comment \\\\ \"'", NULL },
};

static void
test_taken (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (taken); i++)
    {
      g_autofree char *text = g_strdup_printf ("{'%s': <%s>}", taken[i].key, taken[i].given);
      g_autoptr (PfSettings) settings = make_good (text);
      g_autofree char *kept = print (settings, taken[i].key);

      g_assert_cmpstr (kept, ==, taken[i].kept != NULL ? taken[i].kept : taken[i].given);
    }
}

/* Every value that is taken stands in a file, and comes back as it was. */
static void
test_round_trip (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (taken); i++)
    {
      g_autoptr (GPtrArray) faults = faults_new ();
      g_autofree char *text = g_strdup_printf ("{'%s': <%s>}", taken[i].key, taken[i].given);
      g_autoptr (PfSettings) settings = make_good (text);
      g_autofree char *file = pf_settings_to_file (settings, NULL);
      g_autoptr (PfSettings) again = pf_settings_from_file (file, strlen (file), faults);
      g_autofree char *file_again = NULL;

      g_assert_nonnull (again);
      g_assert_true (pf_settings_equal (settings, again));
      file_again = pf_settings_to_file (again, NULL);
      g_assert_cmpstr (file, ==, file_again);
    }
}

/* --- What is refused -------------------------------------------------------------------------- */

typedef struct
{
  const char *key;
  const char *given;
  const char *code;
  const char *said; /* the sentence holds it */
} Refused;

static const Refused refused[] = {
  { "Address", "'a'", "syntax", "Address=a: allowed is an e-mail address" },
  { "Address", "'a@b@example.org'", "syntax", "a@b@example.org" },
  { "Address", "'@example.org'", "syntax", "Address=@example.org" },
  { "Address", "'a@'", "syntax", "Address=a@" },
  { "Address", "'a b@example.org'", "syntax", "Address=a b@" },
  { "Address", "'a@exa mple.org'", "syntax", "Address=" },
  { "Address", "'a@example..org'", "syntax", "Address=" },
  { "Address", "'a\\nb@example.org'", "syntax", "control characters" },
  { "Address", "'\"a\"@example.org'", "syntax", "Address=" },
  { "Address", "' a@example.org'", "syntax", "blanks at the ends" },
  { "Address", "''", "required", "Address is required" },
  { "Address", "5", "wrong-type", "Address=(a value of type i)" },
  { "Enabled", "'maybe'", "not-allowed", "Enabled=maybe: allowed is true or false" },
  { "Enabled", "1", "wrong-type", "type i" },
  { "Protocol", "'nntp'", "not-allowed", "Protocol=nntp: allowed is imap or pop3" },
  { "Security", "'ssl'", "not-allowed", "allowed is tls, starttls or none" },
  { "Security", "true", "wrong-type", "type b" },
  { "Server", "''", "required", "Server is required" },
  { "Server", "'pop.example.org:995'", "syntax", "a port is set with Port" },
  { "Server", "'imap://example.org'", "syntax", "no URL" },
  { "Server", "'two words'", "syntax", "Server=two words" },
  { "Server", "'-x.example.org'", "syntax", "Server=" },
  { "Server", "'/run/imap'", "syntax", "Server=" },
  { "Server", "'fe80::1%eth0'", "syntax", "Server=" },
  { "Port", "0", "out-of-range", "Port=0: allowed is a number from 1 to 65535" },
  { "Port", "65536", "out-of-range", "Port=65536" },
  { "Port", "-1", "out-of-range", "Port=-1" },
  { "Port", "int64 -9223372036854775808", "out-of-range", "Port=-9223372036854775808" },
  { "Port", "'99999999999999999999999999'", "out-of-range", "Port=9999" },
  { "Port", "'imap'", "syntax", "Port=imap" },
  { "Port", "'1K'", "syntax", "Port=1K" },
  { "Port", "'+1'", "syntax", "Port=+1" },
  { "Port", "'0x10'", "syntax", "Port=0x10" },
  { "Port", "995.0", "wrong-type", "type d" },
  { "UserName", "'a\\r\\nb'", "syntax", "control characters" },
  { "UserName", "'a '", "syntax", "blanks at the ends" },
  { "Authentication", "'ntlm'", "not-allowed", "SCRAM-SHA-256" },
  { "OAuth2Provider", "'../x'", "syntax", "OAuth2Provider=../x" },
  { "OAuth2Provider", "'a/b'", "syntax", "OAuth2Provider=a/b" },
  { "LocalUser", "''", "required", "LocalUser is required" },
  { "LocalUser", "'-r'", "syntax", "LocalUser=-r" },
  { "LocalUser", "'..'", "syntax", "LocalUser=.." },
  { "LocalUser", "'a/b'", "syntax", "LocalUser=a/b" },
  { "LocalUser", "'a b'", "syntax", "LocalUser=a b" },
  { "LocalUser", "'a\\tb'", "syntax", "control characters" },
  { "LocalUser", "'*'", "syntax", "LocalUser=*" },
  { "LocalUser", "'a@b@c'", "syntax", "LocalUser=a@b@c" },
  { "Folders", "@as []", "not-allowed", "at least one folder" },
  { "Folders", "''", "not-allowed", "at least one folder" },
  { "Folders", "';'", "syntax", "empty" },
  { "Folders", "['INBOX', '']", "syntax", "empty" },
  { "Folders", "'a;;b'", "syntax", "empty" },
  { "Folders", "['!Trash']", "not-allowed", "excludes alone fetch nothing" },
  { "Folders", "['INBOX', '!']", "syntax", "exclamation mark" },
  { "Folders", "['\\\\Sent']", "not-allowed", "\\Junk" },
  { "Folders", "['a;b']", "syntax", "semicolon" },
  { "Folders", "['a\\nb']", "syntax", "control characters" },
  { "Folders", "[1, 2]", "wrong-type", "type ai" },
  { "TargetFolder", "'/a'", "syntax", "TargetFolder=/a" },
  { "TargetFolder", "'a/'", "syntax", "TargetFolder=a/" },
  { "TargetFolder", "'a//b'", "syntax", "TargetFolder=a//b" },
  { "TargetFolder", "'../a'", "syntax", "dots" },
  { "TargetFolder", "'a/.b'", "syntax", "dots" },
  { "TargetFolder", "'~a'", "syntax", "TargetFolder=~a" },
  { "AllowSenders", "['two words']", "syntax", "AllowSenders=two words" },
  { "AllowSenders", "['*@example.org']", "syntax", "AllowSenders=*@example.org" },
  { "BlockSenders", "['@example.org']", "syntax", "BlockSenders=@example.org" },
  { "Remove", "'always'", "not-allowed", "never, after-delivery or after-days" },
  { "RemoveAfterDays", "36501", "out-of-range", "0 to 36500" },
  { "Initial", "'none'", "not-allowed", "all or new" },
  { "Interval", "59", "out-of-range", "Interval=59: allowed is a number of seconds from 60" },
  { "Interval", "2592001", "out-of-range", "Interval=2592001" },
  { "MaxMessageSize", "'10X'", "syntax", "MaxMessageSize=10X" },
  { "MaxMessageSize", "'K'", "syntax", "MaxMessageSize=K" },
  { "MaxMessageSize", "'99999999999999999G'", "out-of-range", "MaxMessageSize=" },
  { "Certificate", "'ca.pem'", "not-allowed", "absolute path" },
  { "Certificate", "'sha256:0123'", "syntax", "64 hex digits" },
  { "Certificate", "'sha256:" PIN "00'", "syntax", "64 hex digits" },
  { "TrustedRelays", "['192.0.2.1/24']", "syntax", "ADDRESS/BITS" },
  { "TrustedRelays", "['192.0.2.0/33']", "syntax", "ADDRESS/BITS" },
  { "EnvelopeHeader", "'To'", "not-allowed", "the writer's" },
  { "EnvelopeHeader", "'cc'", "not-allowed", "the writer's" },
  { "EnvelopeHeader", "'Resent-Bcc'", "not-allowed", "the writer's" },
  { "EnvelopeHeader", "'Delivered-To:'", "syntax", "without colon" },
  { "EnvelopeHeader", "'Delivered To'", "syntax", "EnvelopeHeader=Delivered To" },
  { "Recipients", "['a@example.org']", "syntax", "ADDRESS=USER" },
  { "Recipients", "['a@example.org=']", "syntax", "Recipients=a@example.org=" },
  { "Recipients", "['a@example.org=*']", "not-allowed", "only for *@DOMAIN" },
  { "Recipients", "['*=alice']", "syntax", "Recipients=*=alice" },
  { "Recipients", "['*@=alice']", "syntax", "Recipients=*@=alice" },
  { "Recipients", "['a@example.org=-x']", "syntax", "Recipients=a@example.org=-x" },
  { "Proxy", "'proxy.example.org:3128'", "not-allowed", "socks5://HOST:PORT" },
  { "Proxy", "'https://proxy.example.org:3128'", "not-allowed", "Proxy=https" },
  { "Proxy", "'http://proxy.example.org'", "syntax", "HOST:PORT" },
  { "Proxy", "'http://proxy.example.org:3128/x'", "syntax", "HOST:PORT" },
  { "Proxy", "'http://u:p@proxy.example.org:3128'", "not-allowed", "no secret" },
  { "Proxy", "'no proxy'", "syntax", "Proxy=no proxy" },
  { "Note", "'a\\nb'", "syntax", "line breaks" },
  { "Note", "'a\\u2028b'", "syntax", "line breaks" },
  { "server", "'x'", "unknown-key", "did you mean Server?" },
  { "local_user", "'x'", "unknown-key", "did you mean LocalUser?" },
  { "Passwrod", "'x'", "unknown-key", "Passwrod: there is no such setting" },
  { "Adress", "'x'", "unknown-key", "did you mean Address?" },
  { "Pasword\\n", "'x'", "unknown-key", "there is no such setting" },
};

static void
test_refused (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_autoptr (GPtrArray) faults = faults_new ();
      g_autofree char *text = g_strdup_printf ("{'%s': <%s>}", refused[i].key, refused[i].given);
      g_autoptr (PfSettings) settings = make (text, faults);
      const PfSettingsFault *fault;

      if (settings != NULL || faults->len != 1)
        g_error ("%s: %u faults", text, faults->len);
      fault = faults->pdata[0];
      g_assert_cmpstr (fault->code, ==, refused[i].code);
      if (strstr (fault->text, refused[i].said) == NULL)
        g_error ("%s: “%s”", text, fault->text);
      for (const char *p = fault->text; *p != '\0'; p++)
        g_assert_true ((guchar) *p >= 0x20);
    }
}

/* A secret typed into the wrong key, or a novel, is not told whole. */
static void
test_long_values_are_cut (void)
{
  g_autoptr (GPtrArray) faults = faults_new ();
  g_autofree char *long_text = g_strnfill (PF_LIMIT_SETTING_LENGTH + 1, 'x');
  g_autofree char *text = g_strdup_printf ("{'Note': <'%s'>, '%s': <1>}", long_text, long_text);
  g_autoptr (PfSettings) settings = make (text, faults);

  g_assert_null (settings);
  g_assert_cmpuint (faults->len, ==, 2);
  g_assert_cmpstr (fault_of (faults, "Note")->code, ==, "out-of-range");
  for (guint i = 0; i < faults->len; i++)
    {
      const PfSettingsFault *fault = faults->pdata[i];

      g_assert_cmpuint (strlen (fault->text), <, 300);
      g_assert_cmpuint (strlen (fault->key), <, 100);
    }
}

static void
test_lists_are_bounded (void)
{
  g_autoptr (GPtrArray) faults = faults_new ();
  g_autoptr (GString) many = g_string_new ("{'AllowSenders': <'a.example");
  g_autoptr (PfSettings) settings = NULL;

  for (guint i = 0; i < PF_LIMIT_SETTING_ITEMS; i++)
    g_string_append (many, ";b.example");
  g_string_append (many, "'>}");
  settings = make (many->str, faults);
  g_assert_null (settings);
  g_assert_cmpstr (fault_of (faults, "AllowSenders")->code, ==, "out-of-range");
}

/* The file name of an address is at most so long that it can be replaced. */
static void
test_address_fits_its_file (void)
{
  g_autofree char *label = g_strnfill (60, 'a');
  g_autofree char *plain = g_strdup_printf ("{'Address': <'x@%s.%s.%s.org'>}", label, label, label);
  g_autofree char *escaped = g_strdup_printf (
      "{'Address': <'!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!@%s.%s.%s.org'>}", label, label, label);
  g_autoptr (GPtrArray) faults = faults_new ();
  g_autoptr (PfSettings) good = make_good (plain);
  g_autoptr (PfSettings) bad = make (escaped, faults);

  g_assert_nonnull (good);
  g_assert_null (bad);
  g_assert_cmpstr (fault_of (faults, "Address")->code, ==, "out-of-range");
}

/* The longest account that is taken can be read again from its file. */
static void
test_longest_file (void)
{
  g_autoptr (GPtrArray) faults = faults_new ();
  g_autoptr (GString) text = g_string_new ("{'EnvelopeHeader': <'Delivered-To'>");
  const char *keys[] = { "AllowSenders", "BlockSenders", "TrustedRelays" };
  g_autofree char *note = g_strnfill (PF_LIMIT_SETTING_LENGTH, 'n');
  g_autoptr (PfSettings) settings = NULL, again = NULL;
  g_autofree char *file = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      g_string_append_printf (text, ", '%s': <'x.example", keys[i]);
      for (guint j = 0; j < 999; j++)
        g_string_append_printf (text, ";host-of-forty-octets-%06u.example.org", j);
      g_string_append (text, "'>");
    }
  g_string_append (text, ", 'Folders': <'INBOX");
  for (guint j = 0; j < 999; j++)
    g_string_append_printf (text, ";folder of forty octets in all, %07u", j);
  g_string_append (text, "'>, 'Recipients': <'*@example.org=alice");
  for (guint j = 0; j < 900; j++)
    g_string_append_printf (text, ";user-%07u@subdomain.example.org=alice", j);
  g_string_append_printf (text, "'>, 'Note': <'%s'>}", note);
  settings = make_good (text->str);
  file = pf_settings_to_file (settings, NULL);
  g_assert_cmpuint (strlen (file), >, 150 * 1000);
  g_assert_cmpuint (strlen (file), <, PF_LIMIT_ACCOUNT_FILE);
  again = pf_settings_from_file (file, strlen (file), faults);
  g_assert_nonnull (again);
  g_assert_true (pf_settings_equal (settings, again));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/settings/values/taken", test_taken);
  g_test_add_func ("/settings/values/round-trip", test_round_trip);
  g_test_add_func ("/settings/values/refused", test_refused);
  g_test_add_func ("/settings/values/long-values-are-cut", test_long_values_are_cut);
  g_test_add_func ("/settings/values/lists-are-bounded", test_lists_are_bounded);
  g_test_add_func ("/settings/values/address-fits-its-file", test_address_fits_its_file);
  g_test_add_func ("/settings/values/longest-file", test_longest_file);
  return g_test_run ();
}
