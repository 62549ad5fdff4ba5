#include "cli-client/agent.h"

#include "cli-client/terminal.h"

#include <polkit/polkit.h>
#include <polkitagent/polkitagent.h>
#include <unistd.h>

struct _PfAgent
{
  PolkitAgentListener *listener;
  gpointer registration;
};

PfAgent *
pf_agent_new (void)
{
  g_autoptr (GError) ignored = NULL;
  g_autoptr (PolkitAgentListener) listener = NULL;
  g_autoptr (PolkitSubject) subject = NULL;
  gpointer registration;
  PfAgent *self;

  listener = polkit_agent_text_listener_new (NULL, &ignored);
  if (listener == NULL)
    return NULL;
  subject = polkit_unix_process_new_for_owner (getpid (), 0, (int) getuid ());
  registration = polkit_agent_listener_register (
      listener, POLKIT_AGENT_REGISTER_FLAGS_RUN_IN_THREAD, subject, NULL, NULL, &ignored);
  if (registration == NULL)
    return NULL;
  /* The agent turns the echo off while it asks. */
  pf_terminal_remember ();
  self = g_new0 (PfAgent, 1);
  self->listener = g_steal_pointer (&listener);
  self->registration = registration;
  return self;
}

void
pf_agent_free (PfAgent *self)
{
  polkit_agent_listener_unregister (self->registration);
  g_object_unref (self->listener);
  g_free (self);
}
