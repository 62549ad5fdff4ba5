#include "cli-client/json.h"

#include "cli-client/times.h"

#include <gio/gio.h>

static const char *const time_keys[] = {
  "Time",     "LastCheck",     "LastSuccess", "NextCheck",   "RemoveAt", "NotBefore",
  "NotAfter", "SignatureDate", "LastAnswer",  "LastFailure", NULL
};

char *
pf_json_name (const char *dbus_name)
{
  GString *name = g_string_new (NULL);

  for (const char *p = dbus_name; *p != '\0'; p++)
    {
      if (g_ascii_isupper (*p) && p > dbus_name && !g_ascii_isupper (p[-1]))
        g_string_append_c (name, '_');
      g_string_append_c (name, g_ascii_tolower (*p));
    }
  return g_string_free (name, FALSE);
}

/* --- Values ----------------------------------------------------------------------------------- */

static JsonNode *
string_node (const char *text)
{
  return json_node_init_string (json_node_alloc (), text);
}

static JsonNode *
number_node (guint64 number)
{
  return json_node_init_int (json_node_alloc (), (gint64) MIN (number, G_MAXINT64));
}

static JsonNode *
null_node (void)
{
  return json_node_init_null (json_node_alloc ());
}

static JsonNode *
time_node (guint64 time)
{
  g_autofree char *text = pf_time_rfc3339 (time);

  return text != NULL ? string_node (text) : null_node ();
}

/* (ss): a code and a sentence; without code there is no problem. */
static JsonNode *
problem_node (GVariant *value)
{
  const char *code, *text;
  JsonObject *object;

  g_variant_get (value, "(&s&s)", &code, &text);
  if (*code == '\0')
    return null_node ();
  object = json_object_new ();
  json_object_set_string_member (object, "code", code);
  json_object_set_string_member (object, "text", text);
  return json_node_init_object (json_node_alloc (), object);
}

static JsonNode *
strings_node (GVariant *value)
{
  JsonArray *array = json_array_new ();
  GVariantIter iter;
  const char *text;

  g_variant_iter_init (&iter, value);
  while (g_variant_iter_next (&iter, "&s", &text))
    json_array_add_string_element (array, text);
  return json_node_init_array (json_node_alloc (), array);
}

static guint64
unsigned_of (GVariant *value)
{
  switch (g_variant_classify (value))
    {
    case G_VARIANT_CLASS_BYTE:
      return g_variant_get_byte (value);
    case G_VARIANT_CLASS_UINT16:
      return g_variant_get_uint16 (value);
    case G_VARIANT_CLASS_UINT32:
      return g_variant_get_uint32 (value);
    default:
      return g_variant_get_uint64 (value);
    }
}

JsonNode *
pf_json_value (const char *dbus_name, GVariant *value)
{
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_UINT64) && g_strv_contains (time_keys, dbus_name))
    return time_node (g_variant_get_uint64 (value));
  if (g_variant_is_of_type (value, G_VARIANT_TYPE ("(ss)")))
    return problem_node (value);
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING_ARRAY))
    return strings_node (value);
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_VARDICT))
    return pf_json_object (value, NULL);
  if (g_variant_is_of_type (value, G_VARIANT_TYPE ("aa{sv}")))
    return pf_json_objects (value, NULL);
  switch (g_variant_classify (value))
    {
    case G_VARIANT_CLASS_BOOLEAN:
      return json_node_init_boolean (json_node_alloc (), g_variant_get_boolean (value));
    case G_VARIANT_CLASS_DOUBLE:
      return json_node_init_double (json_node_alloc (), g_variant_get_double (value));
    case G_VARIANT_CLASS_STRING:
    case G_VARIANT_CLASS_OBJECT_PATH:
      return string_node (g_variant_get_string (value, NULL));
    case G_VARIANT_CLASS_BYTE:
    case G_VARIANT_CLASS_UINT16:
    case G_VARIANT_CLASS_UINT32:
    case G_VARIANT_CLASS_UINT64:
      return number_node (unsigned_of (value));
    default:
      /* No type of the interface: a newer service's. */
      return null_node ();
    }
}

/* --- Objects ---------------------------------------------------------------------------------- */

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (*(const char *const *) a, *(const char *const *) b);
}

static GPtrArray *
sorted_names (GVariant *dict)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  GVariantIter iter;
  const char *name;

  g_variant_iter_init (&iter, dict);
  while (g_variant_iter_next (&iter, "{&sv}", &name, NULL))
    g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);
  return names;
}

static void
add_member (JsonObject *object, GVariant *dict, const char *name)
{
  g_autoptr (GVariant) value = g_variant_lookup_value (dict, name, NULL);
  g_autofree char *member = pf_json_name (name);

  if (value != NULL && !json_object_has_member (object, member))
    json_object_set_member (object, member, pf_json_value (name, value));
}

JsonNode *
pf_json_object (GVariant *dict, const char *const *order)
{
  g_autoptr (GPtrArray) names = sorted_names (dict);
  JsonObject *object = json_object_new ();

  for (; order != NULL && *order != NULL; order++)
    add_member (object, dict, *order);
  for (guint i = 0; i < names->len; i++)
    add_member (object, dict, names->pdata[i]);
  return json_node_init_object (json_node_alloc (), object);
}

JsonNode *
pf_json_objects (GVariant *dicts, const char *const *order)
{
  JsonArray *array = json_array_new ();

  for (gsize i = 0; i < g_variant_n_children (dicts); i++)
    {
      g_autoptr (GVariant) dict = g_variant_get_child_value (dicts, i);

      json_array_add_element (array, pf_json_object (dict, order));
    }
  return json_node_init_array (json_node_alloc (), array);
}

/* --- Text ------------------------------------------------------------------------------------- */

/* C1 controls, DEL, bidirectional controls, line separators, the byte order mark: json-glib
 * leaves them as they are. */
static gboolean
acts_on_reader (gunichar c)
{
  return (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069)
         || c == 0x200e || c == 0x200f || c == 0x061c || c == 0x2028 || c == 0x2029 || c == 0xfeff;
}

char *
pf_json_text (JsonNode *node, gboolean pretty)
{
  g_autoptr (JsonGenerator) generator = json_generator_new ();
  g_autofree char *raw = NULL;
  GString *text;

  json_generator_set_pretty (generator, pretty);
  json_generator_set_root (generator, node);
  raw = json_generator_to_data (generator, NULL);
  text = g_string_new (NULL);
  /* They stand in strings alone, so an escape is in place wherever one is found. */
  for (const char *p = raw; *p != '\0'; p = g_utf8_next_char (p))
    if (acts_on_reader (g_utf8_get_char (p)))
      g_string_append_printf (text, "\\u%04x", (guint) g_utf8_get_char (p));
    else
      g_string_append_len (text, p, g_utf8_next_char (p) - p);
  return g_string_free (text, FALSE);
}
