#include "filter/rspamd-answer.h"

#include "base/limits.h"
#include "dbus-interfaces/text.h"
#include "filter/rspamd-milter.h"

#include <math.h>
#include <string.h>

#define NAME_MAX_OCTETS 100
#define OPTIONS_MAX_OCTETS 300

static const struct
{
  const char *text;
  PfRspamdAction action;
} actions[] = {
  { "no action", PF_RSPAMD_NO_ACTION },     { "greylist", PF_RSPAMD_GREYLIST },
  { "add header", PF_RSPAMD_ADD_HEADER },   { "rewrite subject", PF_RSPAMD_REWRITE_SUBJECT },
  { "soft reject", PF_RSPAMD_SOFT_REJECT }, { "reject", PF_RSPAMD_REJECT },
  { "discard", PF_RSPAMD_DISCARD },         { "quarantine", PF_RSPAMD_QUARANTINE },
};

/* --- Life ------------------------------------------------------------------------------------- */

static void
symbol_free (gpointer data)
{
  PfRspamdSymbol *symbol = data;

  g_free (symbol->name);
  g_free (symbol->description);
  g_free (symbol->options);
  g_free (symbol);
}

static PfRspamdAnswer *
answer_new (void)
{
  PfRspamdAnswer *self = g_new0 (PfRspamdAnswer, 1);

  self->symbols = g_ptr_array_new_with_free_func (symbol_free);
  self->add_headers = g_ptr_array_new_with_free_func (pf_rspamd_header_free);
  self->remove_headers = g_ptr_array_new_with_free_func (pf_rspamd_removal_free);
  self->subject = g_strdup ("");
  self->message = g_strdup ("");
  return self;
}

void
pf_rspamd_answer_free (PfRspamdAnswer *self)
{
  if (self == NULL)
    return;
  g_free (self->action_text);
  g_ptr_array_unref (self->symbols);
  g_ptr_array_unref (self->add_headers);
  g_ptr_array_unref (self->remove_headers);
  g_free (self->subject);
  g_free (self->message);
  g_free (self);
}

/* --- The shape -------------------------------------------------------------------------------- */

typedef struct
{
  char stack[PF_LIMIT_RSPAMD_DEPTH];
  guint depth, values;
  gboolean quoted, over;
} Shape;

/* Outside a text. */
static const char *
look_at (Shape *shape, char octet)
{
  if (strchr (" \t\r\n", octet) != NULL)
    return NULL;
  if (shape->over || (shape->depth == 0 && octet != '{'))
    return "is not one JSON object";
  switch (octet)
    {
    case '{':
    case '[':
      if (shape->depth == PF_LIMIT_RSPAMD_DEPTH)
        return "is nested too deeply";
      shape->stack[shape->depth++] = octet;
      return NULL;
    case '}':
    case ']':
      if (shape->stack[--shape->depth] != (octet == '}' ? '{' : '['))
        return "is not JSON";
      shape->over = shape->depth == 0;
      return NULL;
    case ',':
      return ++shape->values > PF_LIMIT_RSPAMD_VALUES ? "has too many values" : NULL;
    case '"':
      shape->quoted = TRUE;
      return NULL;
    default:
      return strchr (":+-.0123456789eEtrufalsn", octet) != NULL ? NULL : "is not JSON";
    }
}

/* The parser takes more than JSON (comments, assignments, several values in a row) and has no bound
 * of its depth, which is the stack's: so it gets what has the shape of one object only. */
static const char *
check_shape (const char *data, gsize length)
{
  Shape shape = { .depth = 0 };

  for (gsize i = 0; i < length; i++)
    {
      const char *problem = NULL;

      if (data[i] == '\0')
        return "is not JSON";
      if (!shape.quoted)
        problem = look_at (&shape, data[i]);
      else if (data[i] == '\\' && i + 1 < length && data[i + 1] != '\0')
        i++;
      else if (data[i] == '"')
        shape.quoted = FALSE;
      if (problem != NULL)
        return problem;
    }
  return shape.over ? NULL : "is not complete";
}

/* --- Values ----------------------------------------------------------------------------------- */

/* (nullable): NULL also for JSON's null. */
static JsonNode *
get (JsonObject *object, const char *member)
{
  JsonNode *node = json_object_get_member (object, member);

  return node == NULL || JSON_NODE_HOLDS_NULL (node) ? NULL : node;
}

static gboolean
is_string (JsonNode *node)
{
  return node != NULL && json_node_get_value_type (node) == G_TYPE_STRING;
}

/* FALSE when it is there and no finite number. */
static gboolean
read_number (JsonObject *object, const char *member, double *number, gboolean *found)
{
  JsonNode *node = get (object, member);
  GType type = node != NULL ? json_node_get_value_type (node) : G_TYPE_INVALID;

  *found = node != NULL;
  if (node == NULL)
    return TRUE;
  if (type != G_TYPE_INT64 && type != G_TYPE_DOUBLE)
    return FALSE;
  *number = json_node_get_double (node);
  return isfinite (*number);
}

/* (transfer full): "" where it is no text. */
static char *
read_text (JsonObject *object, const char *member, gsize max)
{
  JsonNode *node = get (object, member);

  return is_string (node) ? pf_text_printable (json_node_get_string (node), -1, max)
                          : g_strdup ("");
}

/* --- Symbols ---------------------------------------------------------------------------------- */

/* (transfer full) */
static char *
read_options (JsonObject *object)
{
  JsonNode *node = get (object, "options");
  JsonArray *array =
      node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  g_autoptr (GString) joined = g_string_new (NULL);

  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    {
      JsonNode *element = json_array_get_element (array, i);

      if (!is_string (element) || joined->len > OPTIONS_MAX_OCTETS)
        continue;
      g_string_append_printf (joined, "%s%s", joined->len > 0 ? ", " : "",
                              json_node_get_string (element));
    }
  return pf_text_printable (joined->str, (gssize) joined->len, OPTIONS_MAX_OCTETS);
}

