/* settings-private.h - the table of an account's settings, and a reading of them under way. */
#pragma once

#include "accounts/fault.h"
#include "accounts/field.h"
#include "accounts/settings.h"

/* In the order of DESIGN 6, ended by a row without a name. A row's index is its bit in
 * PfSettings.given. */
extern const PfField pf_setting_fields[];

/* (nullable): by the exact name; @index may be NULL. */
const PfField *pf_setting_find (const char *name, guint *index);
guint64        pf_setting_bit  (const char *name);

/* One reading, from a file or a call. */
typedef struct
{
  PfSettings *settings;
  GPtrArray *faults; /* of the caller, (element-type PfSettingsFault) */
  guint n_before;    /* faults that were there before */
  guint64 seen;      /* keys that were named, good or bad */
  guint64 bad;       /* keys that were refused */
  guint lines[64];   /* where in the file, by index; 0 elsewhere */
} PfReading;

/* @base: (nullable) */
void        pf_reading_begin (PfReading *self, const PfSettings *base, GPtrArray *faults);
/* Takes one key; @value is a string when it comes from a file. */
void        pf_reading_take  (PfReading *self, const char *key, GVariant *value, guint line);
/* (transfer full) (nullable): NULL when there were faults. */
PfSettings *pf_reading_end   (PfReading *self);

/* What holds between keys; fills the effective port and user name. (settings-rules.c) */
void pf_settings_apply_rules (PfReading *reading);

/* (transfer full): all defaults, with @address as it is. */
PfSettings *pf_settings_new_bare (const char *address);
