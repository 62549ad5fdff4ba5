/* item-name.h - libsecret's attributes as the name of an item in the keyring, and back.
 *
 * `SCHEMA|key=value|key=value`, keys in order, values with %HH where they could be misread: two
 * different sets of attributes never make one name. Internal to secrets/. */
#pragma once

#include <glib.h>

/* @attributes: (element-type utf8 utf8); libsecret's own (xdg:...) are left out. (transfer full) */
char       *pf_item_name_make    (const char *schema, GHashTable *attributes);
/* (transfer full) (nullable) (element-type utf8 utf8): the attributes in @name, when it is of
 * @schema and has all of @wanted. */
GHashTable *pf_item_name_match   (const char *name, const char *schema, GHashTable *wanted);
