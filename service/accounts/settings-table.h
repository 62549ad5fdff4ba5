/* settings-table.h - the table of all account settings: validation, D-Bus and key file come from it. Internal to accounts/. */
#pragma once

#include "accounts/settings.h"

typedef enum
{
  PF_KEY_STRING,
  PF_KEY_BOOLEAN,
  PF_KEY_UINT16,
  PF_KEY_UINT32,
  PF_KEY_UINT64, /* a size: K, M, G in text */
  PF_KEY_LIST,
  PF_KEY_ENUM
} PfKeyKind;

typedef struct _PfKey PfKey;

struct _PfKey
{
  const char *name;
  PfKeyKind kind;
  gsize offset;
  gboolean required;
  const char *fallback; /* as in a key file */
  guint64 low, high;    /* numbers */
  const char *const *nicks; /* enums */
  /* (nullable): (transfer full) (nullable): what is wrong with one string or list item, as the end of "KEY=VALUE: ..." */
  char *(*check) (const char *value);
};

extern const PfKey pf_keys[];
extern const guint pf_n_keys;

/* (nullable) */
const PfKey *pf_key_find (const char *name, guint *index);
/* Where @key's field is in @self. */
#define PF_KEY_FIELD(type, self, key) G_STRUCT_MEMBER (type, self, (key)->offset)

/* settings-values.c: puts a value into @self; FALSE and a fault when it does not fit. */
gboolean pf_key_set_text    (const PfKey *key, PfSettings *self, const char *text, GPtrArray *faults);
gboolean pf_key_set_variant (const PfKey *key, PfSettings *self, GVariant *value, GPtrArray *faults);
/* (transfer full) floating / text as in a key file */
GVariant *pf_key_get_variant (const PfKey *key, const PfSettings *self);
char     *pf_key_get_text    (const PfKey *key, const PfSettings *self);
void      pf_key_clear       (const PfKey *key, PfSettings *self);

/* Adds a fault. @value: (nullable) */
void pf_settings_add_fault  (GPtrArray *faults, const char *key, const char *code, const char *value, const char *format, ...) G_GNUC_PRINTF (5, 6);
/* settings-checks.c: what keys have to do with each other; fills effective values. */
void pf_settings_complete   (PfSettings *self);
void pf_settings_check      (const PfSettings *self, GPtrArray *faults);

char *pf_check_address (const char *value);
char *pf_check_server (const char *value);
char *pf_check_local_user (const char *value);
char *pf_check_folder (const char *value);
char *pf_check_target_folder (const char *value);
char *pf_check_authentication (const char *value);
char *pf_check_sender (const char *value);
char *pf_check_certificate (const char *value);
char *pf_check_relay (const char *value);
char *pf_check_envelope_header (const char *value);
char *pf_check_recipient (const char *value);
char *pf_check_proxy (const char *value);
char *pf_check_word (const char *value);

/* settings.c: all defaults, nothing given yet, still to be changed. */
PfSettings *pf_settings_begin   (void);
/* Last steps for every source: required keys, keys together. Takes @self; @before: how many faults there were at the beginning. NULL with faults. */
PfSettings *pf_settings_end     (PfSettings *self, GPtrArray *faults, guint before);
void        pf_settings_unknown (GPtrArray *faults, const char *name);
