/* Received fields in the forms of many servers: what each part is taken for. */
#include "protocol/received.h"

#include <string.h>

typedef struct
{
  const char *value, *helo, *hostname, *address, *by;
} Case;

static const Case cases[] = {
  /* Postfix */
  { "from a.com (b.com [192.0.2.1]) by c.com (Postfix) with ESMTPS id 1 for <u@c.com>; Mon",
    "a.com", "b.com", "192.0.2.1", "c.com" },
  { "from a.com (unknown [IPv6:2001:db8::1]) (using TLSv1.3 with cipher X (256/256 bits)) by c.com (Postfix)",
    "a.com", NULL, "2001:db8::1", "c.com" },
  { "from [192.168.1.2] (p.b.com [192.0.2.1]) by c.com (Postfix)", "[192.168.1.2]", "p.b.com",
    "192.0.2.1", "c.com" },
  /* Exim */
  { "from b.com ([192.0.2.1]:4711 helo=a.com) by c.com with esmtps (TLS1.3) (Exim 4.96)", "a.com",
    "b.com", "192.0.2.1", "c.com" },
  { "from [192.0.2.1] (helo=a.com) by c.com with esmtp (Exim 4.96)", "a.com", NULL, "192.0.2.1",
    "c.com" },
  { "from b.com ([192.0.2.1]) by c.com with esmtps (Exim 4.96)", "b.com", "b.com", "192.0.2.1",
    "c.com" },
  { "from [192.0.2.1] (port=25 helo=[10.1.1.1]) by c.com with esmtp (Exim 4.96)", "[10.1.1.1]",
    NULL, "192.0.2.1", "c.com" },
  /* Sendmail */
  { "from a.com (b.com [192.0.2.1] (may be forged)) by c.com (8.14.4/8.14.4) with ESMTP id 1",
    "a.com", NULL, "192.0.2.1", "c.com" },
  { "from a.com (IDENT:root@b.com [192.0.2.1]) by c.com (8.9.3/8.9.3)", "a.com", "b.com",
    "192.0.2.1", "c.com" },
  /* qmail, IronPort */
  { "from b.com (HELO a.com) (192.0.2.1) by c.com with SMTP; 1 Jan", "a.com", "b.com", "192.0.2.1",
    "c.com" },
  { "from unknown (HELO a.com) (joe@192.0.2.1) by c.com with SMTP", "a.com", NULL, "192.0.2.1",
    "c.com" },
  { "from b.com (HELO a.com) ([192.0.2.1]) by c.com with ESMTP", "a.com", "b.com", "192.0.2.1",
    "c.com" },
  /* Google, Microsoft, Yahoo, GMX old and new */
  { "from a.com (b.com. [192.0.2.1]) by mx.google.com with ESMTPS id x", "a.com", "b.com",
    "192.0.2.1", "mx.google.com" },
  { "from a.com (2001:db8::1) by X.outlook.com (10.1.1.1) with Microsoft SMTP Server (version=TLS1_2) id 15",
    "a.com", NULL, "2001:db8::1", "X.outlook.com" },
  { "from 192.0.2.1 (EHLO a.com) by 10.1.1.1 with SMTPs", "a.com", NULL, "192.0.2.1", "10.1.1.1" },
  { "from a.com ([192.0.2.1]) by mx-ha.gmx.net (mxgmx017 [212.227.17.5]) with ESMTPS (Nemesis) id 1M",
    "a.com", NULL, "192.0.2.1", "mx-ha.gmx.net" },
  { "from b.com (EHLO a.com) [192.0.2.1] by mail.gmx.net (mp058) with SMTP", "a.com", "b.com",
    "192.0.2.1", "mail.gmx.net" },
  /* Dovecot, Zimbra, Courier, MailEnable, ZMailer, Mimecast, Proofpoint, Barracuda, Domino */
  { "from a.com ([192.0.2.1]) by c.com with LMTP id x for <u@c.com>", "a.com", NULL, "192.0.2.1",
    "c.com" },
  { "from a.com (LHLO a.com) (192.0.2.1) by c.com with LMTP", "a.com", "a.com", "192.0.2.1",
    "c.com" },
  { "from a.com (b.com [::ffff:192.0.2.1]) by c.com with ESMTP; Mon", "a.com", "b.com", "192.0.2.1",
    "c.com" },
  { "from a.com ([192.0.2.1]) by c.com with MailEnable ESMTP; Mon", "a.com", NULL, "192.0.2.1",
    "c.com" },
  { "from b.com ([192.0.2.1]:46247 \"EHLO a.com\" rhost-flags-OK-OK) by c.com with ESMTP id S1 (ORCPT <rfc822;u@c.com>)",
    "a.com", "b.com", "192.0.2.1", "c.com" },
  { "from a.com (192.0.2.1 [192.0.2.1]) (Using TLS) by relay.mimecast.com with ESMTP id x", "a.com",
    NULL, "192.0.2.1", "relay.mimecast.com" },
  { "from pps.filterd (m0098 [127.0.0.1]) by mx0b.pphosted.com (8.16.0.20/8.16.0.20) with SMTP id v",
    "pps.filterd", "m0098", "127.0.0.1", "mx0b.pphosted.com" },
  { "from a.com (b.com [192.0.2.1]) by barracuda.c.com with ESMTP id x", "a.com", "b.com",
    "192.0.2.1", "barracuda.c.com" },
  { "from a.com ([192.0.2.1]) by c.com (Lotus Domino Release 8.5) with ESMTP id 1-2", "a.com", NULL,
    "192.0.2.1", "c.com" },
  /* no address; quoted pairs; names like keywords; nothing at all */
  { "from a.com by c.com (mailgateway 2403B92) with SMTP id 4", "a.com", NULL, NULL, "c.com" },
  { "by 10.1.2.3 with SMTP id p7mr1; Mon", NULL, NULL, NULL, "10.1.2.3" },
  { "from by (b.com [192.0.2.1]) by c.com", "by", "b.com", "192.0.2.1", "c.com" },
  { "from a\tb@evil (x\\) [192.0.2.1]) by c.com", "a", NULL, "192.0.2.1", "c.com" },
  { "from [203.0.113.1] by c.com with SMTP", "[203.0.113.1]", NULL, NULL, "c.com" },
  { "", NULL, NULL, NULL, NULL },
};

