#include "filter/bare-mail.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HEAD "From: a@example.org\nMIME-Version: 1.0\n"

static gboolean
is_bare (const char *text, gsize length)
{
  int fd = memfd_create ("message", MFD_CLOEXEC);
  PfScanSource source = { fd, 7, length };
  gboolean bare;

  g_assert_cmpint (pwrite (fd, text, length, 7), ==, (gssize) length);
  bare = pf_mail_is_bare (&source);
  close (fd);
  return bare;
}

static void
test_text (void)
{
  static const char *const texts[] = {
    "Subject: x\n\nHello.\n",
    "Subject: x\n\n",
    HEAD "Content-Type: text/html; charset=utf-8\n\n<p>Gr\xc3\xbc\xc3\x9f"
         "e</p>\n",
    HEAD "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\nSGVsbG8sIHlvdS4K\n",
    HEAD
    "Content-Type: multipart/alternative; boundary=b\n\n--b\n\nHello\n--b\n"
    "Content-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\nHello=21\n--b--\n",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (!is_bare (texts[i], strlen (texts[i])))
      g_error ("%s", texts[i]);
}

/* Each of them hides something from whoever does not look twice. */
static void
test_not_only_text (void)
{
  static const char *const texts[] = {
    HEAD "Content-Type: text/plain; name=\"a.exe\"\n\nHello\n",
    HEAD "Content-Disposition: attachment; filename*=utf-8''a%2eexe\n\nHello\n",
    HEAD "Content-Type: application/octet-stream\n\nHello\n",
    HEAD "Content-Type: text/xml\n\n<w:wordDocument/>\n",
    HEAD "Content-Type: message/rfc822\n\nSubject: y\n\nHello\n",
    HEAD "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\nTVqQAAMAAAAEAAAA\n",
    HEAD "Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\nMZ=90=00=03\n",
    HEAD "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nHello\n--b--\n"
         "--b\nContent-Type: text/plain; name=a.exe\n\nMZ\n",
    "Subject: x\n\nbegin 644 a.exe\n#0V%T\n`\nend\n",
    "Subject: x\n\nPK\003\004\n",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (is_bare (texts[i], strlen (texts[i])))
      g_error ("%s", texts[i]);
}

static void
test_what_cannot_be_known (void)
{
  g_autofree char *large = g_strnfill (70000, 'x');
  PfScanSource nothing = { -1, 0, 10 };

  memcpy (large, "Subject: x\n\n", 12);
  g_assert_false (is_bare (large, 70000));
  g_assert_true (is_bare (large, 60000));
  g_assert_false (is_bare ("Subject: x\n\na\0b\n", 16));
  g_assert_false (pf_mail_is_bare (&nothing));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bare-mail/text", test_text);
  g_test_add_func ("/bare-mail/not-only-text", test_not_only_text);
  g_test_add_func ("/bare-mail/unknown", test_what_cannot_be_known);
  return g_test_run ();
}