static gboolean
read_symbol (const char *name, JsonNode *node, GPtrArray *symbols)
{
  PfRspamdSymbol *symbol;
  double score = 0;
  gboolean found;

  if (!JSON_NODE_HOLDS_OBJECT (node)
      || !read_number (json_node_get_object (node), "score", &score, &found))
    return FALSE;
  symbol = g_new0 (PfRspamdSymbol, 1);
  symbol->name = pf_text_printable (name, -1, NAME_MAX_OCTETS);
  symbol->score = score;
  symbol->description =
      read_text (json_node_get_object (node), "description", PF_LIMIT_SERVER_TEXT);
  symbol->options = read_options (json_node_get_object (node));
  g_ptr_array_add (symbols, symbol);
  return TRUE;
}

static gint
compare_weight (gconstpointer a, gconstpointer b)
{
  const PfRspamdSymbol *one = *(PfRspamdSymbol *const *) a, *other = *(PfRspamdSymbol *const *) b;
  double difference = fabs (other->score) - fabs (one->score);

  if (difference != 0)
    return difference > 0 ? 1 : -1;
  return strcmp (one->name, other->name);
}

/* An empty table may come out of Lua as an empty list. */
static gboolean
read_symbols (JsonObject *root, PfRspamdAnswer *answer)
{
  JsonNode *node = get (root, "symbols"), *member;
  JsonObjectIter iter;
  const char *name;

  if (node == NULL)
    return TRUE;
  if (JSON_NODE_HOLDS_ARRAY (node))
    return json_array_get_length (json_node_get_array (node)) == 0;
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return FALSE;
  json_object_iter_init (&iter, json_node_get_object (node));
  while (json_object_iter_next (&iter, &name, &member))
    if (!read_symbol (name, member, answer->symbols))
      return FALSE;
  answer->n_symbols = answer->symbols->len;
  g_ptr_array_sort (answer->symbols, compare_weight);
  if (answer->symbols->len > PF_LIMIT_RSPAMD_SYMBOLS)
    g_ptr_array_set_size (answer->symbols, PF_LIMIT_RSPAMD_SYMBOLS);
  return TRUE;
}

/* --- The answer ------------------------------------------------------------------------------- */

static gboolean
read_action (JsonObject *root, PfRspamdAnswer *answer)
{
  JsonNode *node = get (root, "action");

  if (!is_string (node))
    return FALSE;
  answer->action = PF_RSPAMD_UNKNOWN;
  answer->action_text = pf_text_printable (json_node_get_string (node), -1, NAME_MAX_OCTETS);
  for (guint i = 0; i < G_N_ELEMENTS (actions); i++)
    if (strcmp (actions[i].text, json_node_get_string (node)) == 0)
      answer->action = actions[i].action;
  return TRUE;
}

static void
read_wishes (JsonObject *root, PfRspamdAnswer *answer)
{
  JsonNode *milter = get (root, "milter"), *messages = get (root, "messages");

  if (milter != NULL && JSON_NODE_HOLDS_OBJECT (milter))
    pf_rspamd_read_milter (json_node_get_object (milter), answer);
  if (messages != NULL && JSON_NODE_HOLDS_OBJECT (messages))
    {
      g_free (answer->message);
      answer->message =
          read_text (json_node_get_object (messages), "smtp_message", PF_LIMIT_SERVER_TEXT);
    }
  if (answer->action == PF_RSPAMD_REWRITE_SUBJECT)
    {
      g_free (answer->subject);
      answer->subject = read_text (root, "subject", PF_LIMIT_RSPAMD_SUBJECT);
    }
}

/* (transfer full): (nullable): what is wrong. */
static char *
read_answer (JsonObject *root, PfRspamdAnswer *answer)
{
  g_autofree char *trouble = read_text (root, "error", PF_LIMIT_SERVER_TEXT);
  JsonNode *skipped = get (root, "is_skipped");
  gboolean found;

  if (*trouble != '\0')
    return g_strdup_printf ("says: %s", trouble);
  if (!read_action (root, answer))
    return g_strdup ("has no action");
  if (!read_number (root, "score", &answer->score, &answer->has_score))
    return g_strdup ("has a score that is no number");
  if (!read_number (root, "required_score", &answer->required_score, &found))
    return g_strdup ("has a required score that is no number");
  if (!read_symbols (root, answer))
    return g_strdup ("has symbols that cannot be read");
  answer->is_skipped = skipped != NULL && json_node_get_value_type (skipped) == G_TYPE_BOOLEAN
                       && json_node_get_boolean (skipped);
  read_wishes (root, answer);
  return NULL;
}

PfRspamdAnswer *
pf_rspamd_answer_parse (const char *data, gsize length, char **problem)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (PfRspamdAnswer) answer = answer_new ();
  /* Options of symbols are octets of the message. */
  g_autofree char *text = g_utf8_make_valid (data, (gssize) length);
  const char *misshapen = check_shape (data, length);
  JsonNode *root;

  if (misshapen != NULL)
    {
      *problem = g_strdup (misshapen);
      return NULL;
    }
  root = json_parser_load_from_data (parser, text, -1, NULL) ? json_parser_get_root (parser) : NULL;
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    {
      *problem = g_strdup ("is not JSON");
      return NULL;
    }
  *problem = read_answer (json_node_get_object (root), answer);
  return *problem == NULL ? g_steal_pointer (&answer) : NULL;
}
