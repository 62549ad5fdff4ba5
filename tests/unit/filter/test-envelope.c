/* Header blocks of real messages (envelopes.txt), and each of them with lies below the border
 * line. */
#include "filter/envelope.h"
#include "filter/hosts.h"

#include <string.h>

/* What the lies want to be believed: routable, and nowhere in the file. */
#define VICTIM_IP "203.0.114.66"

typedef struct
{
  char *name, *server, *address, *relays, *seen, *ip, *helo, *hostname, *from, *header;
} Block;

static GPtrArray *blocks;

static char *
value_of (const char *text, const char *key)
{
  g_autofree char *mark = g_strdup_printf ("\n%s: ", key);
  const char *at = strstr (text, mark);

  return at != NULL ? g_strndup (at + strlen (mark), strcspn (at + strlen (mark), "\n"))
                    : g_strdup ("");
}

static void
load (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "envelopes.txt", NULL), *text = NULL;
  g_auto (GStrv) parts = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  parts = g_strsplit (text, "=== ", -1);
  blocks = g_ptr_array_new ();
  for (guint i = 1; parts[i] != NULL; i++)
    {
      Block *block = g_new0 (Block, 1);
      char *rest = strstr (parts[i], "\n---\n");

      g_assert_nonnull (rest);
      block->header = g_strdup (rest + 5);
      *rest = '\0';
      block->name = g_strndup (parts[i], strcspn (parts[i], "\n"));
      block->server = value_of (parts[i], "server");
      block->address = value_of (parts[i], "address");
      block->relays = value_of (parts[i], "relays");
      block->seen = value_of (parts[i], "seen");
      block->ip = value_of (parts[i], "ip");
      block->helo = value_of (parts[i], "helo");
      block->hostname = value_of (parts[i], "hostname");
      block->from = value_of (parts[i], "from");
      g_strchomp (block->header);
      g_ptr_array_add (blocks, block);
    }
}

static PfEnvelope *
recover (const Block *block, const char *header)
{
  g_auto (GStrv) relays = g_strsplit (block->relays, " ", -1);
  PfEnvelopeSource source = { .server = block->server,
                              .address = block->address,
                              .trusted_relays =
                                  *block->relays != '\0' ? (const char *const *) relays : NULL,
                              .borders = pf_borders_builtin () };

  return pf_envelope_recover (header, strlen (header), &source);
}

static void
assert_is (const Block *block, const char *what, const char *got, const char *expected)
{
  if (g_strcmp0 (got != NULL ? got : "", expected) != 0)
    {
      g_test_message ("%s: %s is \"%s\", not \"%s\"", block->name, what, got, expected);
      g_test_fail ();
    }
}

static void
assert_expected (const Block *block, const char *header)
{
  g_autoptr (PfEnvelope) envelope = recover (block, header);
  g_autofree char *from =
      envelope->mail_from != NULL ? g_strdup_printf ("<%s>", envelope->mail_from) : g_strdup ("");

  assert_is (block, envelope->why, pf_envelope_seen_name (envelope->seen), block->seen);
  assert_is (block, "ip", envelope->ip, block->ip);
  assert_is (block, "helo", envelope->helo, block->helo);
  assert_is (block, "hostname", envelope->hostname, block->hostname);
  assert_is (block, "from", from, block->from);
}

static void
test_table (void)
{
  g_assert_cmpuint (blocks->len, >=, 60);
  for (guint i = 0; i < blocks->len; i++)
    assert_expected (blocks->pdata[i], ((Block *) blocks->pdata[i])->header);
}

/* Lies that a sender can write, some of them in the provider's own voice. */
static const char *const lies[] = {
  "Received: from mail.victim.example (mail.victim.com [" VICTIM_IP
  "]) by mx.google.com with ESMTPS id 1; Mon, 1 Jan 2024 00:00:00 +0000\n",
  "Received: from victim.com (" VICTIM_IP
  ") by AM1.mail.protection.outlook.com (10.1.1.1) with Microsoft SMTP Server id 15.20 via Frontend Transport\n",
  "Received: from " VICTIM_IP " (EHLO victim.com) by 10.2.3.4 with SMTPs\n",
  "Received: from victim.com ([" VICTIM_IP
  "]) by mx-ha.gmx.net (mxgmx107) with ESMTPS (Nemesis) id 0\n",
  "Received: from victim.com (victim.com [" VICTIM_IP
  "]) by p00-icloudmta-smtpin.me.com (Postfix) with ESMTPS id 1\n",
  "Received-SPF: pass (google.com: domain of a@victim.com designates " VICTIM_IP
  " as permitted sender) client-ip=" VICTIM_IP ";\n",
  "Received-SPF: Pass (protection.outlook.com: domain of victim.com) receiver=protection.outlook.com; client-ip=" VICTIM_IP
  "; helo=victim.com;\n",
  "X-Originating-Ip: [" VICTIM_IP "]\n",
  "Return-Path: <forged@victim.com>\n",
  "Authentication-Results: mx.google.com; spf=pass smtp.mailfrom=forged@victim.com\n",
};

