/* keyring-file.h - the keyring: items in one file, each encrypted and authenticated, the whole authenticated too (DESIGN 13).
 *
 * Format, all numbers big-endian: "PFKEYRNG" version(4) generation(8) salt(16) count(4), then for each item: attributes' length(4), attributes,
 * nonce(12), ciphertext's length(4), ciphertext, tag(16); at the end an HMAC-SHA-256 of all before it. The keys for items and for the HMAC are
 * derived from the master key and the salt (HKDF-SHA-256). Items are AES-256-GCM, their attributes are authenticated data: an item cannot be passed off as another's. The HMAC makes a wrong key, a
 * cut file, a removed or reordered item an error.
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
 */
PfKeyring *pf_keyring_open   (const char *path, PfSecret *master, GError **error);
void       pf_keyring_free   (PfKeyring *self);
/* @attributes: the item's name. Durable when it returns. */
gboolean   pf_keyring_store  (PfKeyring *self, const char *attributes, PfSecret *secret, GError **error);
/* (transfer full) (nullable): NULL without error when there is none */
PfSecret  *pf_keyring_lookup (PfKeyring *self, const char *attributes, GError **error);
/* *@removed tells whether there was one. */
gboolean   pf_keyring_remove (PfKeyring *self, const char *attributes, gboolean *removed, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfKeyring, pf_keyring_free)
