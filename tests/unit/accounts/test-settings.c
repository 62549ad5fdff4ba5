/* Settings as a whole: defaults, changes of a base, what holds between keys, comparing, and the
 * key file. */
#include "build.h"

#include "base/limits.h"

#include <string.h>

/* --- The value -------------------------------------------------------------------------------- */

/* DESIGN 6, to the letter. */
static void
test_defaults (void)
{
  static const struct
  {
    const char *key, *type, *value;
  } defaults[] = {
    { "Address", "s", "'a@example.org'" },
    { "Enabled", "b", "true" },
    { "Protocol", "s", "'imap'" },
    { "Security", "s", "'tls'" },
    { "AllowCleartext", "b", "false" },
    { "Server", "s", "'pop.example.org'" },
    { "Port", "q", "993" },
    { "UserName", "s", "'a@example.org'" },
    { "Authentication", "s", "'auto'" },
    { "OAuth2Provider", "s", "''" },
    { "LocalUser", "s", "'alice'" },
    { "Folders", "as", "['INBOX']" },
    { "TargetFolder", "s", "''" },
    { "KeepSeen", "b", "true" },
    { "AllowSenders", "as", "[]" },
    { "BlockSenders", "as", "[]" },
    { "Remove", "s", "'never'" },
    { "RemoveAfterDays", "u", "14" },
    { "Initial", "s", "'all'" },
    { "CheckSpam", "b", "true" },
    { "CheckVirus", "b", "true" },
    { "CheckAttachments", "b", "true" },
    { "Interval", "u", "900" },
    { "Push", "b", "true" },
    { "MaxMessageSize", "t", "0" },
    { "MaxMessagesPerCheck", "u", "0" },
    { "Certificate", "s", "''" },
    { "TrustedRelays", "as", "[]" },
    { "EnvelopeHeader", "s", "''" },
    { "Recipients", "as", "[]" },
    { "Proxy", "s", "''" },
    { "Note", "s", "''" },
  };
  g_autoptr (PfSettings) settings = make_good ("@a{sv} {}");
  g_autoptr (GVariant) all = g_variant_ref_sink (pf_settings_to_vardict (settings));
  const char *const *keys = pf_settings_keys ();

  g_assert_cmpuint (g_strv_length ((char **) keys), ==, G_N_ELEMENTS (defaults));
  g_assert_cmpuint (g_variant_n_children (all), ==, G_N_ELEMENTS (defaults));
  for (guint i = 0; i < G_N_ELEMENTS (defaults); i++)
    {
      g_autofree char *value = print (settings, defaults[i].key);
      g_autoptr (GVariant) told = g_variant_lookup_value (all, defaults[i].key, NULL);

      g_assert_cmpstr (keys[i], ==, defaults[i].key);
      g_assert_cmpstr (pf_settings_key_type (defaults[i].key), ==, defaults[i].type);
      g_assert_cmpstr (g_variant_get_type_string (told), ==, defaults[i].type);
      g_assert_cmpstr (value, ==, defaults[i].value);
      g_assert_nonnull (pf_settings_key_allowed (defaults[i].key));
    }
  g_assert_null (pf_settings_get (settings, "Nonsense"));
  g_assert_null (pf_settings_key_type ("Nonsense"));
}

