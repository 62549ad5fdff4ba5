/* properties.h - org.freedesktop.DBus.Properties, and the difference between two states of an
 * object. */
#pragma once

#include "bus/internal.h"

/* Answers Get, GetAll and Set; takes @call. */
void      pf_properties_call (PfBus *bus, PfCall *call, const PfInterface *interface,
                              gpointer object);
/**
 * pf_vardict_diff:
 * @before: (nullable): a{sv}; NULL when not known
 * @after: a{sv}
 *
 * Adds what is in @after and is not the same in @before to @changed. Returns: whether there was
 * anything.
 */
gboolean  pf_vardict_diff (GVariant *before, GVariant *after, GVariantBuilder *changed);
/* Adds every entry of @values (a{sv}, floating is taken) to @builder. */
void      pf_vardict_append (GVariantBuilder *builder, GVariant *values);
/* (transfer full): {oa{sa{sv}}}, as GetManagedObjects has it. @caller: (nullable): where all see
 * the same */
GVariant *pf_object_entry (PfBus *bus, const PfCaller *caller, const PfInterface *interface,
                           const char *path, gpointer object);
