/* introspect.h - what Introspect answers (pure). */
#pragma once

#include "bus/internal.h"

/**
 * pf_introspect:
 * @interface: (nullable): NULL for a node that only leads to others
 * @is_standard: @interface is one of the D-Bus specification and has no properties
 * @children: names of the nodes below
 *
 * (transfer full): the XML.
 */
char *pf_introspect (const PfInterface *interface, gboolean is_standard,
                     const char *const *children);
