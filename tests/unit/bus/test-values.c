/* The pure parts: who sees what, options, errors, differences, introspection, the coalescer. */
#include <string.h>

#include "base/problem.h"
#include "bus/caller.h"
#include "bus/coalescer.h"
#include "bus/errors.h"
#include "bus/options.h"
#include "bus/properties.h"
#include "dbus-interfaces/errors.h"

/* --- Who sees what ---------------------------------------------------------------------------- */

static PfCaller *
make_caller (guint uid, const char *user, gboolean sees_all, gboolean sees_none)
{
  PfCaller *caller = pf_caller_new (":1.1");

  caller->uid = uid;
  caller->user = g_strdup (user);
  caller->sees_all = sees_all;
  caller->sees_none = sees_none;
  return caller;
}

static void
test_sees (void)
{
  static const struct
  {
    guint uid;
    const char *user;
    gboolean sees_all, sees_none;
    const char *local_user;
    guint starter;
    gboolean expected;
  } rows[] = {
    { 1000, "alice", FALSE, FALSE, "alice", 7, TRUE },
    { 1000, "alice", FALSE, FALSE, "bob", 7, FALSE },
    /* a check of bob's account that alice once started is bob's: breaks when the starter is looked
     * at first */
    { 1000, "alice", FALSE, FALSE, "bob", 1000, FALSE },
    { 1000, "alice", FALSE, FALSE, "Alice", 7, FALSE },
    { 1000, "alice", FALSE, FALSE, "", 7, FALSE },
    { 0, "root", TRUE, FALSE, "bob", 7, TRUE },
    /* a user without a name in the user database owns nothing */
    { 4711, NULL, FALSE, FALSE, "alice", 7, FALSE },
    { 4711, NULL, FALSE, FALSE, "", 7, FALSE },
    /* a test of settings: its starter, and who sees all */
    { 1000, "alice", FALSE, FALSE, NULL, 1000, TRUE },
    { 1001, "bob", FALSE, FALSE, NULL, 1000, FALSE },
    { 0, "root", TRUE, FALSE, NULL, 1000, TRUE },
    /* --session: anybody else, whatever the name: breaks when sees_none is not asked first */
    { 1000, "alice", FALSE, TRUE, "alice", 1000, FALSE },
    { 1000, "alice", FALSE, TRUE, NULL, 1000, FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (PfCaller) caller =
          make_caller (rows[i].uid, rows[i].user, rows[i].sees_all, rows[i].sees_none);

      g_test_message ("row %" G_GSIZE_FORMAT, i);
      g_assert_cmpint (pf_caller_sees_check (caller, rows[i].local_user, rows[i].starter), ==,
                       rows[i].expected);
    }
}

/* --- Options ---------------------------------------------------------------------------------- */

static void
test_options (void)
{
  static const PfOption allowed[] = { { "limit", "u" }, { "explain", "b" } };
  static const struct
  {
    const char *text;
    const char *names; /* NULL when it is fine */
  } rows[] = {
    { "{}", NULL },
    { "{'limit': <uint32 5>}", NULL },
    { "{'limit': <uint32 5>, 'explain': <true>}", NULL },
    { "{'Limit': <uint32 5>}", "“Limit”" },
    { "{'no-such': <true>}", "“no-such”" },
    { "{'limit': <5>}", "“limit”" },
    { "{'limit': <'5'>}", "“limit”" },
    { "{'limit': <uint32 5>, 'limit': <uint32 6>}", "“limit” is given twice" },
    { "{'explain': <uint32 1>, 'limit': <uint32 5>}", "“explain”" },
    /* bytes from outside are shown printable */
    { "{'a\\nb': <true>}", "a\\x0ab" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GVariant) options =
          g_variant_parse (G_VARIANT_TYPE_VARDICT, rows[i].text, NULL, NULL, NULL);
      g_autoptr (GError) error = NULL;
      gboolean ok = pf_options_check (options, allowed, G_N_ELEMENTS (allowed), &error);

      g_test_message ("%s: %s", rows[i].text, error != NULL ? error->message : "fine");
      g_assert_cmpint (ok, ==, rows[i].names == NULL);
      if (ok)
        continue;
      g_assert_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS);
      g_assert_nonnull (strstr (error->message, rows[i].names));
    }
}

