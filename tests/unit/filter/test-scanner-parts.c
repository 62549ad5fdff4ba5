/* The request to Rspamd, clamd's version, the health. */
#include "filter/clamd.h"
#include "filter/rspamd-request.h"
#include "filter/scanner-private.h"

#include <string.h>

/* (transfer full): "Name: value" in the order put, joined by "|". */
static char *
request (const PfScanEnvelope *envelope)
{
  SoupMessageHeaders *headers = soup_message_headers_new (SOUP_MESSAGE_HEADERS_REQUEST);
  GString *all = g_string_new (NULL);
  SoupMessageHeadersIter iter;
  const char *name, *value;

  pf_rspamd_put_request (headers, envelope);
  soup_message_headers_iter_init (&iter, headers);
  while (soup_message_headers_iter_next (&iter, &name, &value))
    g_string_append_printf (all, "%s%s: %s", all->len > 0 ? "|" : "", name, value);
  soup_message_headers_unref (headers);
  return g_string_free (all, FALSE);
}

#define OFF                                                                                        \
  "\"symbols_disabled\":[\"GREYLIST_CHECK\",\"GREYLIST_SAVE\"],\"actions\":{\"greylist\":null}}"
#define WITH "Settings: {" OFF
#define WITHOUT "Settings: {\"groups_disabled\":[\"rbl\",\"spf\",\"dmarc\",\"hfilter\"]," OFF

static void
test_request (void)
{
  static const char *const two[] = { "a@b.test", "c@d.test", NULL };
  static const char *const odd[] = { "a,b@c.test", "x y@c.test", "", "a@b.test\r\nIP: 1", NULL };
  const struct
  {
    PfScanEnvelope envelope;
    const char *wanted;
  } rows[] = {
    { { NULL }, WITHOUT },
    { { .ip = "192.0.2.1",
        .helo = "h.test",
        .hostname = "r.test",
        .from = "f@g.test",
        .recipients = two,
        .deliver_to = "alice",
        .queue_id = "Q1" },
      "IP: 192.0.2.1|Helo: h.test|Hostname: r.test|From: f@g.test|Rcpt: a@b.test|Rcpt: c@d.test|"
      "Deliver-To: alice|Queue-Id: Q1|" WITH },
    { { .ip = "[2001:DB8::1]", .from = "" }, "IP: 2001:db8::1|From: <>|" WITH },
    { { .ip = "IPv6:2001:db8::2" }, "IP: 2001:db8::2|" WITH },
    /* No client: nothing is told of it. */
    { { .ip = "127.0.0.1", .helo = "h.test", .hostname = "r.test" }, WITHOUT },
    { { .ip = "::1", .helo = "h.test" }, WITHOUT },
    { { .ip = "0.0.0.0" }, WITHOUT },
    { { .ip = "1.2.3", .helo = "h.test" }, WITHOUT },
    { { .ip = "192.0.2.1\r\nUser: x" }, WITHOUT },
    /* What could make a line of its own, or is not what it should be, is left out. */
    { { .ip = "192.0.2.1",
        .helo = "h\r\nUser: x",
        .hostname = "a\tb",
        .from = "a@b\nUser: x",
        .recipients = odd,
        .deliver_to = "",
        .queue_id = "\xc3\xa9" },
      "IP: 192.0.2.1|" WITH },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *got = request (&rows[i].envelope);

      g_assert_cmpstr (got, ==, rows[i].wanted);
    }
}

static void
test_long_value (void)
{
  g_autofree char *helo = g_strnfill (999, 'h');
  PfScanEnvelope envelope = { .ip = "192.0.2.1", .helo = helo };
  g_autofree char *got = request (&envelope);

  g_assert_cmpstr (got, ==, "IP: 192.0.2.1|" WITH);
}

