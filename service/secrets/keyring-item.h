/* keyring-item.h - what a search in the keyring finds, as libsecret hands it out. Internal to
 * secrets/. */
#pragma once

#include <libsecret/secret.h>

#include "base/secret.h"

#define PF_TYPE_KEYRING_ITEM (pf_keyring_item_get_type ())
G_DECLARE_FINAL_TYPE (PfKeyringItem, pf_keyring_item, PF, KEYRING_ITEM, GObject)

/* @attributes: (transfer full) (element-type utf8 utf8); @secret: (transfer full) */
SecretRetrievable *pf_keyring_item_new (GHashTable *attributes, PfSecret *secret);
