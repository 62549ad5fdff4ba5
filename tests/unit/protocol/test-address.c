#include "protocol/address.h"

#include <string.h>

static const char local_64[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/* What is put between < and > must neither end the command line nor the path. Product change that
 * fails this: is_plain() returning TRUE for any of these octets. */
static void
test_safe (void)
{
  static const struct
  {
    const char *address;
    gboolean safe;
  } cases[] = {
    { "", TRUE },
    { "ann", TRUE },
    { "ann+box@example.org", TRUE },
    { "ann@[192.0.2.1]", TRUE },
    { "ann@[IPv6:2001:db8::1]", TRUE },
    { "SRS0=abc=de=example.org=ann@example.net", TRUE },
    { "DOMAIN\\ann", TRUE },
    { "\"ann b\"@example.org", TRUE },
    { "\"ann\\\"b\"@example.org", TRUE },
    { "\"ann\\\\\"@example.org", TRUE },
    { "\"a@b\"@example.org", TRUE },
    { "\"ann b\"", TRUE },
    { "ann b@example.org", FALSE },
    { "ann@example.org ", FALSE },
    { " ann@example.org", FALSE },
    { "ann@example.org\r\nRCPT TO:<bob>", FALSE },
    { "ann\n", FALSE },
    { "ann\r", FALSE },
    { "ann\t@example.org", FALSE },
    { "ann\x7f@example.org", FALSE },
    { "ann\x01", FALSE },
    { "<ann@example.org>", FALSE },
    { "ann@example.org> BODY=8BITMIME", FALSE },
    { "ann<", FALSE },
    { "\"ann>\"@example.org", FALSE },
    { "\"ann<\"@example.org", FALSE },
    { "\"ann\r\n\"@example.org", FALSE },
    { "\"ann\\\r\"@example.org", FALSE },
    { "\"ann@example.org", FALSE },
    { "\"ann\\\"@example.org", FALSE },
    { "\"ann\\", FALSE },
    { "\"", FALSE },
    { "\"ann\"b@example.org", FALSE },
    { "an\"n@example.org", FALSE },
    { "an\"n b\"@example.org", FALSE },
    { "@example.org", FALSE },
    { "ann@", FALSE },
    { "ann@bob@example.org", FALSE },
    { "@route:ann@example.org", FALSE },
    { "\xc3\xbc@example.org", FALSE },
    { "\"\xc3\xbc\"@example.org", FALSE },
    { "ann@ex\xc3\xa4mple.org", FALSE },
    { "ann@example.org\xff", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    if (pf_address_is_safe (cases[i].address) != cases[i].safe)
      g_error ("%s is %s", cases[i].address, cases[i].safe ? "safe" : "not safe");
}

static void
assert_safe (const char *local, gsize domain_length, gboolean safe)
{
  g_autofree char *domain = g_strnfill (domain_length, 'd');
  g_autofree char *address = g_strconcat (local, "@", domain, NULL);

  g_assert_cmpint (pf_address_is_safe (address), ==, safe);
}

static void
test_lengths (void)
{
  g_autofree char *local_65 = g_strconcat (local_64, "a", NULL);
  g_autofree char *quoted_64 = g_strdup_printf ("\"%.62s\"", local_64);
  g_autofree char *quoted_65 = g_strdup_printf ("\"%.63s\"", local_64);

  g_assert_true (pf_address_is_safe (local_64));
  g_assert_false (pf_address_is_safe (local_65));
  assert_safe (local_64, 255 - 64 - 1, TRUE);
  assert_safe (local_64, 255 - 64, FALSE);
  assert_safe (local_65, 10, FALSE);
  assert_safe (quoted_64, 10, TRUE);
  assert_safe (quoted_65, 10, FALSE);
}

typedef char *(*Parser) (const char *text);

typedef struct
{
  const char *text, *address;
} Case;

static void
check (Parser parser, const Case *cases, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *address = parser (cases[i].text);

      if (g_strcmp0 (address, cases[i].address) != 0)
        g_error ("%s gives %s and not %s", cases[i].text, address != NULL ? address : "nothing",
                 cases[i].address != NULL ? cases[i].address : "nothing");
    }
}

static void
test_path (void)
{
  static const Case cases[] = {
    { "<ann@example.org>", "ann@example.org" },
    { "  < ann@example.org >  ", "ann@example.org" },
    { "ann@example.org", "ann@example.org" },
    { " ann \t", "ann" },
    { "<>", "" },
    { "< >", "" },
    { "for <ann@example.org>; Mon", "ann@example.org" },
    { "<a@b> <c@d>", "a@b" },
    { "<@hop.example,@hop2.example:ann@example.org>", "ann@example.org" },
    { "<\"ann b\"@example.org>", "\"ann b\"@example.org" },
    { "", NULL },
    { "   ", NULL },
    { "<@hop:>", NULL },
    { "<ann@example.org", NULL },
    { "ann b", NULL },
    { "<ann@example.org\r\nDATA>", NULL },
    { "<\"ann>\"@example.org>", NULL },
    { "<\"ann@example.org>", NULL },
    { "<<ann@example.org>>", NULL },
    { "<\xff@example.org>", NULL },
    { "@:", NULL },
    { "<@>", NULL },
  };

  check (pf_address_from_path, cases, G_N_ELEMENTS (cases));
}

static void
test_mailbox (void)
{
  static const Case cases[] = {
    { "ann@example.org", "ann@example.org" },
    { " ann@example.org (Ann)", "ann@example.org" },
    { "(Ann) ann@example.org", "ann@example.org" },
    { "Ann B <ann@example.org>", "ann@example.org" },
    { "\"Ann, B\" <ann@example.org>", "ann@example.org" },
    { "=?utf-8?q?J=C3=BCrgen?= <j@example.org>, bob@example.org", "j@example.org" },
    { "ann@example.org, bob@example.org", "ann@example.org" },
    { ", ,ann@example.org", "ann@example.org" },
    { "Friends: ann@example.org, bob@example.org;", "ann@example.org" },
    { "Friends: Ann <ann@example.org>;", "ann@example.org" },
    { "Undisclosed recipients:;", NULL },
    { "\"ann b\"@example.org", "\"ann b\"@example.org" },
    { "< ann @ example.org >", "ann@example.org" },
    { "<ann(c)@example.org>", "ann@example.org" },
    { "<@hop,@hop2:ann@example.org>", "ann@example.org" },
    { "Ann\r\n <ann@example.org>", "ann@example.org" },
    { "J\xc3\xbcrgen <j\xc3\xbcrgen@example.org>", "j\xc3\xbcrgen@example.org" },
    /* A display name may say anything: it is not the address. */
    { "\"boss@example.org\" <evil@example.net>", "evil@example.net" },
    { "\"<boss@example.org>\" <evil@example.net>", "evil@example.net" },
    { "boss@example.org <evil@example.net>", "evil@example.net" },
    { "(<boss@example.org>) <evil@example.net>", "evil@example.net" },
    { "\"a\\\" <boss@example.org>\" <evil@example.net>", "evil@example.net" },
    { "((nested) <boss@example.org>) evil@example.net", "evil@example.net" },
    { "(esc \\) <boss@example.org>) evil@example.net", "evil@example.net" },
    /* What is left open hides nothing. */
    { "\"Ann <evil@example.net>", "evil@example.net" },
    { "(Ann <evil@example.net>", "evil@example.net" },
    { "evil@example.net (", "evil@example.net" },
    { "evil@example.net (Ann", "evil@example.net" },
    { "<evil@example.net", "evil@example.net" },
    { "Ann <<evil@example.net>>", "evil@example.net" },
    { "", NULL },
    { "ann", NULL },
    { "ann b@example.org", NULL },
    { "<>", NULL },
    { "<@>", NULL },
    { "a@b@c", NULL },
    { "ann@example.org\x01", NULL },
    { "\\", NULL },
    { "\"\\", NULL },
    { "(\\", NULL },
    { "\"", NULL },
  };

  check (pf_address_from_mailbox, cases, G_N_ELEMENTS (cases));
}

/* A megabyte of opening marks takes a moment, not an hour: each octet is read a few times at
 * most. Product change that fails this (by the test's time-out): read_comment() not setting
 * no_comments. */
static void
test_long (void)
{
  static const char *const marks[] = { "(", "\"", "<", "\\",   ":",   ",",   ";",
                                       "@", " ",  ")", "\\\"", "\\(", "(\\", "\"<" };

  for (guint i = 0; i < G_N_ELEMENTS (marks); i++)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      g_autofree char *mailbox = NULL, *path = NULL;

      while (text->len < 1 << 20)
        g_string_append (text, marks[i]);
      mailbox = pf_address_from_mailbox (text->str);
      path = pf_address_from_path (text->str);
      g_assert_null (mailbox);
      g_assert_null (path);
      g_assert_false (pf_address_is_safe (text->str));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/address/safe", test_safe);
  g_test_add_func ("/address/lengths", test_lengths);
  g_test_add_func ("/address/path", test_path);
  g_test_add_func ("/address/mailbox", test_mailbox);
  g_test_add_func ("/address/long", test_long);
  return g_test_run ();
}
