#include "retrieve/message-private.h"

#include "filter/headers.h"
#include "retrieve/recipients.h"

/* Whose a message is, where one mailbox is several people's (Recipients). */

static void
choose (PfMessage *message, const char *user)
{
  const char *users[2] = { user, NULL };

  message->users = g_strdupv ((char **) users);
  pf_message_judge (message);
}

static void
on_recipient_probed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfMessage *message = user_data;
  PfCheck *check = message->check;
  g_autoptr (GError) error = NULL;
  gboolean known = pf_target_probe_finish (PF_TARGET (source), result, &error);

  if (!known && !g_error_matches (error, PF_PROBLEM, PF_PROBLEM_RECIPIENT_UNKNOWN))
    {
      pf_check_fail (check, g_steal_pointer (&error));
      pf_message_done (message, FALSE);
      return;
    }
  g_hash_table_insert (check->recipients, g_strdup (message->user),
                       GINT_TO_POINTER (known ? 1 : -1));
  choose (message, known ? message->user : check->settings->local_user);
}

/* Whose it is. `*@DOMAIN=*` makes users of what strangers write: such a one is asked for first. */
void
pf_message_choose_recipients (PfMessage *message)
{
  PfCheck *check = message->check;
  g_auto (GStrv) users = NULL;
  gsize length;
  const char *header = pf_body_get_header (message->body, &length);
  g_autofree char *envelope =
      *check->settings->envelope_header != '\0'
          ? pf_headers_recipient (header, length, check->settings->envelope_header)
          : NULL;
  int known;

  users = pf_recipients_choose (check->settings, envelope);
  known = GPOINTER_TO_INT (g_hash_table_lookup (check->recipients, users[0]));
  if (users[1] != NULL || known == 1)
    {
      message->users = g_steal_pointer (&users);
      pf_message_judge (message);
    }
  else if (known == -1)
    choose (message, check->settings->local_user);
  else
    {
      message->user = g_strdup (users[0]);
      pf_target_probe_async (check->parts.target, users[0], check->cancellable, on_recipient_probed,
                             message);
    }
}
