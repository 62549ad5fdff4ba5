#include "protocol/mime-fields.h"

#include "base/limits.h"

#include <string.h>

/* Longer ones are compared so far, as Dovecot does. */
#define LONGEST_BOUNDARY 80

/* One parameter as it stands in a field. */
typedef struct
{
  char *name;  /* lower case, without RFC 2231's marks */
  char *value; /* quotes undone */
  char *whole; /* (nullable): all that stands before the next semicolon, where that is another */
  guint section;
  gboolean extended; /* percent-encoded */
} Parameter;

static void
parameter_free (gpointer data)
{
  Parameter *self = data;

  g_free (self->name);
  g_free (self->value);
  g_free (self->whole);
  g_free (self);
}

/* @value: for readers that honour quotes; @whole: for those who take all to the semicolon. */
static const char *
read_value (const char *at, char **value, char **whole)
{
  g_autoptr (GString) first = g_string_new (NULL);
  g_autoptr (GString) all = g_string_new (NULL);
  gboolean quoted = FALSE, over = FALSE;

  at += strspn (at, " \t");
  for (gboolean begun = FALSE; *at != '\0' && (quoted || *at != ';'); at++)
    {
      if (*at == '"')
        {
          over = over || (begun && quoted) || (begun && !quoted);
          quoted = !quoted;
          begun = TRUE;
          continue;
        }
      if (quoted && *at == '\\' && at[1] != '\0')
        at++;
      else if (!quoted && (*at == ' ' || *at == '\t'))
        over = TRUE;
      begun = TRUE;
      g_string_append_c (all, *at);
      if (!over)
        g_string_append_c (first, *at);
    }
  *value = g_strdup (g_strstrip (first->str));
  g_strstrip (all->str);
  *whole = strcmp (all->str, *value) != 0 ? g_strdup (all->str) : NULL;
  return at;
}

/* RFC 2231: NAME*, NAME*N, NAME*N*. */
static void
take_marks (Parameter *parameter)
{
  char *star = strchr (parameter->name, '*');

  if (star == NULL)
    return;
  *star++ = '\0';
  parameter->extended = *star == '\0' || g_str_has_suffix (star, "*");
  parameter->section = (guint) MIN (g_ascii_strtoull (star, NULL, 10), PF_LIMIT_MIME_SECTIONS);
}

static GPtrArray *
read_parameters (const char *value)
{
  GPtrArray *parameters = g_ptr_array_new_with_free_func (parameter_free);
  const char *at = value + strcspn (value, ";");

  while (*at == ';' && parameters->len < PF_LIMIT_MIME_PARAMETERS)
    {
      Parameter *parameter = g_new0 (Parameter, 1);
      gsize length;

      at += strspn (at, "; \t");
      length = strcspn (at, "=;");
      parameter->name = g_strstrip (g_ascii_strdown (at, (gssize) length));
      at += length;
      if (*at == '=')
        at = read_value (at + 1, &parameter->value, &parameter->whole);
      else
        parameter->value = g_strdup ("");
      take_marks (parameter);
      g_ptr_array_add (parameters, parameter);
    }
  return parameters;
}

static void
unpercent (const char *text, GString *out)
{
  for (; *text != '\0'; text++)
    {
      if (*text == '%' && g_ascii_isxdigit (text[1]) && g_ascii_isxdigit (text[2]))
        {
          g_string_append_c (
              out, (char) (g_ascii_xdigit_value (text[1]) << 4 | g_ascii_xdigit_value (text[2])));
          text += 2;
        }
      else
        g_string_append_c (out, *text);
    }
}

/* The sections of @name in the order of their numbers (RFC 2231 3); some readers take them as they
 * come, so it is told which. */
