#include "cli-client/exit-codes.h"

static const struct
{
  const char *problem;
  PfExit status;
} problems[] = {
  { "credentials-rejected", PF_EXIT_LOGIN },
  { "authorization-expired", PF_EXIT_LOGIN },
  { "no-secret", PF_EXIT_LOGIN },
  { "mechanism-unavailable", PF_EXIT_LOGIN },
  { "connection-failed", PF_EXIT_NETWORK },
  { "server-busy", PF_EXIT_NETWORK },
  { "protocol-error", PF_EXIT_NETWORK },
  { "limit-exceeded", PF_EXIT_NETWORK },
  { "certificate-untrusted", PF_EXIT_NETWORK },
  { "timed-out", PF_EXIT_TIMED_OUT },
};

PfExit
pf_exit_of_problem (const char *code)
{
  if (code == NULL || *code == '\0')
    return PF_EXIT_DONE;
  if (g_str_has_prefix (code, "tls-"))
    return PF_EXIT_NETWORK;
  for (guint i = 0; i < G_N_ELEMENTS (problems); i++)
    if (g_str_equal (problems[i].problem, code))
      return problems[i].status;
  return PF_EXIT_ATTENTION;
}

/* Low is told first. */
static guint
rank (PfExit status)
{
  static const PfExit order[] = { PF_EXIT_LOGIN,     PF_EXIT_NETWORK, PF_EXIT_TIMED_OUT,
                                  PF_EXIT_ATTENTION, PF_EXIT_FAILED,  PF_EXIT_DONE };

  for (guint i = 0; i < G_N_ELEMENTS (order); i++)
    if (order[i] == status)
      return i;
  return G_N_ELEMENTS (order);
}

PfExit
pf_exit_worse (PfExit a, PfExit b)
{
  return rank (a) <= rank (b) ? a : b;
}
