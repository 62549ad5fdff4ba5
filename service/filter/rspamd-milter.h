/* rspamd-milter.h - the part of Rspamd's answer that tells what to do to the message. */
#pragma once

#include "filter/rspamd-answer.h"

#include <json-glib/json-glib.h>

/* Reads @milter's add_headers and remove_headers; what is malformed or not allowed is left out:
 * these are wishes, the verdict does not hang on them. */
void pf_rspamd_read_milter (JsonObject *milter, PfRspamdAnswer *answer);
void pf_rspamd_header_free  (gpointer header);
void pf_rspamd_removal_free (gpointer removal);
