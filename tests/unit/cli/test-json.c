/* The names, times and problems of --json, and what a terminal must not get. */
#include "cli-client/json.h"
#include "cli-client/settings.h"
#include "cli-client/times.h"
#include "dbus-interfaces/info.h"

static void
test_names (void)
{
  static const struct
  {
    const char *dbus, *json;
  } table[] = {
    { "LocalUser", "local_user" },
    { "OAuth2Provider", "oauth2_provider" },
    { "MaxMessagesPerCheck", "max_messages_per_check" },
    { "Uid", "uid" },
    { "MessageId", "message_id" },
    { "OnServer", "on_server" },
    { "CheckSpam", "check_spam" },
    { "already_so", "already_so" },
    { "", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autofree char *name = pf_json_name (table[i].dbus);

      g_assert_cmpstr (name, ==, table[i].json);
    }
}

/* Two properties must not become one member. */
static void
test_names_differ (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GDBusPropertyInfo **property = org_postferry1_account_interface.properties;

  for (; *property != NULL; property++)
    g_assert_true (g_hash_table_add (seen, pf_json_name ((*property)->name)));
}

static char *
as_text (const char *name, const char *value)
{
  g_autoptr (GVariant) variant = g_variant_ref_sink (g_variant_new_parsed (value));
  g_autoptr (JsonNode) node = pf_json_value (name, variant);

  return pf_json_text (node, FALSE);
}

static void
test_values (void)
{
  static const struct
  {
    const char *name, *value, *json;
  } table[] = {
    { "LastCheck", "@t 0", "null" },
    { "LastCheck", "@t 1700000000999999", "\"2023-11-14T22:13:20Z\"" },
    { "NextCheck", "@t 18446744073709551615", "null" },
    { "Delivered", "@t 18446744073709551615", "9223372036854775807" },
    { "Delivered", "@t 12", "12" },
    { "Port", "@q 993", "993" },
    { "Enabled", "true", "true" },
    { "Score", "@d 7.5", "7.5" },
    { "Problem", "('', '')", "null" },
    { "Problem", "('no-secret', 'Set it')", "{\"code\":\"no-secret\",\"text\":\"Set it\"}" },
    { "Folders", "@as []", "[]" },
    { "Folders", "['INBOX', 'Lists/*']", "[\"INBOX\",\"Lists/*\"]" },
    { "ProblemData", "@a{sv} {'NotAfter': <@t 1000000>, 'Issuer': <'X'>}",
      "{\"issuer\":\"X\",\"not_after\":\"1970-01-01T00:00:01Z\"}" },
    { "Steps", "@aa{sv} [{'Ok': <true>}]", "[{\"ok\":true}]" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autofree char *text = as_text (table[i].name, table[i].value);

      g_assert_cmpstr (text, ==, table[i].json);
    }
}

static void
test_order (void)
{
  static const char *const order[] = { "Zebra", "Missing", "Apple", NULL };
  g_autoptr (GVariant) dict = g_variant_ref_sink (g_variant_new_parsed (
      "@a{sv} {'Beta': <1>, 'Apple': <'a'>, 'Alpha': <'b'>, 'Zebra': <'z'>}"));
  g_autoptr (JsonNode) node = pf_json_object (dict, order);
  g_autofree char *text = pf_json_text (node, FALSE);

  /* Signed numbers are no type of the interface. */
  g_assert_cmpstr (text, ==, "{\"zebra\":\"z\",\"apple\":\"a\",\"alpha\":\"b\",\"beta\":null}");
}

/* Safety: with `acts_on_reader` always FALSE in json.c a subject can reorder or recolour what a
 * person reads. */
static void
test_terminal (void)
{
  g_autoptr (JsonNode) node = json_node_init_string (
      json_node_alloc (), "a\033[31m\x7f\xc2\x9b"
                          "31m\xe2\x80\xae\xe2\x80\xa8\xef\xbb\xbf \xc3\xbc \xe6\x97\xa5\n\"\\");
  g_autofree char *text = pf_json_text (node, FALSE);
  g_autoptr (JsonNode) again = json_from_string (text, NULL);

  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      g_assert_true (c >= 0x20 && c != 0x7f && !(c >= 0x80 && c < 0xa0));
      g_assert_true (c != 0x202e && c != 0x2028 && c != 0xfeff);
    }
  g_assert_nonnull (g_strstr_len (text, -1, "\xc3\xbc \xe6\x97\xa5"));
  /* It still says the same. */
  g_assert_cmpstr (json_node_get_string (again), ==, json_node_get_string (node));
}

static void
test_relative (void)
{
  const guint64 second = G_USEC_PER_SEC, now = 1700000000 * second;
  const struct
  {
    guint64 time;
    const char *text;
  } table[] = {
    { 0, "-" },
    { now, "now" },
    { now - 5 * second, "5 s ago" },
    { now + 99 * second, "in 99 s" },
    { now - 100 * second, "1 min ago" },
    { now - 3 * 3600 * second, "3 h ago" },
    { now + 10 * 86400 * second, "in 10 days" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autofree char *text = pf_time_relative (table[i].time, now);

      g_assert_cmpstr (text, ==, table[i].text);
    }
}

static void
test_since (void)
{
  const guint64 second = G_USEC_PER_SEC, now = 1700000000 * second;
  const struct
  {
    const char *text;
    guint64 time; /* 0: refused */
  } table[] = {
    { "30s", now - 30 * second },
    { "2h", now - 7200 * second },
    { "7d", now - 7 * 86400 * second },
    { "1w", now - 7 * 86400 * second },
    { "today", 1699920000 * second },
    { "yesterday", 1699833600 * second },
    { "2023-11-14", 1699920000 * second },
    { "2023-11-14 22:13", 1699999980 * second },
    { "2023-11-14 22:13:20", 1700000000 * second },
    { "2023-11-14T22:13:20Z", 1700000000 * second },
    { "2023-11-14T23:13:20+01:00", 1700000000 * second },
    { "99999w", 1 },
    { "", 0 },
    { "h", 0 },
    { "-2h", 0 },
    { "2x", 0 },
    { "tomorrow", 0 },
    { "2023-13-14", 0 },
    { "1960-01-01", 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      guint64 time = 0;

      g_assert_cmpint (pf_time_parse (table[i].text, now, &time), ==, table[i].time != 0);
      g_assert_cmpuint (time, ==, table[i].time);
    }
}

int
main (int argc, char **argv)
{
  g_setenv ("TZ", "UTC", TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/json/names", test_names);
  g_test_add_func ("/cli/json/names-differ", test_names_differ);
  g_test_add_func ("/cli/json/values", test_values);
  g_test_add_func ("/cli/json/order", test_order);
  g_test_add_func ("/cli/json/terminal", test_terminal);
  g_test_add_func ("/cli/times/relative", test_relative);
  g_test_add_func ("/cli/times/since", test_since);
  return g_test_run ();
}
