/* How far a message is looked into: each limit ends it, and is told. */
#include "archive/examination.h"
#include "base/limits.h"

#include <string.h>

static void
on_found (PfAttachmentClass class,
          const char *name,
          const char *path,
          const char *detail,
          gpointer user_data)
{
  g_string_append_printf (user_data, "%s %s in %s;", pf_attachment_class_nick (class), name, path);
}

static PfExamination *
begin (GString *told, guint32 wanted)
{
  const PfExaminationOptions options = {
    .wanted = wanted, .length = 1000, .found = on_found, .user_data = told
  };

  return pf_examination_new (&options);
}

static void
test_depth (void)
{
  g_autoptr (GString) told = g_string_new (NULL);
  g_autoptr (PfExamination) self = begin (told, ~0u);

  for (guint i = 0; i < PF_LIMIT_ARCHIVE_DEPTH; i++)
    g_assert_true (pf_examination_enter (self, "a", 1));
  g_assert_false (pf_examination_enter (self, "b", 1));
  g_assert_nonnull (strstr (told->str, "malformed b in a/a/"));
  /* What lies beside it is looked into. */
  pf_examination_leave (self);
  g_assert_true (pf_examination_enter (self, "a", 1));
}

static void
test_entries (void)
{
  g_autoptr (GString) told = g_string_new (NULL);
  g_autoptr (PfExamination) self = begin (told, ~0u);

  for (guint i = 0; i < PF_LIMIT_ARCHIVE_ENTRIES; i++)
    g_assert_true (pf_examination_entry (self));
  g_assert_cmpuint (told->len, ==, 0);
  g_assert_false (pf_examination_entry (self));
  g_assert_false (pf_examination_goes_on (self));
  g_assert_true (g_str_has_prefix (told->str, "malformed "));
}

static void
test_ratio (void)
{
  g_autoptr (GString) told = g_string_new (NULL);
  g_autoptr (PfExamination) self = begin (told, ~0u);

  g_assert_true (pf_examination_enter (self, "a", 10000));
  g_assert_true (pf_examination_unpacked (self, PF_LIMIT_ARCHIVE_RATIO_FROM - 1));
  g_assert_false (pf_examination_unpacked (self, 1));
  g_assert_cmpstr (told->str, ==, "malformed a in ;");
}

/* What comes out of the inner one counts for the outer one, which is the bomb. */
static void
test_ratio_of_all (void)
{
  g_autoptr (GString) told = g_string_new (NULL);
  g_autoptr (PfExamination) self = begin (told, ~0u);

  g_assert_true (pf_examination_enter (self, "a", 10000));
  for (guint i = 0; i < 99; i++)
    {
      g_assert_true (pf_examination_enter (self, "b", 10000));
      g_assert_true (pf_examination_unpacked (self, 1000000));
      pf_examination_leave (self);
    }
  g_assert_true (pf_examination_enter (self, "b", 10000));
  g_assert_false (pf_examination_unpacked (self, 1000000));
}

static void
test_unpacked (void)
{
  g_autoptr (GString) told = g_string_new (NULL);
  g_autoptr (PfExamination) self = begin (told, ~0u);
  PfExaminationMark mark = pf_examination_mark (self);

  g_assert_true (pf_examination_unpacked (self, PF_LIMIT_ARCHIVE_UNPACKED));
  pf_examination_rewind (self, &mark);
  g_assert_true (pf_examination_unpacked (self, PF_LIMIT_ARCHIVE_UNPACKED));
  g_assert_false (pf_examination_unpacked (self, 1));
}

static void
test_held (void)
{
  g_autoptr (GString) told = g_string_new (NULL);
  g_autoptr (PfExamination) self = begin (told, ~0u);

  g_assert_true (pf_examination_hold (self, PF_LIMIT_ARCHIVE_HELD));
  g_assert_false (pf_examination_hold (self, 1));
  pf_examination_release (self, 1);
  g_assert_true (pf_examination_hold (self, 1));
}

static void
test_wanted (void)
{
  g_autoptr (GString) told = g_string_new (NULL);
  g_autoptr (PfExamination) self = begin (told, PF_ATTACHMENT_BIT (PF_ATTACHMENT_ARCHIVE));

  pf_examination_name (self, "a.exe");
  pf_examination_find (self, PF_ATTACHMENT_OFFICE_MACRO, "a");
  g_assert_cmpuint (told->len, ==, 0);
  pf_examination_name (self, "a.zip");
  pf_examination_name (self, "a.zip");
  pf_examination_find (self, PF_ATTACHMENT_ARCHIVE, "a.zip");
  g_assert_cmpstr (told->str, ==, "archives a.zip in ;");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/examination/depth", test_depth);
  g_test_add_func ("/examination/entries", test_entries);
  g_test_add_func ("/examination/ratio", test_ratio);
  g_test_add_func ("/examination/ratio-of-all", test_ratio_of_all);
  g_test_add_func ("/examination/unpacked", test_unpacked);
  g_test_add_func ("/examination/held", test_held);
  g_test_add_func ("/examination/wanted", test_wanted);
  return g_test_run ();
}
