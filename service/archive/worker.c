#include "archive/worker.h"

#include "archive/confine.h"
#include "archive/examination.h"
#include "archive/mail.h"
#include "base/limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A line of the answer; nobody who reads it is the end. */
static void
say (const char *line)
{
  gsize length = strlen (line);

  while (length > 0)
    {
      ssize_t n = write (PF_ANSWER_FD, line, length);

      if (n < 0 && errno != EINTR)
        _exit (EXIT_FAILURE);
      line += MAX (n, 0);
      length -= (gsize) MAX (n, 0);
    }
}

static void
on_found (PfAttachmentClass class,
          const char *name,
          const char *path,
          const char *detail,
          gpointer user_data)
{
  g_autofree char *line = g_strdup_printf (PF_ATTACHMENT_FOUND "\t%s\t%s\t%s\t%s\n",
                                           pf_attachment_class_nick (class), name, path, detail);

  say (line);
}

/* FALSE: it is not what it was said to be. */
static gboolean
read_message (PfMail *mail, guint64 offset, guint64 length)
{
  static guint8 room[64 * PF_KIB];
  guint64 at = offset, end = offset + length;

  while (at < end)
    {
      ssize_t n = pread (PF_MESSAGE_FD, room, MIN (sizeof room, end - at), (off_t) at);

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return FALSE;
      pf_mail_feed (mail, room, (gsize) n);
      at += (guint64) n;
    }
  return TRUE;
}

void
pf_worker_run (const PfAttachmentRequest *request, const char *const *extensions)
{
  PfExaminationOptions options = {
    .wanted = request->wanted,
    .extensions = extensions,
    .names_only = request->names_only != 0,
    .length = request->length,
    .found = on_found,
  };
  PfExamination *examination;
  PfMail *mail;

  if (!pf_confine ())
    _exit (EXIT_FAILURE);
  say (PF_ATTACHMENT_BEGUN "\n");
  examination = pf_examination_new (&options);
  mail = pf_mail_new (examination);
  if (!read_message (mail, request->offset, request->length))
    {
      say (PF_ATTACHMENT_UNREADABLE "\n");
      _exit (EXIT_FAILURE);
    }
  pf_mail_end (mail);
  pf_examination_free (examination);
  say (PF_ATTACHMENT_END "\n");
  _exit (EXIT_SUCCESS);
}
