#include "protocol/received.h"

#include <string.h>

/* A real field has some 300 octets; one beyond this is made to be misread. */
#define VALUE_MAX (8 * 1024)
/* Names of the DNS, addresses of RFC 5321 and ids of queues are all shorter. */
#define WORD_MAX 255

typedef enum
{
  CLAUSE_NONE,
  CLAUSE_FROM,
  CLAUSE_BY,
  CLAUSE_VIA,
  CLAUSE_WITH,
  CLAUSE_ID,
  CLAUSE_FOR,
  CLAUSE_SENDER,
} Clause;

typedef struct
{
  PfReceived *out;
  Clause clause;
  guint words;        /* of this clause, so far */
  guint seen;         /* bits: clauses there have been */
  char *token;        /* first word behind "from" */
  char *name;         /* the name beside the address in a comment */
  gboolean exim_like; /* where there is but one name, it is the verified one */
} Parse;

/* --- Words ------------------------------------------------------------------------------------ */

static gboolean
is_blank (char c)
{
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* (nullable): a name that may be shown and sent on. A dot at its end is Google's. */
static char *
take_name (const char *text)
{
  gsize length = strlen (text);

  if (length > 0 && text[length - 1] == '.')
    length--;
  if (length == 0 || length > WORD_MAX)
    return NULL;
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isalnum (text[i]) && strchr (".-_:[]/+=", text[i]) == NULL)
      return NULL;
  return g_strndup (text, length);
}

/* (nullable): a path or an id: printable, without blanks. */
static char *
take_word (const char *text)
{
  gsize length = strlen (text);

  if (length == 0 || length > WORD_MAX + 2)
    return NULL;
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isgraph (text[i]))
      return NULL;
  return g_strdup (text);
}

/* Sets what stands there first; later ones are no news. */
static void
set_once (char **place, char *value)
{
  if (*place == NULL)
    *place = value;
  else
    g_free (value);
}

/* (nullable): the address in @text: bare, in brackets, with a port, "IPv6:" or somebody's ident
 * before it. */
static char *
take_address (const char *text)
{
  const char *start = strrchr (text, '@') != NULL ? strrchr (text, '@') + 1 : text;
  g_autofree char *address = NULL;
  char *end;

  if (strlen (start) > 80)
    return NULL;
  if (*start == '[')
    {
      address = g_strdup (start + 1);
      end = strchr (address, ']');
      if (end == NULL)
        return NULL;
      *end = '\0';
    }
  else
    address = g_strdup (start);
  if (g_ascii_strncasecmp (address, "IPv6:", 5) == 0)
    memmove (address, address + 5, strlen (address + 5) + 1);
  if (g_ascii_strncasecmp (address, "::ffff:", 7) == 0 && strchr (address, '.') != NULL)
    memmove (address, address + 7, strlen (address + 7) + 1);
  end = strchr (address, ':');
  if (end != NULL && strchr (address, '.') != NULL && end == strrchr (address, ':'))
    *end = '\0';
  /* A zone is nothing that anybody else could use. */
  if (strchr (address, '%') != NULL || !g_hostname_is_ip_address (address))
    return NULL;
  return g_steal_pointer (&address);
}

/* --- Comments --------------------------------------------------------------------------------- */

/* The word behind @mark in @text; it ends at a blank, a quotation mark or a parenthesis. */
static char *
word_behind (const char *mark)
{
  gsize length;

  while (is_blank (*mark))
    mark++;
  length = strcspn (mark, " \t\r\n\"()");
  return g_strndup (mark, length);
}

/* Cuts what the host said of itself out of @text and keeps it: what is left was found out by the
 * server. */
static void
take_helo (Parse *self, char *text)
{
  static const char *const marks[] = { "HELO ", "EHLO ", "LHLO ", "helo=" };

  for (guint i = 0; i < G_N_ELEMENTS (marks); i++)
    {
      for (char *at = text; *at != '\0'; at++)
        if (g_ascii_strncasecmp (at, marks[i], strlen (marks[i])) == 0
            && (at == text || is_blank (at[-1]) || at[-1] == '"'))
          {
            g_autofree char *word = word_behind (at + strlen (marks[i]));

            set_once (&self->out->helo, take_name (word));
            self->exim_like = TRUE;
            *at = '\0';
            return;
          }
    }
}

static gboolean
begins (const char *text, const char *with)
{
  return g_ascii_strncasecmp (text, with, strlen (with)) == 0;
}

static gboolean
is_doubted (const char *text)
{
  g_autofree char *lower = g_ascii_strdown (text, -1);

  return strstr (lower, "forged") != NULL || strstr (lower, "softdnserror") != NULL
         || strstr (lower, "not verified") != NULL || strstr (lower, "misconfigured") != NULL;
}

