/* What a file's name says of it, as the systems see it where it would be opened. */
#include "filter/attachment-names.h"

#include <string.h>

#define EXE PF_ATTACHMENT_BIT (PF_ATTACHMENT_EXECUTABLE)
#define ARC PF_ATTACHMENT_BIT (PF_ATTACHMENT_ARCHIVE)
#define OWN PF_ATTACHMENT_BIT (PF_ATTACHMENT_EXTENSION)

/* @extensions: with a blank behind each. */
static const struct
{
  const char *name, *extensions;
  guint classes;
} cases[] = {
  { "a.exe", "exe ", EXE },
  { "a.txt", "txt ", 0 },
  { "exe", "", 0 },
  { "", "", 0 },
  { ".", "", 0 },
  { ".exe", "exe ", EXE },
  { "a.pdf.EXE", "exe ", EXE },
  { "a.exe.pdf", "pdf ", 0 },
  { "a.exe...", "exe ", EXE },
  { "a.exe . .", "exe ", EXE },
  { "a.exe\u00a0\u3000", "exe ", EXE },
  { "a.exe\u200b\u202c", "exe ", EXE },
  { "a.exe\"", "exe ", EXE },
  { "a\uff0eｅｘｅ", "exe ", EXE },
  { "a\u202etxt.exe", "exe ", EXE },
  { "x.exe/a.txt", "txt ", 0 },
  { "x.txt/a.exe", "exe ", EXE },
  { "x.txt\\a.exe", "exe ", EXE },
  { "x.exe/", "exe ", EXE },
  { "x.exe/ .", "exe ", EXE },
  { "a.exe .:b", "exe ", EXE },
  { "a.txt:b.exe", "txt exe ", EXE },
  { "a.exe::$DATA", "exe ", EXE },
  { "c:a.exe", "exe ", EXE },
  { "a.{3050F4D8-98b5-11cf-bb82-00aa00bdce0b}", "{3050f4d8-98b5-11cf-bb82-00aa00bdce0b} ", EXE },
  { "a.{3050F4D8-98b5-11cf-bb82-00aa00bdce0}", "{3050f4d8-98b5-11cf-bb82-00aa00bdce0} ", 0 },
  { "a.tar.gz", "gz ", ARC },
  { "a.tgz", "tgz ", ARC },
  { "a.docx", "docx ", 0 },
  { "a.Foo", "foo ", OWN },
  { "a.\u00c4B", "\u00e4b ", OWN },
  { "a.zip", "zip ", ARC | OWN },
  { "a.js\xff", "js\xef\xbf\xbd ", 0 },
};

static void
test_table (void)
{
  static const char *const own[] = { "foo", "\u00e4b", "zip", NULL };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (GStrv) extensions = pf_attachment_name_extensions (cases[i].name);
      g_autofree char *joined = g_strjoinv (" ", extensions);
      g_autofree char *told = g_strconcat (joined, *joined != '\0' ? " " : "", NULL);

      g_test_message ("%s", cases[i].name);
      g_assert_cmpstr (told, ==, cases[i].extensions);
      g_assert_cmpuint (pf_attachment_name_classes (cases[i].name, own), ==, cases[i].classes);
    }
}

/* DESIGN 8: the ancestor's list, and more. */
static void
test_all_executables (void)
{
  g_auto (GStrv) all = g_strsplit (
      "exe exe-ms vbe vbs wsc wsf wsh msc msi msp mst pif scr sct bat cmd com cpl dll jse inf js hta "
      "ps1 lnk jar reg chm xll",
      " ", -1);

  for (guint i = 0; all[i] != NULL; i++)
    {
      g_autofree char *name = g_strconcat ("a.", all[i], NULL);

      g_assert_cmpuint (pf_attachment_name_classes (name, NULL), ==, EXE);
    }
}

static void
test_classes (void)
{
  for (guint i = 0; i < PF_ATTACHMENT_N_CLASSES; i++)
    {
      PfAttachmentClass class;

      g_assert_true (pf_attachment_class_parse (pf_attachment_class_nick (i), &class));
      g_assert_cmpuint (class, ==, i);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/attachment-names/table", test_table);
  g_test_add_func ("/attachment-names/all-executables", test_all_executables);
  g_test_add_func ("/attachment-names/classes", test_classes);
  return g_test_run ();
}
