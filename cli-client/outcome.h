/* outcome.h - how a check went: a line for people, an object for programs, an exit status. Pure. */
#pragma once

#include "cli-client/checks.h"
#include "cli-client/exit-codes.h"
#include "cli-client/output.h"

#include <json-glib/json-glib.h>

/* (transfer full): "3 delivered, 1 as junk", "nothing new, 9 known": what @result (a{sv})
 * counts. */
char *pf_outcome_text (GVariant *result);

/* (transfer full): the keys of DESIGN 9 in their order; `messages` too with @explain. */
JsonNode *pf_outcome_json (const PfChecked *check, gboolean explain);

/* What the exit status says of a check that ended. */
PfExit pf_outcome_exit (const PfChecked *check);

/* The result of a check as lines; with @explain a table of its messages. @width: of the longest
 * address. */
void pf_outcome_print (PfOutput *output, const PfChecked *check, guint width, gboolean explain);
