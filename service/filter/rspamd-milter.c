#include "filter/rspamd-milter.h"

#include "base/limits.h"

#include <string.h>

void
pf_rspamd_header_free (gpointer data)
{
  PfRspamdHeader *header = data;

  g_free (header->name);
  g_free (header->value);
  g_free (header);
}

void
pf_rspamd_removal_free (gpointer data)
{
  PfRspamdRemoval *removal = data;

  g_free (removal->name);
  g_free (removal);
}

/* --- Names and values ------------------------------------------------------------------------- */

/* RFC 5322 section 2.2: printable, no colon. */
static gboolean
is_field_name (const char *name)
{
  gsize length = strlen (name);

  for (gsize i = 0; i < length; i++)
    if (name[i] <= ' ' || name[i] > '~' || name[i] == ':')
      return FALSE;
  return length > 0 && length <= 100;
}

static gboolean
has_prefix (const char *name, const char *prefix)
{
  return g_ascii_strncasecmp (name, prefix, strlen (prefix)) == 0;
}

gboolean
pf_rspamd_header_is_allowed (const char *name)
{
  if (!is_field_name (name) || has_prefix (name, "X-Postferry"))
    return FALSE;
  return has_prefix (name, "X-") || has_prefix (name, "ARC-")
         || g_ascii_strcasecmp (name, "Authentication-Results") == 0;
}

/* (transfer full): of one line: a fold is one blank, what is not printable ASCII a "?". */
static char *
clean_value (const char *text)
{
  GString *value = g_string_new (NULL);

  for (const char *p = text; *p != '\0' && value->len < PF_LIMIT_RSPAMD_HEADER; p++)
    {
      gboolean blank = strchr (" \t\r\n", *p) != NULL;

      if (!blank)
        g_string_append_c (value, *p < ' ' || *p > '~' ? '?' : *p);
      else if (value->len > 0 && value->str[value->len - 1] != ' ')
        g_string_append_c (value, ' ');
    }
  return g_strchomp (g_string_free (value, FALSE));
}

/* --- Lines to be added ------------------------------------------------------------------------ */

static gboolean
is_string (JsonNode *node)
{
  return node != NULL && json_node_get_value_type (node) == G_TYPE_STRING;
}

static gboolean
is_integer (JsonNode *node)
{
  return node != NULL && json_node_get_value_type (node) == G_TYPE_INT64;
}

/* @node: {"value": .., "order": ..} or a text. */
static void
add_one (const char *name, JsonNode *node, GPtrArray *headers)
{
  JsonNode *value = node, *order = NULL;
  PfRspamdHeader *header;

  if (JSON_NODE_HOLDS_OBJECT (node))
    {
      value = json_object_get_member (json_node_get_object (node), "value");
      order = json_object_get_member (json_node_get_object (node), "order");
    }
  if (!is_string (value) || headers->len >= PF_LIMIT_RSPAMD_HEADERS)
    return;
  header = g_new0 (PfRspamdHeader, 1);
  header->name = g_strdup (name);
  header->value = clean_value (json_node_get_string (value));
  if (is_integer (order))
    header->order = (int) CLAMP (json_node_get_int (order), 0, PF_LIMIT_RSPAMD_HEADERS);
  g_ptr_array_add (headers, header);
}

static void
each_addition (JsonObject *object, const char *name, JsonNode *node, gpointer user_data)
{
  JsonArray *several = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;

  if (!pf_rspamd_header_is_allowed (name))
    return;
  if (several == NULL)
    add_one (name, node, user_data);
  for (guint i = 0; several != NULL && i < json_array_get_length (several); i++)
    add_one (name, json_array_get_element (several, i), user_data);
}

/* --- Lines to be taken out -------------------------------------------------------------------- */

static void
remove_one (const char *name, JsonNode *node, GPtrArray *removals)
{
  PfRspamdRemoval *removal;

  if (!is_integer (node) || removals->len >= PF_LIMIT_RSPAMD_HEADERS)
    return;
  removal = g_new0 (PfRspamdRemoval, 1);
  removal->name = g_strdup (name);
  removal->index =
      (int) CLAMP (json_node_get_int (node), -PF_LIMIT_RSPAMD_INDEX, PF_LIMIT_RSPAMD_INDEX);
  g_ptr_array_add (removals, removal);
}

static void
each_removal (JsonObject *object, const char *name, JsonNode *node, gpointer user_data)
{
  JsonArray *several = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;

  if (!pf_rspamd_header_is_allowed (name))
    return;
  if (several == NULL)
    remove_one (name, node, user_data);
  for (guint i = 0; several != NULL && i < json_array_get_length (several); i++)
    remove_one (name, json_array_get_element (several, i), user_data);
}

/* --- Both ------------------------------------------------------------------------------------- */

static void
walk (JsonObject *milter, const char *member, JsonObjectForeach each, GPtrArray *list)
{
  JsonNode *node = json_object_get_member (milter, member);

  if (node != NULL && JSON_NODE_HOLDS_OBJECT (node))
    json_object_foreach_member (json_node_get_object (node), each, list);
}

void
pf_rspamd_read_milter (JsonObject *milter, PfRspamdAnswer *answer)
{
  walk (milter, "add_headers", each_addition, answer->add_headers);
  walk (milter, "remove_headers", each_removal, answer->remove_headers);
}