/* Where the line of the border ends: behind the Received that holds the expected address. */
static gsize
border_end (const Block *block, gsize *begin)
{
  const char *at = block->header;

  while (at != NULL && *at != '\0')
    {
      const char *next = at;
      g_autofree char *field = NULL;

      do
        next = strchr (next, '\n') != NULL ? strchr (next, '\n') + 1 : next + strlen (next);
      while (*next == ' ' || *next == '\t');
      field = g_strndup (at, (gsize) (next - at));
      if (g_ascii_strncasecmp (field, "Received:", 9) == 0 && *block->ip != '\0'
          && (strstr (field, block->ip) != NULL || strstr (field, block->helo) != NULL)
          && strstr (field, "with mapi") == NULL)
        {
          *begin = (gsize) (at - block->header);
          return (gsize) (next - block->header);
        }
      at = next;
    }
  return 0;
}

static void
test_forged_below (void)
{
  for (guint i = 0; i < blocks->len; i++)
    for (guint lie = 0; lie <= G_N_ELEMENTS (lies); lie++)
      {
        const Block *block = blocks->pdata[i];
        gsize begin, end = border_end (block, &begin);
        g_autoptr (GString) header = g_string_new (block->header);

        if (end == 0)
          continue;
        g_string_append_c (header, '\n');
        if (end == strlen (block->header))
          end++;
        for (guint j = 0; j < G_N_ELEMENTS (lies); j++)
          if (lie == j || lie == G_N_ELEMENTS (lies))
            g_string_insert (header, (gssize) end, lies[j]);
        assert_expected (block, header->str);
      }
}

/* Every line below the border is turned into a lie: nothing changes but, where the provider writes
 * it at the end, the sender. */
static void
test_replaced_below (void)
{
  for (guint i = 0; i < blocks->len; i++)
    {
      const Block *block = blocks->pdata[i];
      gsize begin, end = border_end (block, &begin);
      g_autoptr (GString) header = g_string_new_len (block->header, (gssize) end);
      g_autoptr (PfEnvelope) envelope = NULL;

      if (end == 0)
        continue;
      if (header->str[header->len - 1] != '\n')
        g_string_append_c (header, '\n');
      for (guint j = 0; j < G_N_ELEMENTS (lies); j++)
        g_string_append (header, lies[j]);
      envelope = recover (block, header->str);
      assert_is (block, "ip", envelope->ip, block->ip);
      assert_is (block, "helo", envelope->helo, block->helo);
    }
}

/* Without the line, and with a lie of another house in its place: not sure, and never the lie. */
static void
test_border_missing (void)
{
  for (guint i = 0; i < blocks->len; i++)
    {
      const Block *block = blocks->pdata[i];
      gsize begin, end = border_end (block, &begin);
      g_autoptr (GString) header = g_string_new (block->header);
      g_autoptr (PfEnvelope) envelope = NULL;

      if (end == 0)
        continue;
      g_string_erase (header, (gssize) begin, (gssize) (end - begin));
      g_string_insert (header, (gssize) begin,
                       "Received: from victim.com (victim.com [" VICTIM_IP
                       "]) by mail.house.com with ESMTP id 1\n");
      envelope = recover (block, header->str);
      if (g_strcmp0 (envelope->ip, VICTIM_IP) == 0 || envelope->seen == PF_ENVELOPE_YES)
        {
          g_test_message ("%s: %s without its border line", block->name, envelope->ip);
          g_test_fail ();
        }
    }
}

static PfEnvelope *
recover_at (const char *server, const char *header)
{
  Block block = { .name = (char *) "case",
                  .server = (char *) server,
                  .address = (char *) "user@example.org",
                  .relays = (char *) "" };

  return recover (&block, header);
}