static void
keep_address (Parse *self, char *address)
{
  PfReceived *out = self->out;

  if (address != NULL && out->address != NULL && g_ascii_strcasecmp (address, out->address) != 0)
    out->doubtful = TRUE;
  set_once (&out->address, address);
}

/* A comment of the from clause: "name [address]", "[address]:port", "address", "ident@address". */
static void
from_comment (Parse *self, char *text)
{
  g_auto (GStrv) words = NULL;
  guint count;

  take_helo (self, text);
  g_strstrip (text);
  words = g_strsplit_set (text, " \t\r\n", -1);
  count = g_strv_length (words);
  for (guint i = 0; i < count; i++)
    {
      const char *bracket = strchr (words[i], '[');
      char *address =
          bracket != NULL ? take_address (bracket) : (count <= 2 ? take_address (words[i]) : NULL);
      g_autofree char *before = bracket != NULL && i == 0
                                    ? g_strndup (words[0], (gsize) (bracket - words[0]))
                                    : g_strdup (i > 0 ? words[0] : "");
      char *at = strrchr (before, '@');

      if (address == NULL)
        continue;
      if (bracket != NULL && begins (bracket + strcspn (bracket, "]"), "]:"))
        self->exim_like = TRUE;
      keep_address (self, address);
      if (self->name == NULL && !is_doubted (text))
        self->name = g_strdup (at != NULL ? at + 1 : before);
    }
}

static gboolean
tells_log_in (const char *text)
{
  return begins (text, "authenticated") || begins (text, "AUTH:") || begins (text, "account ")
         || begins (text, "auth=");
}

/* "(Postfix, from userid 33)", "(from www@localhost)", "(qmail 12 invoked by uid 33)": 0 and 89 are
 * qmail's own. */
static gboolean
tells_local (const char *text)
{
  const char *uid = strstr (text, "invoked by uid ");

  if (uid != NULL)
    return !g_str_equal (uid + 15, "0") && !g_str_equal (uid + 15, "89");
  return begins (text, "from ") || strstr (text, ", from userid ") != NULL;
}

static void
take_comment (Parse *self, char *text)
{
  g_strstrip (text);
  if (self->clause != CLAUSE_FROM && tells_local (text))
    self->out->local = TRUE;
  if (tells_log_in (text))
    self->out->authenticated = TRUE;
  if (begins (text, "fetchmail") || begins (text, "getmail"))
    self->out->fetched = TRUE;
  if (self->clause == CLAUSE_FROM)
    from_comment (self, text);
  else if (begins (text, "envelope-from ") || begins (text, "envelope-sender "))
    set_once (&self->out->sender, take_word (g_strstrip (strchr (text, ' '))));
  else if (self->clause != CLAUSE_NONE && begins (text, "Exim "))
    self->exim_like = TRUE;
}

/* --- Clauses ---------------------------------------------------------------------------------- */

