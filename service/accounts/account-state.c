#include "accounts/account-state.h"

/* Retrying for so long is nothing that mends itself. */
#define PATIENCE (24 * G_TIME_SPAN_HOUR)

PfProblemClass
pf_account_problem_class (const GError *problem, guint refusals)
{
  const PfProblemCode code = (PfProblemCode) problem->code;

  if (problem->domain != PF_PROBLEM)
    return PF_PROBLEM_CLASS_RETRYING;
  if (code == PF_PROBLEM_CREDENTIALS_REJECTED && refusals < PF_ACCOUNT_REFUSALS)
    return PF_PROBLEM_CLASS_RETRYING;
  return pf_problem_class (code);
}

const char *
pf_account_state (gboolean enabled, PfActivity activity, const GError *problem, guint refusals)
{
  static const char *const of_class[] = {
    [PF_PROBLEM_CLASS_RETRYING] = "retrying",
    [PF_PROBLEM_CLASS_ON_HOLD] = "on-hold",
    [PF_PROBLEM_CLASS_IDLE] = "idle",
  };

  if (activity == PF_ACTIVITY_CHECKING)
    return "checking";
  if (!enabled)
    return "disabled";
  if (activity == PF_ACTIVITY_QUEUED)
    return "queued";
  if (activity == PF_ACTIVITY_LISTENING)
    return "listening";
  return problem == NULL ? "idle" : of_class[pf_account_problem_class (problem, refusals)];
}

/* These come after a log-in that was taken; of the others nothing is known. */
static gboolean
shows_good_credentials (const GError *problem)
{
  return problem == NULL || g_error_matches (problem, PF_PROBLEM, PF_PROBLEM_FOLDER_MISSING)
         || g_error_matches (problem, PF_PROBLEM, PF_PROBLEM_REMOVAL_SUSPENDED)
         || g_error_matches (problem, PF_PROBLEM, PF_PROBLEM_MESSAGE_STUCK);
}

guint
pf_account_count_refusals (guint refusals, const GError *problem)
{
  if (g_error_matches (problem, PF_PROBLEM, PF_PROBLEM_CREDENTIALS_REJECTED))
    return refusals + 1;
  return shows_good_credentials (problem) ? 0 : refusals;
}

gboolean
pf_account_attention (gboolean enabled,
                      const GError *problem,
                      guint refusals,
                      gint64 since,
                      gint64 now)
{
  if (!enabled || problem == NULL)
    return FALSE;
  return pf_account_problem_class (problem, refusals) != PF_PROBLEM_CLASS_RETRYING
         || now - since >= PATIENCE;
}