static void
test_option_range (void)
{
  g_autoptr (GVariant) options = g_variant_ref_sink (
      g_variant_new_parsed ("{'Limit': <uint32 1001>, 'Days': <uint32 0>, 'Ok': <uint32 1000>}"));
  g_autoptr (GError) error = NULL;
  guint number = 100;

  g_assert_false (pf_options_read_number (options, "Limit", 1, 1000, &number, &error));
  g_assert_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS);
  g_clear_error (&error);
  g_assert_false (pf_options_read_number (options, "Days", 1, 366, &number, &error));
  g_assert_cmpuint (number, ==, 100);
  g_clear_error (&error);
  g_assert_true (pf_options_read_number (options, "None", 1, 1000, &number, &error));
  g_assert_cmpuint (number, ==, 100);
  g_assert_true (pf_options_read_number (options, "Ok", 1, 1000, &number, &error));
  g_assert_cmpuint (number, ==, 1000);
}

/* --- Errors ----------------------------------------------------------------------------------- */

static void
test_errors (void)
{
  static const struct
  {
    GQuark (*domain) (void);
    int code;
    const char *name;
  } rows[] = {
    { pf_error_quark, PF_ERROR_BUSY, "org.postferry1.Error.Busy" },
    { pf_error_quark, PF_ERROR_NOT_SUPPORTED, "org.postferry1.Error.NotSupported" },
    { pf_problem_quark, PF_PROBLEM_NO_SECRET, "org.postferry1.Error.NoSecret" },
    { pf_problem_quark, PF_PROBLEM_CONNECTION_FAILED, "org.postferry1.Error.ConnectionFailed" },
    { pf_problem_quark, PF_PROBLEM_RECIPIENT_UNKNOWN, "org.postferry1.Error.RecipientUnknown" },
    { pf_problem_quark, PF_PROBLEM_DISK_LOW, "org.postferry1.Error.DiskLow" },
    { pf_problem_quark, PF_PROBLEM_CERTIFICATE_UNTRUSTED, "org.postferry1.Error.TlsFailed" },
    { pf_bus_error_quark, PF_BUS_ERROR_INTERACTION,
      "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired" },
    { g_dbus_error_quark, G_DBUS_ERROR_ACCESS_DENIED, "org.freedesktop.DBus.Error.AccessDenied" },
    { g_dbus_error_quark, G_DBUS_ERROR_UNKNOWN_OBJECT, "org.freedesktop.DBus.Error.UnknownObject" },
    { g_io_error_quark, G_IO_ERROR_CANCELLED, "org.postferry1.Error.Cancelled" },
    { g_io_error_quark, G_IO_ERROR_NO_SPACE, "org.postferry1.Error.DiskLow" },
    { g_io_error_quark, G_IO_ERROR_FAILED, "org.freedesktop.DBus.Error.Failed" },
    { g_key_file_error_quark, G_KEY_FILE_ERROR_PARSE, "org.postferry1.Error.InvalidSetting" },
    { g_file_error_quark, G_FILE_ERROR_ACCES, "org.freedesktop.DBus.Error.Failed" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = g_error_new_literal (rows[i].domain (), rows[i].code, "x");

      g_assert_cmpstr (pf_bus_error_name (error), ==, rows[i].name);
    }
  /* Every problem has one of ours. */
  for (int code = 0; code < PF_PROBLEM_N_CODES; code++)
    {
      g_autoptr (GError) error = g_error_new_literal (PF_PROBLEM, code, "x");

      g_assert_true (g_str_has_prefix (pf_bus_error_name (error), "org.postferry1.Error."));
    }
}

/* --- Differences ------------------------------------------------------------------------------ */

static char *
diff (const char *before, const char *after)
{
  g_autoptr (GVariant) b =
      before != NULL ? g_variant_parse (G_VARIANT_TYPE_VARDICT, before, NULL, NULL, NULL) : NULL;
  g_autoptr (GVariant) a = g_variant_parse (G_VARIANT_TYPE_VARDICT, after, NULL, NULL, NULL);
  g_autoptr (GVariant) changed = NULL;
  GVariantBuilder builder;
  gboolean any;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  any = pf_vardict_diff (b, a, &builder);
  changed = g_variant_ref_sink (g_variant_builder_end (&builder));
  g_assert_cmpint (any, ==, g_variant_n_children (changed) > 0);
  return g_variant_print (changed, FALSE);
}

static void
test_diff (void)
{
  static const char *const rows[][3] = {
    { "{'A': <1>}", "{'A': <1>}", "{}" },
    { "{'A': <1>}", "{'A': <2>}", "{'A': <2>}" },
    { "{'A': <1>, 'B': <'x'>}", "{'B': <'x'>, 'A': <1>}", "{}" },
    { "{'A': <1>, 'B': <'x'>}", "{'A': <1>, 'B': <'y'>}", "{'B': <'y'>}" },
    { "{'A': <1>}", "{'A': <uint32 1>}", "{'A': <uint32 1>}" },
    { "{'A': <@as []>}", "{'A': <['x']>}", "{'A': <['x']>}" },
    { "{'A': <1>}", "{'A': <1>, 'B': <2>}", "{'B': <2>}" },
    { NULL, "{'A': <1>}", "{'A': <1>}" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *changed = diff (rows[i][0], rows[i][1]);

      g_assert_cmpstr (changed, ==, rows[i][2]);
    }
}

/* --- The coalescer ---------------------------------------------------------------------------- */

typedef struct
{
  PfCoalescer *coalescer;
  guint told[2];
  gpointer drop;
} Told;

static void
on_told (gpointer item, gpointer user_data)
{
  Told *told = user_data;

  told->told[GPOINTER_TO_UINT (item) - 1]++;
  if (told->drop != NULL)
    pf_coalescer_drop (told->coalescer, told->drop);
}

/* Longer than the intervals of a few milliseconds below. */
static void
settle (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);

  g_timeout_add_once (50, (GSourceOnceFunc) g_main_loop_quit, loop);
  g_main_loop_run (loop);
}

/* Many changes are told once, and none is lost. */
static void
test_coalescer (void)
{
  gpointer one = GUINT_TO_POINTER (1), two = GUINT_TO_POINTER (2);
  Told told = { 0 };

  told.coalescer = pf_coalescer_new (5, on_told, &told);
  for (guint i = 0; i < 100; i++)
    pf_coalescer_add (told.coalescer, one);
  pf_coalescer_add (told.coalescer, two);
  settle ();
  g_assert_cmpuint (told.told[0], ==, 1);
  g_assert_cmpuint (told.told[1], ==, 1);

  pf_coalescer_add (told.coalescer, one);
  settle ();
  g_assert_cmpuint (told.told[0], ==, 2);
  g_assert_cmpuint (told.told[1], ==, 1);

  pf_coalescer_add (told.coalescer, one);
  pf_coalescer_drop (told.coalescer, one);
  settle ();
  g_assert_cmpuint (told.told[0], ==, 2);
  pf_coalescer_free (told.coalescer);
}

/* Telling of one may end the other. */
static void
test_coalescer_drops (void)
{
  gpointer one = GUINT_TO_POINTER (1), two = GUINT_TO_POINTER (2);
  Told told = { 0 };

  told.coalescer = pf_coalescer_new (5, on_told, &told);
  told.drop = two;
  pf_coalescer_add (told.coalescer, one);
  settle ();
  pf_coalescer_add (told.coalescer, two);
  pf_coalescer_add (told.coalescer, one);
  settle ();
  g_assert_cmpuint (told.told[0], ==, 2);
  g_assert_cmpuint (told.told[1], <=, 1);
  pf_coalescer_free (told.coalescer);
}

/* Not before the interval has passed: the second telling waits for it. */
static void
test_coalescer_interval (void)
{
  gpointer one = GUINT_TO_POINTER (1);
  Told told = { 0 };

  told.coalescer = pf_coalescer_new (3600 * 1000, on_told, &told);
  pf_coalescer_add (told.coalescer, one);
  settle ();
  g_assert_cmpuint (told.told[0], ==, 1);
  pf_coalescer_add (told.coalescer, one);
  settle ();
  g_assert_cmpuint (told.told[0], ==, 1);
  pf_coalescer_free (told.coalescer);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bus/caller/sees", test_sees);
  g_test_add_func ("/bus/options/check", test_options);
  g_test_add_func ("/bus/options/range", test_option_range);
  g_test_add_func ("/bus/errors", test_errors);
  g_test_add_func ("/bus/properties/diff", test_diff);
  g_test_add_func ("/bus/coalescer/once", test_coalescer);
  g_test_add_func ("/bus/coalescer/drops", test_coalescer_drops);
  g_test_add_func ("/bus/coalescer/interval", test_coalescer_interval);
  return g_test_run ();
}