static void
test_version (void)
{
  static const struct
  {
    const char *text, *version;
    gint64 time;
  } rows[] = {
    { "ClamAV 1.4.6/27500/Thu Jan  1 10:00:00 2026", "ClamAV 1.4.6/27500", 1767261600 },
    { "ClamAV 1.4.6/27500/Sun Nov 22 09:05:07 2026", "ClamAV 1.4.6/27500", 1795338307 },
    { "ClamAV 1.4.6", "ClamAV 1.4.6", 0 },
    { "ClamAV 1.4.6/27500", "ClamAV 1.4.6/27500", 0 },
    { "ClamAV 1.4.6/27500/", "ClamAV 1.4.6/27500", 0 },
    { "ClamAV 1/2/Thu Foo  1 10:00:00 2026", "ClamAV 1/2", 0 },
    { "ClamAV 1/2/Thu Jan 99 10:00:00 2026", "ClamAV 1/2", 0 },
    { "ClamAV 1/2/Thu Jan 1 10:00 2026", "ClamAV 1/2", 0 },
    { "ClamAV 1/2/Thu Jan 1 10:00:00 2026 and more", "ClamAV 1/2", 1767261600 },
    { "ClamAV 1/2/a b c d e f g h", "ClamAV 1/2", 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *version = NULL;

      g_assert_cmpint (pf_clamd_read_version (rows[i].text, &version), ==, rows[i].time);
      g_assert_cmpstr (version, ==, rows[i].version);
    }
}

static gboolean
has_answered (const char *scanner, gpointer user_data)
{
  return *(gboolean *) user_data;
}

static void
answered (const char *scanner, gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
}

static PfScanReason
refused (PfScannerState *state)
{
  g_autoptr (PfScanResult) result = pf_scanner_trouble (state, PF_SCAN_UNREACHABLE, "gone", FALSE);

  g_assert_cmpint (result->status, ==,
                   result->reason == PF_SCAN_ABSENT ? PF_SCAN_SKIPPED : PF_SCAN_TROUBLE);
  return result->reason;
}

/* `auto`: absent counts as none until it has answered once, also in an earlier life. */
static void
test_automatic (void)
{
  gboolean memory = FALSE;
  PfScannerOptions options = {
    .address = "auto", .timeout = 5, .max_size = 100, .memory = { has_answered, answered, &memory }
  };
  PfScannerState state = { 0 }, later = { 0 }, named = { 0 };

  pf_scanner_state_init (&state, "clamd", &options);
  g_assert_cmpint (refused (&state), ==, PF_SCAN_ABSENT);
  g_assert_false (state.health.reachable);
  g_assert_cmpstr (state.health.error, ==, "gone");
  pf_scanner_note_answer (&state);
  g_assert_true (memory);
  g_assert_cmpstr (state.health.error, ==, "");
  g_assert_cmpint (refused (&state), ==, PF_SCAN_UNREACHABLE);
  pf_scanner_state_init (&later, "clamd", &options);
  g_assert_cmpint (refused (&later), ==, PF_SCAN_UNREACHABLE);
  options.address = "unix:/x";
  memory = FALSE;
  pf_scanner_state_init (&named, "clamd", &options);
  g_assert_cmpint (refused (&named), ==, PF_SCAN_UNREACHABLE);
  pf_scanner_state_clear (&state);
  pf_scanner_state_clear (&later);
  pf_scanner_state_clear (&named);
}

static void
test_skip (void)
{
  static const struct
  {
    const char *address;
    guint64 length;
    PfScanReason reason;
  } rows[] = { { "off", 5, PF_SCAN_OFF },
               { "auto", 0, PF_SCAN_EMPTY },
               { "auto", 101, PF_SCAN_TOO_LARGE },
               { "auto", 100, PF_SCAN_NO_REASON } };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      PfScannerOptions options = { .address = rows[i].address, .timeout = 5, .max_size = 100 };
      PfScanSource source = { -1, 0, rows[i].length };
      PfScannerState state = { 0 };
      g_autoptr (PfScanResult) result = NULL;

      pf_scanner_state_init (&state, "rspamd", &options);
      result = pf_scanner_skip (&state, &source);
      g_assert_cmpint (result != NULL ? result->reason : PF_SCAN_NO_REASON, ==, rows[i].reason);
      pf_scanner_state_clear (&state);
    }
}

int
main (int argc, char **argv)
{
  g_setenv ("TZ", "UTC", TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/scanner/request", test_request);
  g_test_add_func ("/scanner/long-value", test_long_value);
  g_test_add_func ("/scanner/version", test_version);
  g_test_add_func ("/scanner/automatic", test_automatic);
  g_test_add_func ("/scanner/skip", test_skip);
  return g_test_run ();
}
