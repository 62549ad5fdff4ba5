#include "helper/child.h"

#include "helper/command.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

static int
compare_fds (gconstpointer a, gconstpointer b)
{
  return *(const int *) a - *(const int *) b;
}

/* What belongs to other users' messages, and the way to the service, is nothing that a user's
 * process may hold. */
static void
close_others (const PfMail *mails, gsize n, int report)
{
  int kept[PF_LIMIT_HELPER_BATCH + 1];
  gsize n_kept = 0;
  unsigned next = STDERR_FILENO + 1;

  kept[n_kept++] = report;
  for (gsize i = 0; i < n; i++)
    if (mails[i].fd >= 0)
      kept[n_kept++] = mails[i].fd;
  qsort (kept, n_kept, sizeof *kept, compare_fds);
  for (gsize i = 0; i < n_kept; i++)
    {
      if ((unsigned) kept[i] > next && close_range (next, (unsigned) kept[i] - 1, 0) != 0)
        _exit (EXIT_FAILURE);
      next = (unsigned) kept[i] + 1;
    }
  if (close_range (next, ~0U, 0) != 0)
    _exit (EXIT_FAILURE);
}

/* After the change of user, which takes the death signal back: when the helper dies its children
 * do, so that no two work on one delivery. */
static void
die_with_parent (pid_t parent)
{
  if (prctl (PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid () != parent)
    _exit (EXIT_FAILURE);
}

static void
report_troubles (const PfMail *mails, gsize n, int report)
{
  PfTrouble troubles[PF_LIMIT_HELPER_BATCH];

  for (gsize i = 0; i < n; i++)
    troubles[i] = mails[i].trouble;
  if (write (report, troubles, n * sizeof *troubles) < 0)
    _exit (EXIT_FAILURE);
}

static void
probe (PfMail *mail, const PfPolicy *policy, const PfIdentity *identity)
{
  if (policy->command != NULL)
    pf_command_probe (policy, identity, &mail->trouble);
  else
    pf_maildir_probe (policy, identity, &mail->trouble);
}

/* Probes first, one report each; then the mail: of a Maildir all at once, of a command one by
 * one. */
static void
act (PfMail *mails, gsize n, const PfPolicy *policy, const PfIdentity *identity, int report)
{
  gsize n_probes = 0;

  for (; n_probes < n && mails[n_probes].record->operation == PF_REQUEST_PROBE; n_probes++)
    probe (&mails[n_probes], policy, identity);
  report_troubles (mails, n_probes, report);
  mails += n_probes;
  n -= n_probes;
  if (n == 0)
    return;
  for (gsize i = 0; i < n && policy->command != NULL; i++)
    {
      pf_command_deliver (&mails[i], policy, identity);
      report_troubles (&mails[i], 1, report);
    }
  if (policy->command == NULL)
    {
      pf_maildir_deliver (mails, n, policy, identity);
      report_troubles (mails, n, report);
    }
}

static void
refuse_all (PfMail *mails, gsize n, const PfTrouble *trouble, int report)
{
  for (gsize i = 0; i < n; i++)
    mails[i].trouble = *trouble;
  report_troubles (mails, n, report);
}

void
pf_child_run (PfMail *mails, gsize n, const PfPolicy *policy, int report, pid_t parent)
{
  PfIdentity identity = { 0 };
  PfTrouble trouble = PF_TROUBLE_NONE;

  setpgid (0, 0);
  signal (SIGXFSZ, SIG_IGN); /* EFBIG is answered, not died of */
  close_others (mails, n, report);
  if (!pf_identity_find (&identity, policy, mails[0].record->user, &trouble))
    refuse_all (mails, n, &trouble, report);
  else if (!pf_identity_become (&identity, policy))
    {
      pf_trouble_set (&trouble, PF_HELPER_TEMPORARY, "becoming the user");
      refuse_all (mails, n, &trouble, report);
    }
  else
    {
      die_with_parent (parent);
      act (mails, n, policy, &identity, report);
    }
  _exit (EXIT_SUCCESS);
}
