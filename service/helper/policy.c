#include "helper/policy.h"

#include "base/limits.h"

#include <string.h>

gboolean
pf_policy_is_roots (const struct stat *status)
{
  return S_ISREG (status->st_mode) && status->st_uid == 0
         && (status->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static void
decide_command (PfPolicy *policy, const char *command, gboolean trusted)
{
  g_autoptr (GError) error = NULL;

  if (*command == '\0')
    return;
  if (!trusted)
    policy->refusal =
        g_strdup ("[Local] Command= counts only in a file of root's that nobody else can write: "
                  "put [Local] into deliver.conf beside postferry.conf");
  else if (!g_shell_parse_argv (command, NULL, &policy->command, &error))
    policy->refusal = g_strdup_printf ("[Local] Command= cannot be read: %s", error->message);
  else if (policy->command[0][0] != '/')
    policy->refusal = g_strdup ("[Local] Command= must begin with the whole path of a program");
}

void
pf_policy_decide (PfPolicy *policy,
                  const PfServiceSettings *settings,
                  gboolean trusted,
                  gboolean session)
{
  *policy = (PfPolicy){ .session = session };
  policy->mailbox = g_strdup (settings->mailbox);
  policy->minimum_uid =
      trusted ? settings->minimum_uid : MAX (settings->minimum_uid, PF_POLICY_LOWEST_UID);
  policy->largest = settings->max_message_size + PF_LIMIT_HEADER_BLOCK + PF_LIMIT_TRACE_BLOCK;
  if (*settings->mailbox != '/' && strcmp (settings->mailbox, "~") != 0
      && !g_str_has_prefix (settings->mailbox, "~/"))
    policy->refusal = g_strdup ("[Local] Mailbox= must begin with ~ or /");
  else
    decide_command (policy, settings->command, trusted || session);
}

void
pf_policy_clear (PfPolicy *policy)
{
  g_clear_pointer (&policy->refusal, g_free);
  g_clear_pointer (&policy->mailbox, g_free);
  g_clear_pointer (&policy->command, g_strfreev);
}