static GString *
join_sections (GPtrArray *parameters, const char *name, gboolean sorted, char **charset)
{
  GString *joined = g_string_new (NULL);

  for (guint section = 0; section <= (sorted ? PF_LIMIT_MIME_SECTIONS : 0); section++)
    {
      for (guint i = 0; i < parameters->len; i++)
        {
          const Parameter *one = g_ptr_array_index (parameters, i);
          const char *text = one->value, *mark;

          if (strcmp (one->name, name) != 0 || (sorted && one->section != section))
            continue;
          mark = one->extended ? strchr (text, '\'') : NULL;
          if (mark != NULL && strchr (mark + 1, '\'') != NULL && *charset == NULL)
            {
              *charset = g_strndup (text, (gsize) (mark - text));
              text = strchr (mark + 1, '\'') + 1;
            }
          if (one->extended)
            unpercent (text, joined);
          else
            g_string_append (joined, text);
        }
    }
  return joined;
}

static gboolean
add_each (GPtrArray *names, const Parameter *one)
{
  g_autoptr (GString) percent = g_string_new (NULL);
  gboolean kept = pf_mime_names_add (names, one->value, strlen (one->value), NULL);

  if (one->whole != NULL)
    kept = pf_mime_names_add (names, one->whole, strlen (one->whole), NULL) && kept;
  unpercent (one->value, percent);
  if (percent->len != strlen (one->value))
    kept = pf_mime_names_add (names, percent->str, percent->len, NULL) && kept;
  return kept;
}

static void
leave_name (GPtrArray *names, const char *value)
{
  if (names->len == 0)
    g_ptr_array_add (names, g_utf8_make_valid (*value != '\0' ? value : "?", -1));
}

static void
add_names (PfMimeFields *self, GPtrArray *parameters, const char *name)
{
  guint found = 0;

  for (guint i = 0; i < parameters->len; i++)
    {
      const Parameter *one = g_ptr_array_index (parameters, i);

      if (strcmp (one->name, name) != 0)
        continue;
      if (self->leave_names)
        {
          leave_name (self->names, one->value);
          return;
        }
      found++;
      if (!add_each (self->names, one))
        self->over_limit = TRUE;
    }
  for (guint sorted = 0; found > 0 && sorted < 2; sorted++)
    {
      g_autofree char *charset = NULL;
      g_autoptr (GString) joined = join_sections (parameters, name, sorted == 1, &charset);

      if (!pf_mime_names_add (self->names, joined->str, joined->len, charset))
        self->over_limit = TRUE;
    }
  if (parameters->len >= PF_LIMIT_MIME_PARAMETERS)
    self->over_limit = TRUE;
}

static void
add_boundary (PfMimeFields *self, const char *text)
{
  g_autofree char *boundary = g_strndup (text, LONGEST_BOUNDARY);

  g_strchomp (boundary);
  if (*boundary != '\0' && self->boundaries->len < PF_LIMIT_MIME_BOUNDARIES)
    g_ptr_array_add (self->boundaries, g_steal_pointer (&boundary));
}

static void
add_boundaries (PfMimeFields *self, GPtrArray *parameters)
{
  g_autofree char *charset = NULL;
  g_autoptr (GString) joined = join_sections (parameters, "boundary", TRUE, &charset);

  for (guint i = 0; i < parameters->len; i++)
    {
      const Parameter *one = g_ptr_array_index (parameters, i);

      if (strcmp (one->name, "boundary") != 0)
        continue;
      add_boundary (self, one->value);
      if (one->whole != NULL)
        add_boundary (self, one->whole);
    }
  add_boundary (self, joined->str);
}

static void
read_type (PfMimeFields *self, const char *value)
{
  g_autoptr (GPtrArray) parameters = read_parameters (value);
  g_autofree char *type = g_ascii_strdown (value, (gssize) strcspn (value, ";"));

  /* "multipart / mixed (a comment)" */
  type[strcspn (type, "(")] = '\0';
  for (char *to = type, *from = type;; from++)
    {
      if (*from != ' ' && *from != '\t' && *from != '"')
        *to++ = *from;
      if (*from == '\0')
        break;
    }
  add_names (self, parameters, "name");
  add_names (self, parameters, "filename");
  if (g_str_has_prefix (type, "multipart"))
    {
      self->multipart = TRUE;
      add_boundaries (self, parameters);
    }
  if (strcmp (type, "message/rfc822") == 0 || strcmp (type, "message/global") == 0
      || strcmp (type, "message/news") == 0)
    self->message = TRUE;
  if (self->type == NULL && strchr (type, '/') != NULL)
    self->type = g_utf8_make_valid (type, -1);
}

