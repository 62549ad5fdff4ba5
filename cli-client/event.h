/* event.h - an entry of the log, as a line for people and as an object for programs. */
#pragma once

#include "cli-client/output.h"

#include <gio/gio.h>

/* (transfer full): what the entry says beside time, account and event: "from <a@b.c>, 12 kB,
 * “Hello”". Printable. */
char *pf_event_text (GVariant *entry);

/* What the entry is called: its outcome for a message, else the event. */
const char *pf_event_name (GVariant *entry);
PfStyle pf_event_style (GVariant *entry);

/* (transfer full) */
JsonNode *pf_event_json (GVariant *entry);
