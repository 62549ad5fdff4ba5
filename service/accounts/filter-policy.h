/* filter-policy.h - [Filter] of postferry.conf: what the filter does with mail (DESIGN 8). */
#pragma once

#include "accounts/field.h"

#define PF_FILTER_GROUP "Filter"

/* What is done with mail in which something was found; in the order of the settings' words. */
typedef enum
{
  PF_ON_DELIVER,
  PF_ON_JUNK,
  PF_ON_QUARANTINE,
  PF_ON_DEFER,
  PF_ON_DISCARD
} PfFilterAction;

/* And when a scanner could not be asked for DeferHours. */
typedef enum
{
  PF_ON_FAILURE_DELIVER,
  PF_ON_FAILURE_QUARANTINE,
  PF_ON_FAILURE_DEFER
} PfFailureAction;

typedef enum
{
  PF_DIGEST_DAILY,
  PF_DIGEST_NEVER
} PfQuarantineDigest;

/* Read the fields, never write them. Texts and lists are never NULL. */
typedef struct
{
  char *rspamd_url;            /* "auto", "off", "http://...", "https://...", "unix:/path" */
  char *rspamd_controller_url; /* the same */
  double junk_score, quarantine_score; /* 0: by Rspamd's action */
  char *subject_prefix;
  char *clamd_socket; /* "auto", "off", "unix:/path", "tcp:host:port" */
  guint64 max_scan_size;
  guint timeout;           /* seconds, one answer of a scanner */
  char **block_classes;    /* executables, archives, office-macros, encrypted-archives; none: an
                               * empty list would be the default */
  char **block_extensions; /* lower case, without the dot */
  char **allow_senders, **block_senders, **allow_recipients;
  PfFilterAction on_spam, on_virus, on_attachment, on_blocked_sender;
  PfFailureAction on_scanner_failure;
  guint defer_hours;
  PfQuarantineDigest quarantine_digest;
  guint quarantine_days;
} PfFilterPolicy;

/* In the order of DESIGN 8, ended by a row without a name. */
extern const PfField pf_filter_fields[];
/* (nullable): by the exact name. */
const PfField *pf_filter_policy_find (const char *key);

/* (transfer full): all defaults. */
PfFilterPolicy *pf_filter_policy_new  (void);
void            pf_filter_policy_free (PfFilterPolicy *self);

gboolean        pf_filter_policy_equal (const PfFilterPolicy *a, const PfFilterPolicy *b);

/* All keys with their values, a{sv}, floating. */
GVariant *pf_filter_policy_to_vardict (const PfFilterPolicy *self);
/**
 * pf_filter_policy_edit:
 * @text: postferry.conf, or "" where there is none
 * @changes: a{sv}; an empty text or list gives a key back its default
 * @faults: (element-type PfSettingsFault): gets everything that is wrong
 *
 * Returns: (transfer full) (nullable): the file with @changes in [Filter], every other line as it
 *   was; NULL when there are faults.
 */
char *pf_filter_policy_edit (const char *text, GVariant *changes, GPtrArray *faults);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfFilterPolicy, pf_filter_policy_free)
