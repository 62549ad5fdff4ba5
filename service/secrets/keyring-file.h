/* keyring-file.h - the keyring: items in one file, each encrypted, the whole authenticated.
 *
 * Format, all numbers big-endian:
 *
 *   "PFKEYRNG"  version (4)  generation (8)  salt (16)  check (16)  count (4)
 *   count times: name's length (4)  name  length of the rest (4)  nonce (12)  ciphertext  tag (16)
 *   HMAC-SHA-256 of all before it (32)
 *
 * The check tells a wrong master key from a damaged file. The HMAC makes a cut file, a removed,
 * reordered or older item an error; the generation grows with each writing, so that no two contents
 * are alike. How items are sealed: keyring-crypto.h.
 *
 * One thread at a time, one process at a time (the service locks its state).
 */
#pragma once

#include <gio/gio.h>

#include "base/secret.h"

typedef struct _PfKeyring PfKeyring;

/**
 * pf_keyring_open:
 * @path: the file; where it does not exist the keyring is empty
 * @master: any octets of good quality, at least 32
 *
 * Errors: PF_PROBLEM_SECRETS_UNAVAILABLE, which names the file. Nothing is ever overwritten then.
 * New files that a killed service left half-written beside @path are deleted.
 */
PfKeyring *pf_keyring_open   (const char *path, PfSecret *master, GError **error);
void       pf_keyring_free   (PfKeyring *self);
/* @name: the item's. Durable when it returns; on an error everything is as it was. */
gboolean   pf_keyring_store  (PfKeyring *self, const char *name, PfSecret *secret, GError **error);
/* (transfer full) (nullable): NULL without error when there is none */
PfSecret  *pf_keyring_lookup (PfKeyring *self, const char *name, GError **error);
/* *@removed tells whether there was one. */
gboolean   pf_keyring_remove (PfKeyring *self, const char *name, gboolean *removed, GError **error);
/* (transfer full): the names of all items, sorted. */
char     **pf_keyring_names  (PfKeyring *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfKeyring, pf_keyring_free)