static void
test_ports (void)
{
  static const struct
  {
    const char *settings;
    guint port;
  } ports[] = {
    { "{'Protocol': <'imap'>, 'Security': <'tls'>}", 993 },
    { "{'Protocol': <'imap'>, 'Security': <'starttls'>}", 143 },
    { "{'Protocol': <'pop3'>, 'Security': <'tls'>}", 995 },
    { "{'Protocol': <'pop3'>, 'Security': <'starttls'>}", 110 },
    { "{'Protocol': <'pop3'>, 'Security': <'none'>, 'AllowCleartext': <true>}", 110 },
    { "{'Protocol': <'pop3'>, 'Port': <993>}", 993 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (ports); i++)
    {
      g_autoptr (PfSettings) settings = make_good (ports[i].settings);
      g_autoptr (PfEndpoint) endpoint = pf_settings_endpoint (settings, 7);

      g_assert_cmpuint (settings->port, ==, ports[i].port);
      g_assert_cmpuint (endpoint->port, ==, ports[i].port);
      g_assert_cmpstr (endpoint->host, ==, "pop.example.org");
      g_assert_cmpuint (endpoint->connect_timeout, ==, 7);
    }
}

/* @changes laid over @base. */
static PfSettings *
change (const PfSettings *base, const char *changes)
{
  g_autoptr (GPtrArray) faults = faults_new ();
  g_autoptr (GVariant) values = g_variant_parse (G_VARIANT_TYPE_VARDICT, changes, NULL, NULL, NULL);
  PfSettings *settings = pf_settings_from_vardict (base, values, faults);

  g_assert_nonnull (settings);
  return settings;
}

static void
test_changes (void)
{
  g_autoptr (PfSettings) base = make_good ("{'Note': <'n'>, 'Interval': <120>, 'Port': <1143>}");
  g_autoptr (PfSettings) none = change (base, "@a{sv} {}");
  g_autoptr (PfSettings) other = change (base, "{'Interval': <240>, 'Protocol': <'pop3'>}");
  g_autoptr (PfSettings) reset = change (other, "{'Interval': <''>, 'Port': <''>, 'Note': <''>}");
  g_autofree char *file = pf_settings_to_file (reset, NULL);

  g_assert_true (pf_settings_equal (base, none));
  g_assert_cmpuint (base->interval, ==, 120);
  g_assert_cmpuint (other->interval, ==, 240);
  g_assert_cmpuint (other->port, ==, 1143);
  g_assert_cmpstr (other->note, ==, "n");
  /* What is not given follows the default that fits. */
  g_assert_cmpuint (reset->port, ==, 995);
  g_assert_cmpuint (reset->interval, ==, 900);
  g_assert_cmpstr (file, ==,
                   "[Account]\nAddress=a@example.org\nProtocol=pop3\nServer=pop.example.org\n"
                   "LocalUser=alice\n");
}

static void
test_moves_secret (void)
{
  static const struct
  {
    const char *changes;
    gboolean moves;
  } cases[] = {
    { "{'Server': <'other.example.org'>}", TRUE },
    { "{'Port': <1993>}", TRUE },
    { "{'Security': <'starttls'>}", TRUE },
    { "{'UserName': <'other'>}", TRUE },
    { "{'Certificate': <'/ca.pem'>}", TRUE },
    { "{'Proxy': <'http://192.0.2.1:3128'>}", TRUE },
    { "{'Authentication': <'plain'>}", TRUE },
    { "{'OAuth2Provider': <'x'>}", TRUE },
    { "{'AllowCleartext': <true>}", TRUE },
    /* The port that goes with it is another one. */
    { "{'Protocol': <'pop3'>}", TRUE },
    { "{'Port': <993>}", FALSE },
    { "{'UserName': <'a@example.org'>}", FALSE },
    { "{'Authentication': <'AUTO'>}", FALSE },
    { "{'LocalUser': <'bob'>, 'Note': <'x'>, 'Remove': <'after-delivery'>}", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (PfSettings) base = make_good ("@a{sv} {}");
      g_autoptr (PfSettings) after = change (base, cases[i].changes);

      /* Leaving PF_FIELD_MOVES_SECRET out of the row of one of these keys in settings-table.c
       * makes this fail. */
      if (pf_settings_moves_secret (base, after) != cases[i].moves)
        g_error ("%s", cases[i].changes);
    }
}

static void
test_delivers_to (void)
{
  g_autoptr (PfSettings) one = make_good ("@a{sv} {}");
  g_autoptr (PfSettings) several =
      make_good ("{'EnvelopeHeader': <'Delivered-To'>, 'Recipients': <['a=b@example.org=bob', "
                 "'*@example.org=alice', '*@example.net=*']>}");
  g_autoptr (PfSettings) own =
      make_good ("{'EnvelopeHeader': <'Delivered-To'>, 'Recipients': <['*@example.org=alice']>}");

  g_assert_true (pf_settings_delivers_to (one, "alice"));
  g_assert_false (pf_settings_delivers_to (one, "bob"));
  g_assert_true (pf_settings_all_deliver_to (one, "alice"));
  g_assert_false (pf_settings_all_deliver_to (one, "bob"));
  g_assert_true (pf_settings_delivers_to (several, "bob"));
  g_assert_false (pf_settings_delivers_to (several, "carol"));
  g_assert_false (pf_settings_delivers_to (several, "*"));
  g_assert_false (pf_settings_all_deliver_to (several, "alice"));
  g_assert_false (pf_settings_all_deliver_to (several, "*"));
  g_assert_true (pf_settings_all_deliver_to (own, "alice"));
}

/* --- Between keys ----------------------------------------------------------------------------- */

static void
test_cleartext (void)
{
  static const struct
  {
    const char *settings;
    gboolean good;
  } cases[] = {
    { "{'Security': <'none'>}", FALSE },
    { "{'Security': <'none'>, 'AllowCleartext': <true>}", TRUE },
    { "{'Security': <'none'>, 'Server': <'127.0.0.1'>}", TRUE },
    { "{'Security': <'none'>, 'Server': <'::1'>}", TRUE },
    { "{'Security': <'none'>, 'Server': <'localhost'>}", TRUE },
    { "{'Security': <'none'>, 'Server': <'localhost.example.org'>}", FALSE },
    { "{'Security': <'none'>, 'Server': <'192.0.2.1'>}", FALSE },
    /* It is the proxy's localhost. */
    { "{'Security': <'none'>, 'Server': <'localhost'>, 'Proxy': <'http://192.0.2.1:3128'>}",
      FALSE },
    { "{'Security': <'none'>, 'Server': <'localhost'>, 'Proxy': <'socks5://[::1]:1080'>}", TRUE },
    { "{'Security': <'starttls'>}", TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GPtrArray) faults = faults_new ();
      g_autoptr (PfSettings) settings = make (cases[i].settings, faults);

      /* Leaving check_cleartext() out of pf_settings_apply_rules() makes this fail. */
      if ((settings != NULL) != cases[i].good)
        g_error ("%s", cases[i].settings);
      if (settings == NULL)
        {
          g_assert_cmpstr (fault_of (faults, "Security")->code, ==, "conflict");
          g_assert_nonnull (strstr (fault_of (faults, "Security")->text, "AllowCleartext=true"));
        }
    }
}

static void
test_recipients_and_header (void)
{
  g_autoptr (GPtrArray) faults = faults_new ();
  g_autoptr (PfSettings) alone = make ("{'Recipients': <['a@example.org=bob']>}", faults);
  g_autoptr (PfSettings) header = make ("{'EnvelopeHeader': <'Delivered-To'>}", faults);

  g_assert_null (alone);
  g_assert_null (header);
  g_assert_cmpuint (faults->len, ==, 2);
  g_assert_cmpstr (fault_of (faults, "Recipients")->code, ==, "conflict");
  g_assert_cmpstr (fault_of (faults, "EnvelopeHeader")->code, ==, "conflict");
}

static void
test_all_faults_at_once (void)
{
  g_autoptr (GPtrArray) faults = faults_new ();
  g_autoptr (GVariant) values = g_variant_parse (
      G_VARIANT_TYPE_VARDICT,
      "{'Port': <0>, 'Protocol': <'x'>, 'Nonsense': <1>, 'Server': <''>, 'Note': <'a\\nb'>}", NULL,
      NULL, NULL);

  g_assert_null (pf_settings_from_vardict (NULL, values, faults));
  /* Address and LocalUser are missing too. */
  g_assert_cmpuint (faults->len, ==, 7);
  g_assert_cmpstr (fault_of (faults, "Address")->code, ==, "required");
  g_assert_cmpstr (fault_of (faults, "LocalUser")->code, ==, "required");
  g_assert_cmpstr (fault_of (faults, "Server")->code, ==, "required");
  g_assert_cmpstr (fault_of (faults, "Nonsense")->code, ==, "unknown-key");
}

/* A call with a million unknown keys has no million answers. */
static void
test_faults_are_bounded (void)
{
  g_autoptr (GPtrArray) faults = faults_new ();
  GVariantBuilder builder;
  g_autoptr (GVariant) values = NULL;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  for (guint i = 0; i < 10 * PF_LIMIT_SETTING_FAULTS; i++)
    {
      g_autofree char *key = g_strdup_printf ("key%u", i);

      g_variant_builder_add (&builder, "{sv}", key, g_variant_new_boolean (TRUE));
    }
  values = g_variant_ref_sink (g_variant_builder_end (&builder));
  g_assert_null (pf_settings_from_vardict (NULL, values, faults));
  g_assert_cmpuint (faults->len, ==, PF_LIMIT_SETTING_FAULTS);
  /* What follows does not pass for want of room. */
  g_assert_null (make ("{'Port': <0>}", faults));
}

static void
test_given_twice (void)
{
  g_autoptr (GPtrArray) faults = faults_new ();
  GVariantBuilder builder;
  g_autoptr (GVariant) values = NULL;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&builder, "{sv}", "Address", g_variant_new_string ("a@example.org"));
  g_variant_builder_add (&builder, "{sv}", "Server", g_variant_new_string ("a.example.org"));
  g_variant_builder_add (&builder, "{sv}", "LocalUser", g_variant_new_string ("alice"));
  g_variant_builder_add (&builder, "{sv}", "LocalUser", g_variant_new_string ("root"));
  values = g_variant_ref_sink (g_variant_builder_end (&builder));
  g_assert_null (pf_settings_from_vardict (NULL, values, faults));
  g_assert_cmpstr (fault_of (faults, "LocalUser")->code, ==, "conflict");
}

/* --- The key file ----------------------------------------------------------------------------- */

static PfSettings *
from_file (const char *text, GPtrArray *faults)
{
  return pf_settings_from_file (text, strlen (text), faults);
}

static void
test_file (void)
{
  static const char text[] = "\xef\xbb\xbf# a comment\r\n"
                             "\r\n"
                             " [Account] \r\n"
                             "Address = A@Example.org \r\n"
                             "Server=imap.example.org\r\n"
                             "  LocalUser=alice\r\n"
                             "; another\n"
                             "UserName=DOMAIN\\new\\table\n"
                             "Folders=INBOX; Lists/* ;\\Junk;\n"
                             "Note=a # b ; c = d\n"
                             "MaxMessageSize=10M";
  g_autoptr (GPtrArray) faults = faults_new ();
  g_autoptr (PfSettings) settings = from_file (text, faults);

  g_assert_nonnull (settings);
  g_assert_cmpstr (settings->address, ==, "A@Example.org");
  g_assert_cmpstr (settings->user_name, ==, "DOMAIN\\new\\table");
  g_assert_cmpstr (settings->folders[1], ==, "Lists/*");
  g_assert_cmpstr (settings->folders[2], ==, "\\Junk");
  g_assert_null (settings->folders[3]);
  g_assert_cmpstr (settings->note, ==, "a # b ; c = d");
  g_assert_cmpuint (settings->max_message_size, ==, 10 * PF_MIB);
}

#define START "[Account]\nAddress=a@example.org\nServer=x\nLocalUser=alice\n"

static void
test_file_faults (void)
{
  static const struct
  {
    const char *text, *key, *code;
    guint line;
  } cases[] = {
    { START "Interval=5\n", "Interval", "out-of-range", 5 },
    { START "\n# x\nInterval = 5\n", "Interval", "out-of-range", 7 },
    { START "Interva=500\n", "Interva", "unknown-key", 5 },
    { START "Server=y\n", "Server", "conflict", 5 },
    { START "[Account]\nServer=y\n", "Server", "conflict", 6 },
    { START "Port\n", "Port", "syntax", 5 },
    { START "=5\n", "=5", "syntax", 5 },
    { START "[Other]\nx=y\nz=1\n", "Other", "unknown-key", 5 },
    { START "[Acc\n", "[Acc", "syntax", 5 },
    { START "Note[de]=x\n", "Note[de]", "unknown-key", 5 },
    { "Address=x\n" START, "Address=x", "syntax", 1 },
    { START "Note=\xff\n", "", "syntax", 5 },
    { START "Folders=\n", "Folders", "not-allowed", 5 },
    { START "Security=none\n", "Security", "conflict", 5 },
    { START "Recipients=a@example.org=bob\n", "Recipients", "conflict", 5 },
    { START "Note=a\x01z\n", "Note", "syntax", 5 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GPtrArray) faults = faults_new ();
      const PfSettingsFault *fault;

      g_assert_null (from_file (cases[i].text, faults));
      fault = fault_of (faults, cases[i].key);
      g_assert_cmpstr (fault->code, ==, cases[i].code);
      g_assert_cmpuint (fault->line, ==, cases[i].line);
    }
}

static void
test_file_of_nothing (void)
{
  static const char with_nul[] = START "Note=a\0b\n";
  g_autoptr (GPtrArray) empty = faults_new ();
  g_autoptr (GPtrArray) nul = faults_new ();

  g_assert_null (from_file ("", empty));
  g_assert_cmpuint (empty->len, ==, 3);
  g_assert_null (pf_settings_from_file (with_nul, sizeof with_nul - 1, nul));
  g_assert_cmpuint (fault_of (nul, "")->line, ==, 5);
}

/* Any line noise: no crash, and what is taken comes back from its own file. */
static void
test_file_noise (void)
{
  static const char *const pieces[] = { "[Account]\n", "Address=a@b.c\n",
                                        "Server=x\n",  "LocalUser=u\n",
                                        "\n",          "=",
                                        "[",           "]",
                                        ";",           "Folders=",
                                        "INBOX",       "\\",
                                        "\xc3",        "\xc3\xa4",
                                        " ",           "Port=",
                                        "9",           "K",
                                        "Note=",       "!" };
  guint good = 0;

  for (guint i = 0; i < 20000; i++)
    {
      g_autoptr (GPtrArray) faults = faults_new ();
      g_autoptr (GString) text = g_string_new (i % 2 == 0 ? START : "");
      g_autoptr (PfSettings) settings = NULL;

      for (int n = g_test_rand_int_range (0, 12); n > 0; n--)
        g_string_append (text, pieces[g_test_rand_int_range (0, (gint32) G_N_ELEMENTS (pieces))]);
      settings = from_file (text->str, faults);
      g_assert_true ((settings != NULL) == (faults->len == 0));
      if (settings != NULL)
        {
          g_autofree char *file = pf_settings_to_file (settings, NULL);
          g_autoptr (PfSettings) again = from_file (file, faults);

          g_assert_nonnull (again);
          g_assert_true (pf_settings_equal (settings, again));
          good++;
        }
    }
  g_assert_cmpuint (good, >, 100);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/settings/defaults", test_defaults);
  g_test_add_func ("/settings/ports", test_ports);
  g_test_add_func ("/settings/changes", test_changes);
  g_test_add_func ("/settings/moves-secret", test_moves_secret);
  g_test_add_func ("/settings/delivers-to", test_delivers_to);
  g_test_add_func ("/settings/cleartext", test_cleartext);
  g_test_add_func ("/settings/recipients-and-header", test_recipients_and_header);
  g_test_add_func ("/settings/all-faults-at-once", test_all_faults_at_once);
  g_test_add_func ("/settings/faults-are-bounded", test_faults_are_bounded);
  g_test_add_func ("/settings/given-twice", test_given_twice);
  g_test_add_func ("/settings/file", test_file);
  g_test_add_func ("/settings/file/faults", test_file_faults);
  g_test_add_func ("/settings/file/of-nothing", test_file_of_nothing);
  g_test_add_func ("/settings/file/noise", test_file_noise);
  return g_test_run ();
}
