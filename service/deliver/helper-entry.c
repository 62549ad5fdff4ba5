#include "deliver/helper-entry.h"

#include "dbus-interfaces/text.h"
#include "deliver/target-private.h"

#include <string.h>
#include <sys/socket.h>

void
pf_helper_entry_free (PfHelperEntry *entry)
{
  if (entry->cancel != NULL)
    {
      g_source_destroy (entry->cancel);
      g_source_unref (entry->cancel);
    }
  g_clear_object (&entry->task);
  g_clear_pointer (&entry->body, pf_body_unref);
  g_free (entry);
}

char *
pf_helper_entry_id (const PfHelperEntry *entry)
{
  return g_strndup (entry->record.id, sizeof entry->record.id);
}

static PfDeliveryResult
result_of_code (guint32 code)
{
  switch (code)
    {
    case PF_HELPER_DONE:
      return PF_DELIVERY_DONE;
    case PF_HELPER_NO_USER:
      return PF_DELIVERY_UNKNOWN_USER;
    case PF_HELPER_OVER_QUOTA:
      return PF_DELIVERY_OVER_QUOTA;
    case PF_HELPER_DISK_FULL:
      return PF_DELIVERY_DISK_FULL;
    case PF_HELPER_REFUSED:
      return PF_DELIVERY_REFUSED;
    default:
      return PF_DELIVERY_DEFERRED;
    }
}

static const char *
sentence_of_code (guint32 code)
{
  switch (code)
    {
    case PF_HELPER_DONE:
      return "Delivered to %s";
    case PF_HELPER_REFUSED:
      return "The mail delivery command for %s refused the message for good";
    case PF_HELPER_NO_USER:
      return "%s is no local user that gets mail here: unknown, or below [Local] MinimumUid=";
    case PF_HELPER_CANNOT_CREATE:
      return "The mailbox of %s cannot be made: is the home folder there, and the user's own?";
    case PF_HELPER_NO_PERMISSION:
      return "The mailbox of %s may not be written to: it must consist of folders of that "
             "user's own, not links";
    case PF_HELPER_SETTINGS:
      return "postferry-deliver refuses its settings, so nothing reaches %s: its log tells why";
    case PF_HELPER_OVER_QUOTA:
      return "The mailbox of %s is over its quota";
    case PF_HELPER_DISK_FULL:
      return "The disk that holds the mailbox of %s is full";
    default:
      return "The mailbox of %s could not be written to for now";
    }
}

static char *
text_of_code (const PfHelperEntry *entry, guint32 code)
{
  g_autofree char *user = pf_text_printable (entry->record.user, -1, 80);
  const char *sentence = sentence_of_code (code), *mark = strstr (sentence, "%s");

  return g_strdup_printf ("%.*s%s%s", (int) (mark - sentence), sentence, user, mark + 2);
}

void
pf_helper_entry_end (PfHelperEntry *entry, PfDeliveryResult result, char *text)
{
  g_autofree char *sentence = text;

  if (entry->task == NULL)
    ;
  else if (entry->body != NULL)
    pf_target_return_delivery (entry->task, result, g_steal_pointer (&sentence));
  else if (result == PF_DELIVERY_DONE)
    g_task_return_boolean (entry->task, TRUE);
  else
    g_task_return_new_error (entry->task, PF_PROBLEM, pf_target_problem_of_result (result), "%s",
                             sentence);
  pf_helper_entry_free (entry);
}

void
pf_helper_entry_answer (PfHelperEntry *entry, guint32 code)
{
  pf_helper_entry_end (entry, result_of_code (code), text_of_code (entry, code));
}

gssize
pf_helper_entries_send (int fd, const PfHelperEntry *const *entries, guint n)
{
  g_autofree PfRequestRecord *records = g_new (PfRequestRecord, n);
  struct iovec data = { records, n * sizeof *records };
  int fds[PF_LIMIT_HELPER_BATCH];
  gsize n_fds = 0;
  union
  {
    struct cmsghdr align;
    char room[CMSG_SPACE (sizeof fds)];
  } space = { 0 };
  struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1 };

  for (guint i = 0; i < n; i++)
    {
      records[i] = entries[i]->record;
      if (entries[i]->body != NULL)
        fds[n_fds++] = pf_body_get_fd (entries[i]->body);
    }
  if (n_fds > 0)
    {
      struct cmsghdr *header = &space.align;

      message.msg_control = space.room;
      message.msg_controllen = CMSG_SPACE (n_fds * sizeof *fds);
      header->cmsg_level = SOL_SOCKET;
      header->cmsg_type = SCM_RIGHTS;
      header->cmsg_len = CMSG_LEN (n_fds * sizeof *fds);
      memcpy (CMSG_DATA (header), fds, n_fds * sizeof *fds);
    }
  return sendmsg (fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}