static Clause
clause_of (const char *word)
{
  static const struct
  {
    const char *word;
    Clause clause;
  } table[] = {
    { "from", CLAUSE_FROM },
    { "by", CLAUSE_BY },
    { "via", CLAUSE_VIA },
    { "with", CLAUSE_WITH },
    { "id", CLAUSE_ID },
    { "for", CLAUSE_FOR },
    { "envelope-from", CLAUSE_SENDER },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    if (g_ascii_strcasecmp (word, table[i].word) == 0)
      return table[i].clause;
  return CLAUSE_NONE;
}

static void
take_value (Parse *self, const char *word)
{
  PfReceived *out = self->out;

  switch (self->clause)
    {
    case CLAUSE_FROM:
      self->token = g_strdup (word);
      break;
    case CLAUSE_BY:
      out->by = take_name (word);
      break;
    case CLAUSE_VIA:
      set_once (&out->via, take_word (word));
      break;
    case CLAUSE_WITH:
      set_once (&out->with, take_word (word));
      break;
    case CLAUSE_ID:
      set_once (&out->id, take_word (word));
      break;
    case CLAUSE_FOR:
      set_once (&out->recipient, take_word (word));
      break;
    case CLAUSE_SENDER:
      set_once (&out->sender, take_word (word));
      break;
    case CLAUSE_NONE:
    default:
      break;
    }
}

/* The word behind a clause's name is its value, whatever it is: a host may call itself "by". */
static void
take_token (Parse *self, const char *word)
{
  Clause next = self->clause == CLAUSE_NONE || self->words > 0 ? clause_of (word) : CLAUSE_NONE;

  if (next == CLAUSE_NONE)
    {
      if (self->words++ == 0)
        take_value (self, word);
      else if (self->clause == CLAUSE_FROM && *word == '[')
        keep_address (self, take_address (word));
      return;
    }
  if ((next == CLAUSE_FROM || next == CLAUSE_BY) && (self->seen & (1u << next)) != 0)
    self->out->doubtful = TRUE;
  /* A from behind a by is none of the writer's. */
  if (next == CLAUSE_FROM && (self->seen & (1u << CLAUSE_BY)) != 0)
    self->out->doubtful = TRUE;
  self->out->has_from |= next == CLAUSE_FROM;
  self->clause = (self->seen & (1u << next)) != 0 ? CLAUSE_NONE : next;
  self->seen |= 1u << next;
  self->words = 0;
}

/* (transfer full): the comment that begins at **@at, without its parentheses and quoting. */
static char *
read_comment (Parse *self, const char **at)
{
  GString *text = g_string_new (NULL);
  guint depth = 0;
  const char *p = *at;

  for (; *p != '\0'; p++)
    {
      if (*p == '\\' && p[1] != '\0')
        p++;
      else if (*p == '(' && depth++ == 0)
        continue;
      else if (*p == ')' && --depth == 0)
        break;
      g_string_append_c (text, *p);
    }
  if (*p == '\0')
    self->out->doubtful = TRUE;
  *at = *p == '\0' ? p : p + 1;
  return g_string_free (text, FALSE);
}

/* (transfer full): a word; what stands between < and >, or in quotation marks, belongs together. */
static char *
read_word (const char **at)
{
  const char *p = *at;
  char until = '\0';

  for (; *p != '\0'; p++)
    {
      if (until != '\0')
        until = *p == until ? '\0' : until;
      else if (*p == '<' || *p == '"')
        until = *p == '<' ? '>' : '"';
      else if (is_blank (*p) || *p == '(' || *p == ';')
        break;
    }
  {
    char *word = g_strndup (*at, (gsize) (p - *at));

    *at = p;
    return word;
  }
}

static void
read_tokens (Parse *self, const char *value)
{
  const char *p = value;

  while (*p != '\0' && *p != ';')
    {
      if (is_blank (*p))
        p++;
      else if (*p == '(')
        {
          g_autofree char *comment = read_comment (self, &p);

          take_comment (self, comment);
        }
      else
        {
          g_autofree char *word = read_word (&p);

          take_token (self, word);
        }
    }
}

/* --- What it means ---------------------------------------------------------------------------- */

static gboolean
is_known_name (const char *name)
{
  return name != NULL && *name != '\0' && g_ascii_strcasecmp (name, "unknown") != 0
         && g_ascii_strcasecmp (name, "<unknown>") != 0 && *name != '['
         && !g_hostname_is_ip_address (name);
}

/* Which of the names is the host's own word, and which was looked up. */
static void
settle_names (Parse *self)
{
  PfReceived *out = self->out;
  gboolean told = out->helo != NULL;

  if (self->token == NULL)
    return;
  if (is_known_name (self->name))
    out->hostname = take_name (self->name);
  else if (self->exim_like && out->address != NULL && is_known_name (self->token))
    out->hostname = take_name (self->token);
  /* "from [192.0.2.1] (helo=x)", "from 192.0.2.1 (EHLO x)", "from [192.0.2.1] by x via HTTP" */
  if (out->address == NULL && (told || out->http))
    out->address = take_address (self->token);
  if (out->helo == NULL && !out->http)
    out->helo = take_name (self->token);
}

static void
settle_protocol (PfReceived *out)
{
  g_autofree char *with = out->with != NULL ? g_ascii_strup (out->with, -1) : g_strdup ("");

  if (g_str_has_suffix (with, "SMTPA") || g_str_has_suffix (with, "SMTPSA")
      || g_str_equal (with, "ASMTP"))
    out->authenticated = TRUE;
  out->local |= g_str_equal (with, "LOCAL");
  out->fetched |= g_str_has_prefix (with, "POP3") || g_str_has_prefix (with, "IMAP");
  out->http = g_str_has_prefix (with, "HTTP") || (out->via != NULL && begins (out->via, "HTTP"));
}

PfReceived *
pf_received_parse (const char *value)
{
  PfReceived *out = g_new0 (PfReceived, 1);
  Parse self = { .out = out };

  if (strlen (value) > VALUE_MAX)
    {
      out->doubtful = TRUE;
      return out;
    }
  read_tokens (&self, value);
  settle_protocol (out);
  /* Exim writes its protocols small, and the one name it has verified in the host's own place. */
  self.exim_like |= out->with != NULL && begins (out->with, "esmtp") && out->with[0] == 'e';
  settle_names (&self);
  g_free (self.token);
  g_free (self.name);
  return out;
}

void
pf_received_free (PfReceived *received)
{
  g_free (received->helo);
  g_free (received->hostname);
  g_free (received->address);
  g_free (received->by);
  g_free (received->with);
  g_free (received->via);
  g_free (received->id);
  g_free (received->recipient);
  g_free (received->sender);
  g_free (received);
}
