/* Any file, as it lies in a message: whatever it is, it is looked into to its end or to a limit. */
#include "archive/content.h"
#include "archive/kinds.h"
#include "fuzz.h"

#include <string.h>

static void
on_found (PfAttachmentClass class,
          const char *name,
          const char *path,
          const char *detail,
          gpointer user_data)
{
  guint *found = user_data;

  g_assert_cmpuint (class, <, PF_ATTACHMENT_N_CLASSES);
  g_assert_true (g_utf8_validate (name, -1, NULL));
  g_assert_true (g_utf8_validate (path, -1, NULL));
  g_assert_true (g_utf8_validate (detail, -1, NULL));
  g_assert_null (strpbrk (name, "\t\n"));
  g_assert_null (strpbrk (path, "\t\n"));
  g_assert_null (strpbrk (detail, "\t\n"));
  ++*found;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static gboolean open;
  guint found = 0;
  const PfExaminationOptions options = {
    .wanted = ~0u, .length = size, .found = on_found, .user_data = &found
  };
  g_autoptr (PfExamination) examination = pf_examination_new (&options);

  if (!open)
    g_assert_true (pf_kinds_open ());
  open = TRUE;
  pf_content_examine (examination, "a.zip", PF_CONTENT_FILE, data, size);
  g_assert_cmpuint (found, <=, 30);
  g_assert_cmpuint (pf_examination_depth (examination), ==, 0);
  return 0;
}