static void
read_encoding (PfMimeFields *self, const char *value)
{
  g_autofree char *lower = g_ascii_strdown (value, -1);

  if (self->encoding != PF_MIME_IDENTITY)
    return;
  if (strstr (lower, "base64") != NULL)
    self->encoding = PF_MIME_BASE64;
  else if (strstr (lower, "quoted") != NULL)
    self->encoding = PF_MIME_QUOTED_PRINTABLE;
  else if (strstr (lower, "uue") != NULL)
    self->encoding = PF_MIME_UUENCODE;
}

static void
read_field (PfMimeFields *self, const char *line)
{
  gsize name_length = strcspn (line, ":");
  g_autofree char *name = g_ascii_strdown (line, (gssize) name_length);

  if (line[name_length] == '\0')
    return;
  g_strchomp (name);
  if (strcmp (name, "content-type") == 0)
    read_type (self, line + name_length + 1 + strspn (line + name_length + 1, " \t"));
  else if (strcmp (name, "content-disposition") == 0)
    {
      g_autoptr (GPtrArray) parameters = read_parameters (line + name_length + 1);

      add_names (self, parameters, "filename");
      add_names (self, parameters, "name");
    }
  else if (strcmp (name, "content-transfer-encoding") == 0)
    read_encoding (self, line + name_length + 1);
}

/* @text: lines are unfolded and read one by one. */
static void
read_lines (PfMimeFields *self, GString *text)
{
  char *at = text->str;

  while (*at != '\0')
    {
      char *end = at;

      for (end += strcspn (end, "\n"); *end == '\n' && (end[1] == ' ' || end[1] == '\t');)
        {
          *end = ' ';
          end += strcspn (end, "\n");
        }
      if (*end == '\n')
        *end++ = '\0';
      read_field (self, at);
      at = end;
    }
}

/* A CR that stands alone ends a line for some readers, and is a blank for others. */
static GString *
plain_lines (const char *header, gsize length, char lone)
{
  GString *text = g_string_sized_new (length);

  for (gsize i = 0; i < length; i++)
    {
      if (header[i] == '\r' && i + 1 < length && header[i + 1] == '\n')
        continue;
      g_string_append_c (text, header[i] == '\r' ? lone : header[i] == '\0' ? ' ' : header[i]);
    }
  return text;
}

PfMimeFields *
pf_mime_fields_read (const char *header, gsize length, gboolean leave_names)
{
  PfMimeFields *self = g_new0 (PfMimeFields, 1);
  g_autoptr (GString) text = plain_lines (header, length, ' ');

  self->boundaries = g_ptr_array_new_with_free_func (g_free);
  self->names = g_ptr_array_new_with_free_func (g_free);
  self->leave_names = leave_names;
  read_lines (self, text);
  if (length > 0 && memchr (header, '\r', length) != NULL)
    {
      g_autoptr (GString) other = plain_lines (header, length, '\n');

      read_lines (self, other);
    }
  if (self->type == NULL)
    self->type = g_strdup ("text/plain");
  return self;
}

void
pf_mime_fields_free (PfMimeFields *self)
{
  g_free (self->type);
  g_ptr_array_unref (self->boundaries);
  g_ptr_array_unref (self->names);
  g_free (self);
}

gboolean
pf_mime_fields_any (const char *header, gsize length)
{
  for (gsize i = 0; i + 8 < length; i++)
    {
      if ((i == 0 || header[i - 1] == '\n' || header[i - 1] == '\r')
          && g_ascii_strncasecmp (header + i, "content-", 8) == 0)
        {
          gsize end = i + 8;

          while (end < length && (g_ascii_isalnum (header[end]) || header[end] == '-'))
            end++;
          while (end < length && (header[end] == ' ' || header[end] == '\t'))
            end++;
          if (end < length && header[end] == ':')
            return TRUE;
        }
    }
  return FALSE;
}
