/* fault.h - collecting what is wrong with settings, each thing as a sentence. */
#pragma once

#include <glib.h>

/* Adds a PfSettingsFault to @faults, as long as there are not too many of them; @key may be any
 * text. @line: 0 for none. */
void pf_fault_add (GPtrArray *faults, const char *key, const char *code, guint line,
                   const char *format, ...) G_GNUC_PRINTF (5, 6);

/* @known: NULL-terminated: one that is near is proposed. */
void pf_fault_unknown_key (GPtrArray *faults, const char *key, const char *const *known,
                           guint line);
