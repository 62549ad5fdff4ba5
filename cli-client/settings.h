/* settings.h - KEY=VALUE on the command line, and values as people read them (DESIGN 6). */
#pragma once

#include <gio/gio.h>

typedef struct
{
  const char *name;
  const char *type;          /* D-Bus signature: "s", "b", "u", "q", "t", "d", "as" */
  const char *const *values; /* (nullable): what it can be, for completion; the service decides */
  const char *summary;
} PfKey;

/* A set of keys. */
typedef struct
{
  const PfKey *keys;
  gsize n_keys;
  const char *manual;     /* the page that lists them */
  gboolean empty_resets;  /* KEY= gives any key back its default, whatever its type */
} PfKeyTable;

/* The settings of an account. */
const PfKeyTable *pf_account_keys (void);
/* The filter's policy (filter-keys.c). */
const PfKeyTable *pf_filter_keys (void);

/* All keys, in the order of DESIGN 6, and their number. */
const PfKey *pf_keys (gsize *n_keys);
/* (nullable): by its exact name. */
const PfKey *pf_key_find (const char *name);
/* TRUE when a change of this key needs the account's secret anew, or an administrator (DESIGN
 * 5). */
gboolean pf_key_moves_secret (const char *name);

/**
 * pf_settings_parse:
 * @table: whose keys
 * @arguments: (array zero-terminated=1): KEY=VALUE each; lists are separated by ';' or their key is
 *   repeated; sizes may end in K, M or G
 *
 * Returns: (transfer full): a{sv}, or NULL with an error that names the key as it was typed.
 */
GVariant *pf_settings_parse (const PfKeyTable *table, const char *const *arguments,
                             GError **error);

/* (transfer full): the value as it would be typed. */
char *pf_settings_format (GVariant *value);
