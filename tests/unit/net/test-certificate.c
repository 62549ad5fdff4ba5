/* What is pure in net/: endpoints, pins, octets on their way out. */
#include <string.h>

#include "net/certificate.h"
#include "net/endpoint.h"
#include "net/outgoing.h"

/* --- Endpoints -------------------------------------------------------------------------------- */

static void
test_loopback (void)
{
  static const struct
  {
    const char *host;
    gboolean loopback;
  } cases[] = {
    { "127.0.0.1", TRUE },
    { "127.9.8.7", TRUE },
    { "::1", TRUE },
    { "localhost", TRUE },
    { "LocalHost.", TRUE },
    { "mail.localhost", TRUE },
    { "/run/lmtp", TRUE },
    { "128.0.0.1", FALSE },
    { "notlocalhost", FALSE },
    { "localhost.example.com", FALSE },
    { "127.0.0.1.example", FALSE },
    { "::2", FALSE },
    { "", FALSE },
    { ".", FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      PfEndpoint endpoint = { .host = (char *) cases[i].host };

      g_test_message ("%s", cases[i].host);
      g_assert_cmpint (pf_endpoint_is_loopback (&endpoint), ==, cases[i].loopback);
    }
}

static void
test_describe (void)
{
  static const struct
  {
    const char *host, *text;
  } cases[] = {
    { "mail.example.com", "mail.example.com:995" },
    { "2001:db8::1", "[2001:db8::1]:995" },
    { "/run/lmtp", "/run/lmtp" },
    { "a\nb", "a\\x0ab:995" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      PfEndpoint endpoint = { .host = (char *) cases[i].host, .port = 995 };
      g_autofree char *text = pf_endpoint_describe (&endpoint);

      g_assert_cmpstr (text, ==, cases[i].text);
    }
}

/* --- Pins ------------------------------------------------------------------------------------- */

#define HEX "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"

static void
test_pin (void)
{
  static const struct
  {
    const char *text;
    gboolean valid;
  } cases[] = {
    { "sha256:" HEX, TRUE },
    { "SHA256:" HEX, TRUE },
    { "sha256:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:"
      "00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff",
      TRUE },
    { "sha256:" HEX "0", FALSE },
    { "sha256:" HEX ":", FALSE },
    { "sha256::" HEX, FALSE },
    { "sha256:0011", FALSE },
    { "sha256:", FALSE },
    { "sha256:0:011223344556677", FALSE },
    { "sha256:g0112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", FALSE },
    { HEX, FALSE },
    { "", FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      guint8 digest[PF_FINGERPRINT_LENGTH];
      g_autofree char *text = NULL, *expected = g_ascii_strdown ("sha256:" HEX, -1);

      g_test_message ("%s", cases[i].text);
      g_assert_cmpint (pf_certificate_parse_pin (cases[i].text, digest), ==, cases[i].valid);
      if (!cases[i].valid)
        continue;
      text = pf_certificate_format_digest (digest);
      g_assert_cmpstr (text, ==, expected);
    }
}

/* --- Outgoing --------------------------------------------------------------------------------- */

static void
push (PfOutgoing *outgoing, const char *text)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

  pf_outgoing_push (outgoing, bytes);
}

static void
test_outgoing_order (void)
{
  PfOutgoing outgoing;
  guint8 buffer[4];

  pf_outgoing_init (&outgoing);
  push (&outgoing, "ab");
  push (&outgoing, "");
  push (&outgoing, "cdefg");
  g_assert_cmpuint (pf_outgoing_get_queued (&outgoing), ==, 7);
  g_assert_cmpuint (pf_outgoing_pop (&outgoing, buffer, 4), ==, 4);
  g_assert_cmpmem (buffer, 4, "abcd", 4);
  g_assert_cmpuint (pf_outgoing_get_queued (&outgoing), ==, 3);
  push (&outgoing, "h");
  g_assert_cmpuint (pf_outgoing_pop (&outgoing, buffer, 4), ==, 4);
  g_assert_cmpmem (buffer, 4, "efgh", 4);
  g_assert_cmpuint (pf_outgoing_pop (&outgoing, buffer, 4), ==, 0);
  push (&outgoing, "never sent");
  pf_outgoing_clear (&outgoing);
  g_assert_cmpuint (pf_outgoing_get_queued (&outgoing), ==, 0);
}

/* The linker sends calls of pf_secret_wipe() here (see meson.build). */
void __real_pf_secret_wipe (void *data, gsize length);
void __wrap_pf_secret_wipe (void *data, gsize length);

static const void *watched;
static gsize watched_wiped;

void
__wrap_pf_secret_wipe (void *data, gsize length)
{
  if (data == watched)
    watched_wiped = length;
  __real_pf_secret_wipe (data, length);
}

/* Fails when wipe_bytes() only releases the octets. */
static void
test_outgoing_wipes_queue (void)
{
  PfOutgoing outgoing;
  guint8 buffer[64];
  GBytes *bytes = g_bytes_new_take (g_strdup ("PASS hunter2"), 12);

  pf_outgoing_init (&outgoing);
  watched = g_bytes_get_data (bytes, NULL);
  watched_wiped = 0;
  pf_outgoing_push (&outgoing, bytes);
  g_bytes_unref (bytes);
  pf_outgoing_pop (&outgoing, buffer, sizeof buffer);
  g_assert_cmpuint (watched_wiped, ==, 12);

  bytes = g_bytes_new_take (g_strdup ("PASS hunter2"), 12);
  watched = g_bytes_get_data (bytes, NULL);
  watched_wiped = 0;
  pf_outgoing_push (&outgoing, bytes);
  g_bytes_unref (bytes);
  pf_outgoing_clear (&outgoing);
  g_assert_cmpuint (watched_wiped, ==, 12);
}

/* Octets that somebody else still holds stay as they are. */
static void
test_outgoing_leaves_others (void)
{
  PfOutgoing outgoing;
  g_autoptr (GBytes) bytes = g_bytes_new ("kept", 4);

  pf_outgoing_init (&outgoing);
  pf_outgoing_push (&outgoing, bytes);
  pf_outgoing_clear (&outgoing);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), 4, "kept", 4);
}

/* Fails when free_wire() does not wipe. */
static void
test_outgoing_wipes_wire (void)
{
  PfOutgoing outgoing;
  gsize length;

  pf_outgoing_init (&outgoing);
  g_byte_array_append (pf_outgoing_wire (&outgoing), (const guint8 *) "PASS hunter2", 12);
  watched = pf_outgoing_peek (&outgoing, &length);
  watched_wiped = 0;
  g_assert_cmpuint (length, ==, 12);
  pf_outgoing_sent (&outgoing, 5);
  g_assert_cmpuint (pf_outgoing_get_wire_length (&outgoing), ==, 7);
  g_assert_cmpuint (watched_wiped, ==, 0);
  pf_outgoing_sent (&outgoing, 7);
  g_assert_cmpuint (watched_wiped, ==, 12);
  pf_outgoing_clear (&outgoing);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/net/endpoint/loopback", test_loopback);
  g_test_add_func ("/net/endpoint/describe", test_describe);
  g_test_add_func ("/net/certificate/pin", test_pin);
  g_test_add_func ("/net/outgoing/order", test_outgoing_order);
  g_test_add_func ("/net/outgoing/wipes-queue", test_outgoing_wipes_queue);
  g_test_add_func ("/net/outgoing/leaves-others", test_outgoing_leaves_others);
  g_test_add_func ("/net/outgoing/wipes-wire", test_outgoing_wipes_wire);
  return g_test_run ();
}