static void
test_forms (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (PfReceived) got = pf_received_parse (cases[i].value);

      g_test_message ("%s", cases[i].value);
      g_assert_false (got->doubtful);
      g_assert_cmpstr (got->helo, ==, cases[i].helo);
      g_assert_cmpstr (got->hostname, ==, cases[i].hostname);
      g_assert_cmpstr (got->address, ==, cases[i].address);
      g_assert_cmpstr (got->by, ==, cases[i].by);
    }
}

static void
test_marks (void)
{
  static const char *const doubtful[] = {
    "from a (b [192.0.2.1]) (c [192.0.2.2]) by d",
    "from a by b (c [192.0.2.1]) by d",
    "by a from b ([192.0.2.1])",
    "from a (b [192.0.2.1] by c",
    "from a [192.0.2.9] (b [192.0.2.1]) by c",
  };
  static const char *const submitted[] = {
    "from a ([192.0.2.1]) by c with ESMTPSA id 1",
    "from a ([192.0.2.1]) by c with esmtpa (Exim 4)",
    "from a (b [192.0.2.1]) (Authenticated sender: u) by c (Postfix) with ESMTP",
    "from a (b [192.0.2.1]) (authenticated bits=0) by c (8.1) with ESMTP",
    "from a (b [192.0.2.1]) (AUTH: LOGIN u) by c with ESMTP",
    "from [192.0.2.1] (account u@c HELO a) by c with ESMTP",
  };
  static const char *const local[] = { "by c (Postfix, from userid 33) id 1",
                                       "(qmail 1 invoked by uid 1000); 1 Jan",
                                       "from www by c with local (Exim 4)",
                                       "(from www@localhost) by c (8.1) id 1" };

  for (guint i = 0; i < G_N_ELEMENTS (doubtful); i++)
    {
      g_autoptr (PfReceived) got = pf_received_parse (doubtful[i]);

      g_assert_true (got->doubtful);
    }
  for (guint i = 0; i < G_N_ELEMENTS (submitted); i++)
    {
      g_autoptr (PfReceived) got = pf_received_parse (submitted[i]);

      g_assert_true (got->authenticated);
    }
  for (guint i = 0; i < G_N_ELEMENTS (local); i++)
    {
      g_autoptr (PfReceived) got = pf_received_parse (local[i]);

      g_assert_true (got->local);
    }
}

static void
test_rest (void)
{
  g_autoptr (PfReceived) got = pf_received_parse (
      "from a.com (b.com [192.0.2.1]) by c.com with ESMTP (envelope-from <s@a.com>) id x-1 for <u@c.com>; Mon");
  g_autofree char *huge = g_strnfill (9000, '(');
  g_autoptr (PfReceived) long_one = pf_received_parse (huge);

  g_assert_cmpstr (got->with, ==, "ESMTP");
  g_assert_cmpstr (got->id, ==, "x-1");
  g_assert_cmpstr (got->recipient, ==, "<u@c.com>");
  g_assert_cmpstr (got->sender, ==, "<s@a.com>");
  g_assert_true (long_one->doubtful);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/received/forms", test_forms);
  g_test_add_func ("/received/marks", test_marks);
  g_test_add_func ("/received/rest", test_rest);
  return g_test_run ();
}
