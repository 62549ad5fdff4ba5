/* Parts, names and content of messages, the broken ones too: what any reader of mail may find in
 * them is told. */
#include "base/limits.h"
#include "protocol/mime.h"

#include <string.h>

#define MIXED "Content-Type: multipart/mixed; boundary=B\r\n\r\n"
#define FILE_AS(field) field "\r\n\r\nx"

/* @told: "type|name|name=content" of each part in the order of their ends, then a space. */
static const struct
{
  const char *what, *message, *told;
} cases[] = {
  { "plain", "Subject: a\r\n\r\nhello\r\n", "text/plain=hello " },
  { "nothing", "", "text/plain= " },
  { "two parts", MIXED "--B\r\n\r\none\r\n--B\r\n\r\ntwo\r\n--B--\r\n",
    "text/plain=one text/plain=two multipart/mixed= " },
  { "line ends are LF", "Content-Type: multipart/mixed; boundary=B\n\n--B\n\none\n--B--\n",
    "text/plain=one multipart/mixed= " },
  { "no last boundary", MIXED "--B\r\n\r\none", "text/plain=one multipart/mixed= " },
  { "a part behind the end", MIXED "--B\r\n\r\none\r\n--B--\r\n--B\r\n\r\ntwo\r\n",
    "text/plain=one text/plain=two multipart/mixed= " },
  { "something behind the boundary", MIXED "--Bxyz\r\n\r\none\r\n--B-- z\r\n",
    "text/plain=one multipart/mixed= " },
  { "a boundary that begins like the outer one",
    MIXED
    "--B\r\nContent-Type: multipart/x; boundary=B1\r\n\r\n--B1\r\n\r\na\r\n--B1--\r\n--B\r\n\r\nb\r\n--B--\r\n",
    "text/plain=a multipart/x= text/plain=b multipart/mixed= " },
  { "another boundary than told",
    MIXED "--C\r\nContent-Type: a/b; name=x.exe\r\n\r\nMZ\r\n--C--\r\n",
    "a/b|x.exe=MZ multipart/mixed=--C " },
  { "no boundary told",
    "Content-Type: multipart/mixed\r\n\r\n--C\r\nContent-Type: a/b; name=x.exe\r\n\r\nMZ\r\n--C--\r\n",
    "a/b|x.exe=MZ multipart/mixed=--C " },
  { "two boundaries told",
    "Content-Type: multipart/mixed; boundary=A\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n"
    "--A\r\n\r\none\r\n--B\r\n\r\ntwo\r\n--B--\r\n",
    "text/plain=one text/plain=two multipart/mixed= " },
  { "base64", "Content-Transfer-Encoding: base64\r\n\r\nTVqQ\r\nAA=*=\r\nTVo=\r\n",
    "text/plain=MZ\xef\xbf\xbd.MZ " },
  { "an encoding with a comment",
    "Content-Transfer-Encoding: (x) Base64;\r\n\r\nTVo=", "text/plain=MZ " },
  { "two encodings",
    "Content-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: base64\r\n\r\nTVo=",
    "text/plain=MZ " },
  { "quoted-printable", "Content-Transfer-Encoding: quoted-printable\r\n\r\n=4dZ= \t\r\nx=ZZ=3",
    "text/plain=MZx=ZZ=3 " },
  { "a message inside",
    "Content-Type: message/rfc822\r\n\r\nContent-Type: a/b; name=x\r\n\r\nc\r\n",
    "a/b|x=c message/rfc822= " },
  { "an encoded message",
    "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    "Q29udGVudC1UeXBlOiBhL2I7IG5hbWU9eA0KDQpjDQo=",
    "a/b|x=c message/rfc822=Content-Type:_a/b;_name=x....c.. " },
  { "an encoded multipart",
    "Content-Type: multipart/mixed; boundary=B\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    "LS1CDQpDb250ZW50LVR5cGU6IGEvYjsgbmFtZT14LmV4ZQ0KDQpNWg0KLS1CLS0NCg==",
    "a/b|x.exe=MZ multipart/mixed= multipart/mixed=--B..Content-Type:_a/b;_name=x.exe....MZ..--B--.. " },
  { "uuencoded in a text", "\r\nsee:\r\nbegin 644 x.exe\r\n\"35H \r\n`\r\nend\r\nbye\r\n",
    "application/octet-stream|x.exe=MZ text/plain=*" },
  { "uuencoded, without an end", "\r\nbegin 644 x y.exe\r\n\"35H \r\n",
    "application/octet-stream|x y.exe=MZ text/plain=*" },
  { "uuencoded in base64",
    "Content-Transfer-Encoding: base64\r\n\r\n"
    "YmVnaW4gNjQ0IHguZXhlCiIzNUggCmAKZW5kCg==",
    "application/octet-stream|x.exe=MZ text/plain=*" },
  { "begin-base64", "\r\nbegin-base64 644 x.exe\r\nTVo=\r\n====\r\n",
    "application/octet-stream|x.exe=MZ text/plain=*" },
  { "a header that is none",
    MIXED "--B\r\nnot a field\r\nContent-Type: a/b; name=x.exe\r\n\r\nMZ\r\n--B--\r\n",
    "text/plain=not_a_field..Content-Type:_a/b;_name=x.exe a/b|x.exe=MZ multipart/mixed= " },
  { "an empty line first", "\r\nContent-Type: a/b; name=x.exe\r\n\r\nMZ",
    "text/plain=Content-Type:_a/b;_name=x.exe a/b|x.exe=MZ " },
  { "CR ends a line", FILE_AS ("X: a\rContent-Disposition: attachment; filename=x.exe"),
    "text/plain|x.exe=x " },
  { "both names", FILE_AS ("Content-Type: a/b; name=a\r\nContent-Disposition: inline; filename=b"),
    "a/b|a|b=x " },
  { "two dispositions",
    FILE_AS ("Content-Disposition: x; filename=a\r\nContent-Disposition: x; filename=b"),
    "text/plain|a|b=x " },
  { "a quoted name", FILE_AS ("Content-Type: a/b; name=\"a; \\\"b.exe\""), "a/b|a; \"b.exe=x " },
  { "no closing quote", FILE_AS ("Content-Type: a/b; name=\"a.exe"), "a/b|a.exe=x " },
  { "blanks without quotes", FILE_AS ("Content-Type: a/b; name=a b.exe"), "a/b|a|a b.exe=x " },
  { "folded", FILE_AS ("Content-Type: a/b;\r\n\tname=\r\n a.exe"), "a/b|a.exe=x " },
  { "RFC 2231", FILE_AS ("Content-Disposition: a; filename*=UTF-8'de'%C3%A4.exe"),
    "text/plain|UTF-8'de'%C3%A4.exe|UTF-8'de'\u00e4.exe|\u00e4.exe=x " },
  { "RFC 2231 in sections out of order",
    FILE_AS ("Content-Disposition: a; filename*1=.exe; filename*0=a"),
    "text/plain|.exe|a|.exea|a.exe=x " },
  { "RFC 2047", FILE_AS ("Content-Type: a/b; name=\"=?utf-8?B?YS5l?= =?UTF-8*en?q?xe?=\""),
    "a/b|a.exe=x " },
  { "raw octets", FILE_AS ("Content-Type: a/b; name=\"\xe4.exe\""), "a/b|\u00e4.exe=x " },
  { "a NUL in a name", FILE_AS ("Content-Disposition: a; filename*=utf-8''a.exe%00.txt"),
    "text/plain|utf-8''a.exe%00.txt|utf-8''a.exe|utf-8''a.exe .txt|a.exe|a.exe .txt=x " },
  { "UTF-16 in a name", FILE_AS ("Content-Type: a/b; name=\"=?utf-16be?q?=00a=00.=00e=00x=00e?=\""),
    "a/b|a.exe=x " },
};

