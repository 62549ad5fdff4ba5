/* KEY=VALUE: types, lists, sizes, and errors that name the key as it was typed. */
#include "cli-client/failure.h"
#include "cli-client/settings.h"
#include "dbus-interfaces/suggest.h"
#include "dbus-interfaces/info.h"

/* The keys and their types are those of the interface: whoever adds a setting there adds it
 * here. */
static void
test_keys (void)
{
  gsize n_keys;
  const PfKey *keys = pf_keys (&n_keys);
  GDBusPropertyInfo **property = org_postferry1_account_interface.properties;

  for (gsize i = 0; i < n_keys; i++, property++)
    {
      g_assert_nonnull (*property);
      g_assert_cmpstr (keys[i].name, ==, (*property)->name);
      g_assert_cmpstr (keys[i].type, ==, (*property)->signature);
    }
  /* State is the first that is no setting. */
  g_assert_cmpstr ((*property)->name, ==, "State");
}

static void
test_filter_keys (void)
{
  const PfKeyTable *table = pf_filter_keys ();
  GDBusPropertyInfo **property = org_postferry1_filter_policy_interface.properties;

  for (gsize i = 0; i < table->n_keys; i++, property++)
    {
      g_assert_nonnull (*property);
      g_assert_cmpstr (table->keys[i].name, ==, (*property)->name);
      g_assert_cmpstr (table->keys[i].type, ==, (*property)->signature);
    }
  g_assert_null (*property);
}

static void
assert_parsed (const PfKeyTable *table, const char *argument, const char *expected)
{
  const char *arguments[] = { argument, NULL };
  g_autoptr (GVariant) dict = pf_settings_parse (table, arguments, NULL);
  g_autofree char *text = dict != NULL ? g_variant_print (dict, FALSE) : g_strdup ("refused");

  g_assert_cmpstr (text, ==, expected);
}

/* KEY= gives a key of the policy back its default; a number of an account has to be one. */
static void
test_empty (void)
{
  g_autoptr (GVariant) score = g_variant_ref_sink (g_variant_new_double (5.1));
  g_autofree char *text = pf_settings_format (score);

  assert_parsed (pf_filter_keys (), "Timeout=", "{'Timeout': <''>}");
  assert_parsed (pf_filter_keys (), "AllowSenders=", "{'AllowSenders': <@as []>}");
  assert_parsed (pf_filter_keys (), "JunkScore=5.1", "{'JunkScore': <'5.1'>}");
  assert_parsed (pf_filter_keys (), "Timeout=x", "refused");
  assert_parsed (pf_filter_keys (), "Interval=60", "refused");
  assert_parsed (pf_account_keys (), "Interval=", "refused");
  g_assert_cmpstr (text, ==, "5.1");
}

static void
test_values (void)
{
  static const struct
  {
    const char *arguments[4];
    const char *key, *value;
  } table[] = {
    { { "Server=imap.example.org" }, "Server", "'imap.example.org'" },
    { { "Note=a=b;c" }, "Note", "'a=b;c'" },
    { { "Note=" }, "Note", "''" },
    { { "Note=\\Junk" }, "Note", "'\\\\Junk'" },
    { { "Enabled=yes" }, "Enabled", "true" },
    { { "Enabled=FALSE" }, "Enabled", "false" },
    { { "Push=0" }, "Push", "false" },
    { { "Port=993" }, "Port", "uint16 993" },
    { { "Interval=60" }, "Interval", "uint32 60" },
    { { "MaxMessageSize=7" }, "MaxMessageSize", "uint64 7" },
    { { "MaxMessageSize=50M" }, "MaxMessageSize", "uint64 52428800" },
    { { "MaxMessageSize=1k" }, "MaxMessageSize", "uint64 1024" },
    { { "MaxMessageSize=2G" }, "MaxMessageSize", "uint64 2147483648" },
    { { "Folders=INBOX" }, "Folders", "['INBOX']" },
    { { "Folders=INBOX;!Trash; Lists/* ;" }, "Folders", "['INBOX', '!Trash', 'Lists/*']" },
    { { "Folders=INBOX", "Folders=\\Junk;x" }, "Folders", "['INBOX', '\\\\Junk', 'x']" },
    { { "AllowSenders=" }, "AllowSenders", "@as []" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GVariant) dict =
          pf_settings_parse (pf_account_keys (), table[i].arguments, &error);
      g_autoptr (GVariant) value = NULL, wanted = NULL;

      g_assert_no_error (error);
      g_assert_cmpuint (g_variant_n_children (dict), ==, 1);
      value = g_variant_lookup_value (dict, table[i].key, NULL);
      wanted = g_variant_ref_sink (g_variant_new_parsed (table[i].value));
      g_assert_cmpvariant (value, wanted);
    }
}

