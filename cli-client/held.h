/* held.h - what is in quarantine, as the service shows it: listed, found by the beginning of an
 * id. */
#pragma once

#include "cli-client/client.h"

#include <json-glib/json-glib.h>

typedef struct
{
  char *id;
  char *account;        /* address; "" where the account is gone or another's */
  GVariant *properties; /* a{sv}, as the service told it */
} PfHeld;

/* (transfer full) (element-type PfHeld) (nullable): all that we see, newest first. */
GPtrArray *pf_held_list (PfClient *client, GError **error);

/**
 * pf_held_find:
 * @words: (array zero-terminated=1): ids, or beginnings of such as stand for one alone
 *
 * Returns: (transfer full) (element-type PfHeld) (nullable): one for each word, in their order,
 * each once; NULL with PF_FAILURE_UNKNOWN_MESSAGE, or PF_FAILURE_USAGE for a beginning of
 * several.
 */
GPtrArray *pf_held_find (PfClient *client, const char *const *words, GError **error);

/* How many digits of an id tell those of @list apart: 8 at least. */
guint pf_held_digits (GPtrArray *list);

/* (transfer full): id and all that is known of it. */
JsonNode *pf_held_json (const PfHeld *held);
