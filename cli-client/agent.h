/* agent.h - polkit's question on this terminal, so that it works over ssh and without a desktop. */
#pragma once

#include <glib.h>

typedef struct _PfAgent PfAgent;

/**
 * pf_agent_new:
 *
 * Registers a text agent for this process; it asks on the terminal, in a thread of its own. It is
 * registered for the process itself and not as a fall-back: polkit uses fall-backs in sessions of
 * logind alone.
 *
 * Returns: (nullable): NULL where polkit is not there; then what needs asking is refused.
 */
PfAgent *pf_agent_new (void);
void pf_agent_free (PfAgent *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfAgent, pf_agent_free)