static void
test_faults (void)
{
  static const struct
  {
    const char *arguments[4];
    const char *text; /* in the error */
  } table[] = {
    { { "Server" }, "“Server”" },
    { { "server=x" }, "server: there is no such setting; did you mean Server?" },
    { { "local_user=x" }, "did you mean LocalUser?" },
    { { "Intervall=60" }, "Intervall: there is no such setting; did you mean Interval?" },
    { { "Wibble=1" }, "Wibble: " },
    { { "=x" }, "no such setting" },
    { { "Server=a", "Server=b" }, "Server is given twice" },
    { { "Port=65536" }, "Port=65536" },
    { { "Port=-1" }, "Port=-1" },
    { { "Port=" }, "Port=" },
    { { "Interval=15m" }, "Interval=15m" },
    { { "Interval= 60" }, "Interval= 60" },
    { { "Enabled=maybe" }, "Enabled=maybe: allowed are true and false" },
    { { "MaxMessageSize=M" }, "MaxMessageSize=M" },
    { { "MaxMessageSize=1T" }, "MaxMessageSize=1T" },
    { { "MaxMessageSize=9223372036854775807K" }, "MaxMessageSize=" },
    { { "Note=\xff" }, "Note: the value is not UTF-8" },
    { { "Po\033rt=1" }, "Po\\x1brt" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (pf_settings_parse (pf_account_keys (), table[i].arguments, &error));
      g_assert_error (error, PF_FAILURE, PF_FAILURE_USAGE);
      if (strstr (error->message, table[i].text) == NULL)
        g_error ("“%s” is not in “%s”", table[i].text, error->message);
    }
}

/* What `show` prints can be typed. */
static void
test_format (void)
{
  static const char *const arguments[] = { "Server=a", "Folders=x;y", "Push=false",
                                           "MaxMessageSize=1K", NULL };
  g_autoptr (GVariant) dict = pf_settings_parse (pf_account_keys (), arguments, NULL);
  g_autoptr (GPtrArray) typed = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GVariant) again = NULL;
  GVariantIter iter;
  const char *name;
  GVariant *value;

  g_variant_iter_init (&iter, dict);
  while (g_variant_iter_loop (&iter, "{&sv}", &name, &value))
    {
      g_autofree char *text = pf_settings_format (value);

      g_ptr_array_add (typed, g_strdup_printf ("%s=%s", name, text));
    }
  g_ptr_array_add (typed, NULL);
  again = pf_settings_parse (pf_account_keys (), (const char *const *) typed->pdata, NULL);
  g_assert_nonnull (again);
  g_variant_iter_init (&iter, dict);
  while (g_variant_iter_loop (&iter, "{&sv}", &name, &value))
    {
      g_autoptr (GVariant) other = g_variant_lookup_value (again, name, NULL);

      g_assert_cmpvariant (value, other);
    }
}

static void
test_suggest (void)
{
  static const char *const known[] = { "status", "list", "log", "check", NULL };
  g_autofree char *long_word = g_strnfill (100000, 'x');

  g_assert_cmpstr (pf_suggest ("statsu", known), ==, "status");
  g_assert_cmpstr (pf_suggest ("lits", known), ==, "list");
  g_assert_cmpstr (pf_suggest ("CHECK", known), ==, "check");
  g_assert_cmpstr (pf_suggest ("lst", known), ==, "list");
  g_assert_null (pf_suggest ("quarantine", known));
  g_assert_null (pf_suggest (long_word, known));
  g_assert_null (pf_suggest ("", known));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/settings/keys", test_keys);
  g_test_add_func ("/cli/settings/filter-keys", test_filter_keys);
  g_test_add_func ("/cli/settings/empty", test_empty);
  g_test_add_func ("/cli/settings/values", test_values);
  g_test_add_func ("/cli/settings/faults", test_faults);
  g_test_add_func ("/cli/settings/format", test_format);
  g_test_add_func ("/cli/suggest", test_suggest);
  return g_test_run ();
}