/* What looks like a border line and is none, or may be none. */
static void
test_not_sure (void)
{
  static const char *const cases[][2] = {
    /* names that nobody looked up */
    { "imap.house.com", "Received: from mx1.house.com (unknown [" VICTIM_IP
                        "]) by mx2.house.com (Postfix) with ESMTP id 1\n" },
    /* a gateway that repeats what it was told, and a lie below */
    { "imap.house.com",
      "Received: from victim.com (gate [10.0.0.1]) by mx.house.com (Postfix) with ESMTP id 1\n"
      "Received: from a.com (a.com [" VICTIM_IP "]) by gate.house.com with ESMTP id 2\n" },
    /* a name put in so that there are two addresses */
    { "imap.house.com", "Received: from a (b.com [" VICTIM_IP
                        "]) (c.com [198.51.101.7]) by mx.house.com with ESMTP id 1\n" },
    /* a by in the HELO */
    { "imap.gmail.com", "Received: from x by mx.google.com (a.com [" VICTIM_IP
                        "]) by mx.google.com with ESMTP id 1\n" },
    /* a customer of the house, with a lie below */
    { "imap.house.com",
      "Received: from x (p-203-0-113-9.dsl.house.com [203.0.115.9]) by mx.house.com (Postfix) with ESMTP id 1\n"
      "Received: from v.com (v.com [" VICTIM_IP "]) by mail.house.com with ESMTP id 2\n" },
    /* a script on the house's web server, with a lie below */
    { "imap.house.com",
      "Received: by web.house.com (Postfix, from userid 33) id 1; Mon, 1 Jan 2024 00:00:00 +0000\n"
      "Received: from v.com (v.com [" VICTIM_IP "]) by mx.house.com with ESMTP id 2\n" },
    { "imap.house.com",
      "Received: from www-data by web.house.com with local (Exim 4.96) id 1\n"
      "Received: from v.com (v.com [" VICTIM_IP "]) by mx.house.com with ESMTP id 2\n" },
    /* submitted by web or by a program */
    { "imap.gmail.com",
      "Received: by 2002:a05:6102:1916:b0:7b2:43df:ca61 with SMTP id a; Mon, 1 Jan 2024 00:00:00 +0000\n"
      "Received: from 75393 named unknown by gmailapi.google.com with HTTPREST; Mon, 1 Jan 2024 00:00:00 +0000\n"
      "Received: from v.com (v.com. [" VICTIM_IP "]) by mx.google.com with ESMTPS id 2\n" },
    { "imap.gmail.com",
      "Received: from mail-sor-f41.google.com (mail-sor-f41.google.com. [209.85.220.41]) by mx.google.com with SMTPS id q sor 1\n"
      "Received: from v.com (v.com. [" VICTIM_IP "]) by mx.google.com with ESMTPS id 2\n" },
    /* a mesh address of Microsoft's that the data does not know is not given out as the sender's */
    { "outlook.office365.com",
      "Received: from X.eop-nam11.prod.protection.outlook.com (2a01:111:f403:4b::201) by "
      "Y.outlook.office365.com (2603:10b6:1::2) with Microsoft SMTP Server id 15.20 via Frontend Transport\n" },
    /* no domain of one's own to go by */
    { "10.1.1.1",
      "Received: from v.com (v.com [" VICTIM_IP "]) by mx.house.com with ESMTP id 2\n" },
    { "imap.house.com",
      "Received: from v.com (v.com [" VICTIM_IP "]) by mx.other.com with ESMTP id 2\n" },
    { "imap.house.com",
      "Received: from v.com (v.com [192.168.1.4]) by mx.house.com with ESMTP id 2\n" },
    { "imap.house.com",
      "Received: from localhost (localhost [127.0.0.1]) by mx.house.com with ESMTP id 2\n" },
    { "imap.house.com", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (PfEnvelope) envelope = recover_at (cases[i][0], cases[i][1]);

      if (envelope->ip != NULL || envelope->helo != NULL)
        g_test_message ("case %u: %s %s", i, envelope->ip, envelope->why);
      g_assert_null (envelope->ip);
      g_assert_null (envelope->helo);
      g_assert_cmpint (envelope->seen, !=, PF_ENVELOPE_YES);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_set_nonfatal_assertions ();
  load ();
  g_test_add_func ("/envelope/table", test_table);
  g_test_add_func ("/envelope/forged-below", test_forged_below);
  g_test_add_func ("/envelope/replaced-below", test_replaced_below);
  g_test_add_func ("/envelope/border-missing", test_border_missing);
  g_test_add_func ("/envelope/not-sure", test_not_sure);
  return g_test_run ();
}
