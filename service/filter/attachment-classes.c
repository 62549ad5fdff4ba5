#include "filter/attachment-classes.h"

#include <string.h>

static const char *const nicks[] = {
  [PF_ATTACHMENT_EXECUTABLE] = "executables",
  [PF_ATTACHMENT_ARCHIVE] = "archives",
  [PF_ATTACHMENT_OFFICE_MACRO] = "office-macros",
  [PF_ATTACHMENT_ENCRYPTED_ARCHIVE] = "encrypted-archives",
  [PF_ATTACHMENT_EXTENSION] = "extensions",
  [PF_ATTACHMENT_MALFORMED] = "malformed",
};
G_STATIC_ASSERT (G_N_ELEMENTS (nicks) == PF_ATTACHMENT_N_CLASSES);

const char *
pf_attachment_class_nick (PfAttachmentClass class)
{
  return nicks[class];
}

gboolean
pf_attachment_class_parse (const char *nick, PfAttachmentClass *class)
{
  for (guint i = 0; i < PF_ATTACHMENT_N_CLASSES; i++)
    {
      if (strcmp (nicks[i], nick) == 0)
        {
          *class = i;
          return TRUE;
        }
    }
  return FALSE;
}
