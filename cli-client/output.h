/* output.h - standard output: colour, pager, tables, JSON, and what becomes of it when nobody
 * reads any more. */
#pragma once

#include "cli-client/exit-codes.h"
#include "cli-client/options.h"
#include "cli-client/table.h"

#include <json-glib/json-glib.h>

typedef struct
{
  gboolean json;
  gboolean legend;
  gboolean color;
  gboolean may_page;
  GPid pager; /* 0: none */
} PfOutput;

gboolean pf_output_init (PfOutput *self, const PfOptions *options, GError **error);

/* Something long follows: on a terminal it goes through $POSTFERRY_PAGER, $PAGER or less. */
void pf_output_page (PfOutput *self);

/* Text of our own. What comes from the service passes pf_text_printable() first. */
void pf_output_print (PfOutput *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
void pf_output_table (PfOutput *self, PfTable *table);
/* @node: (transfer full): over several lines; with @line on one. */
void pf_output_json (PfOutput *self, JsonNode *node, gboolean line);

/* Shorthand. */
const char *pf_output_style (const PfOutput *self, PfStyle style);
const char *pf_output_plain (const PfOutput *self, PfStyle style);

/* Writes out what is left and waits for the pager. Returns @status, or PF_EXIT_FAILED when it
 * could not be written. */
PfExit pf_output_finish (PfOutput *self, PfExit status);