static void
on_begin (PfMimePart *part, gpointer user_data)
{
  part->user = g_string_new (NULL);
}

static void
on_data (PfMimePart *part, const guint8 *data, gsize length, gpointer user_data)
{
  for (gsize i = 0; i < length; i++)
    g_string_append_c (part->user, data[i] == ' ' ? '_' : data[i] < 32 ? '.' : (char) data[i]);
}

static void
on_end (PfMimePart *part, gpointer user_data)
{
  GString *told = user_data, *content = part->user;
  g_autofree char *valid = g_utf8_make_valid (content->str, -1);

  g_string_append (told, part->type);
  for (guint i = 0; i < part->names->len; i++)
    g_string_append_printf (told, "|%s", (char *) g_ptr_array_index (part->names, i));
  g_string_append_printf (told, "=%s ", valid);
  g_string_free (content, TRUE);
}

static const PfMimeHandler handler = { on_begin, on_data, on_end };

static GString *
read_message (const char *message, gsize piece, gboolean *over)
{
  GString *told = g_string_new (NULL);
  g_autoptr (PfMime) mime = pf_mime_new (&handler, told);
  gsize length = strlen (message);

  for (gsize at = 0; at < length; at += piece)
    pf_mime_feed (mime, (const guint8 *) message + at, MIN (piece, length - at));
  pf_mime_feed_eof (mime);
  *over = pf_mime_is_over_limit (mime);
  return told;
}

static void
test_table (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    for (gsize piece = 1; piece < 1000; piece = piece * 3 + 1)
      {
        gboolean over;
        g_autoptr (GString) told = read_message (cases[i].message, piece, &over);

        g_test_message ("%s, in pieces of %" G_GSIZE_FORMAT, cases[i].what, piece);
        /* The text around an uuencoded file is not told here once more. */
        if (g_str_has_suffix (cases[i].told, "*") && told->len >= strlen (cases[i].told))
          {
            g_string_truncate (told, strlen (cases[i].told) - 1);
            g_string_append_c (told, '*');
          }
        if (strcmp (told->str, cases[i].told) != 0)
          g_test_fail_printf ("%s: %s", cases[i].what, told->str);
        g_assert_false (over);
      }
}

static void
test_limits (void)
{
  g_autoptr (GString) deep = g_string_new (NULL);
  g_autoptr (GString) many = g_string_new (MIXED);
  g_autoptr (GString) long_header = g_string_new (MIXED "--B\r\nContent-Type: a/b");
  GString *all[] = { deep, many, long_header };

  for (guint i = 0; i <= PF_LIMIT_MIME_DEPTH; i++)
    g_string_append (deep, "Content-Type: message/rfc822\r\n\r\n");
  for (guint i = 0; i <= PF_LIMIT_MIME_PARTS; i++)
    g_string_append (many, "--B\r\n\r\nx\r\n");
  while (long_header->len < PF_LIMIT_MIME_HEADER + 100)
    g_string_append (long_header, ";\r\n x=y");
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    {
      gboolean over;
      g_autoptr (GString) told = read_message (all[i]->str, 4096, &over);

      g_assert_cmpuint (told->len, >, 0);
      g_assert_true (over);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mime/table", test_table);
  g_test_add_func ("/mime/limits", test_limits);
  return g_test_run ();
}
