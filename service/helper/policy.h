/* policy.h - what the administrator allows the helper to do: [Local] of postferry.conf, read by the
 * helper itself. */
#pragma once

#include "accounts/service-settings.h"

#include <sys/stat.h>

/* Below this no account is a person's (login.defs, UID_MIN). */
#define PF_POLICY_LOWEST_UID 1000

typedef struct
{
  gboolean session;  /* deliver to the own user alone, without any change of user */
  char *refusal;     /* NULL: usable; else why nothing is delivered */
  char *mailbox;     /* "~/Maildir", "/srv/mail/%u" */
  char **command;    /* NULL: a Maildir; else a program and its arguments, with %u */
  guint minimum_uid;
  guint64 largest;   /* octets one message may have */
} PfPolicy;

/**
 * pf_policy_decide:
 * @settings: as they stand in the file
 * @trusted: the file belongs to root, and nobody else can write it
 *
 * postferry.conf belongs to the user of the daemon, which talks to the network: whoever takes that
 * over must not gain more by it than writing mail. So what a file that is not root's says of
 * Command= is refused, and its MinimumUid= never lowers the bound. With @session there is nothing
 * to gain. Pure.
 */
void pf_policy_decide (PfPolicy *policy, const PfServiceSettings *settings, gboolean trusted,
                       gboolean session);
void pf_policy_clear  (PfPolicy *policy);

/* TRUE where a file with these owner and mode can be believed. Pure. */
gboolean pf_policy_is_roots (const struct stat *status);

/* A policy that follows its file. */
typedef struct
{
  PfPolicy policy;
  char *directory;
  struct stat status; /* of the file it was read from; zeros where there is none */
} PfPolicySource;

void pf_policy_source_init    (PfPolicySource *self, const char *configuration_directory,
                               gboolean session);
/* Reads again what changed since. DIRECTORY/deliver.conf, which must be root's, goes before
 * DIRECTORY/postferry.conf. */
void pf_policy_source_refresh (PfPolicySource *self);
void pf_policy_source_clear   (PfPolicySource *self);
