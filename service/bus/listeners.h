/* listeners.h - signals, each to those alone who may see what it tells (DESIGN 5). */
#pragma once

#include "bus/internal.h"

/* Who sees an object. */
typedef struct
{
  gboolean exists;
  const char *local_user; /* (nullable): NULL for a test of settings that are not stored */
  guint starter;
} PfAudience;

/* TRUE when somebody could hear. */
gboolean pf_listeners_any (PfBus *bus);
/* Sends one signal to one caller. @parameters: (transfer none) */
void     pf_listeners_emit (PfBus *bus, const PfCaller *caller, const char *path,
                            const char *interface, const char *signal,
                            GVariant *parameters);
/* Sends one signal to all of @audience. @parameters: floating is taken. */
void     pf_listeners_emit_to (PfBus *bus, const PfAudience *audience, const char *path,
                               const char *interface, const char *signal,
                               GVariant *parameters);
/**
 * pf_listeners_tell:
 * @before: who saw it as it was told last
 * @after: who sees it now
 * @changed: (nullable): a{sv}; NULL when nothing did
 *
 * PropertiesChanged to who saw it and still does, InterfacesAdded to who sees it now,
 * InterfacesRemoved to who does no longer.
 */
void     pf_listeners_tell (PfBus *bus, const PfInterface *interface, gpointer object,
                            const char *path, const PfAudience *before,
                            const PfAudience *after, GVariant *changed);
