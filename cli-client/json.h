/* json.h - the answers of --json: D-Bus names in snake_case, times RFC 3339 in UTC or null, a
 * problem null or an object. */
#pragma once

#include <json-glib/json-glib.h>

/* (transfer full): `LocalUser` is local_user, `OAuth2Provider` oauth2_provider. */
char *pf_json_name (const char *dbus_name);

/**
 * pf_json_value:
 * @dbus_name: the property's or key's name: tells what is a time and what a problem
 * @value: any type the interface uses
 *
 * Returns: (transfer full)
 */
JsonNode *pf_json_value (const char *dbus_name, GVariant *value);

/**
 * pf_json_object:
 * @dict: a{sv}
 * @order: (nullable) (array zero-terminated=1): D-Bus names that come first, in this order; the
 *   rest follows by name
 *
 * Returns: (transfer full): an object of all that @dict holds
 */
JsonNode *pf_json_object (GVariant *dict, const char *const *order);

/* (transfer full): an array of objects: aa{sv}. */
JsonNode *pf_json_objects (GVariant *dicts, const char *const *order);

/**
 * pf_json_text:
 * @pretty: over several lines; else on one
 *
 * Returns: (transfer full): without final newline. Characters that a terminal would act on or that
 * reorder text are written as \uXXXX.
 */
char *pf_json_text (JsonNode *node, gboolean pretty);
