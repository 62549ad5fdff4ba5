#include "protocol/imap-private.h"

#include "base/limits.h"

#include <string.h>

/* --- Status: OK, NO, BAD, BYE, PREAUTH -------------------------------------------------------- */

gboolean
pf_imap_parse_status (const char *word, PfImapStatus *status)
{
  static const char *const words[] = { "OK", "NO", "BAD", "BYE", "PREAUTH" };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_ascii_strcasecmp (word, words[i]) == 0)
      {
        *status = i;
        return TRUE;
      }
  return FALSE;
}

void
pf_imap_set_capabilities (PfImap *self, const char *list)
{
  g_auto (GStrv) words = g_strsplit (list, " ", PF_LIMIT_IMAP_CAPABILITIES + 1);

  g_hash_table_remove_all (self->capabilities);
  for (guint i = 0; words[i] != NULL && i < PF_LIMIT_IMAP_CAPABILITIES; i++)
    if (*words[i] != '\0')
      g_hash_table_add (self->capabilities, g_ascii_strup (words[i], -1));
  self->knows_capabilities = TRUE;
  self->capabilities_told = TRUE;
}

/* 0 for what is no number, or too large. */
static guint64
parse_number (const char *text, guint64 max)
{
  guint64 number = 0;

  return g_ascii_string_to_unsigned (text, 10, 0, max, &number, NULL) ? number : 0;
}

/* What a response code tells of the session or the folder. Unknown ones are ignored. */
static void
note_code (PfImap *self, const char *code, const char *arguments)
{
  if (strcmp (code, "CAPABILITY") == 0)
    pf_imap_set_capabilities (self, arguments);
  else if (strcmp (code, "UIDVALIDITY") == 0)
    {
      self->selected.uidvalidity = (guint32) parse_number (arguments, G_MAXUINT32);
      /* nz-number (RFC 9051 section 9), but iCloud was seen sending zero. */
      self->selected.has_uidvalidity =
          self->selected.uidvalidity != 0 || strcmp (arguments, "0") == 0;
    }
  else if (strcmp (code, "UIDNEXT") == 0)
    self->selected.uidnext = (guint32) parse_number (arguments, G_MAXUINT32);
  /* A modification sequence has 63 bits (RFC 7162 section 7). */
  else if (strcmp (code, "HIGHESTMODSEQ") == 0)
    self->selected.highestmodseq = parse_number (arguments, G_MAXINT64);
  else if (strcmp (code, "NOMODSEQ") == 0)
    self->selected.highestmodseq = 0;
  else if (strcmp (code, "PERMANENTFLAGS") == 0)
    {
      g_autofree char *lower = g_ascii_strdown (arguments, -1);

      self->selected.may_delete = strstr (lower, "\\deleted") != NULL;
    }
  else if (strcmp (code, "READ-ONLY") == 0)
    self->selected.read_only = TRUE;
  else if (strcmp (code, "READ-WRITE") == 0)
    self->selected.read_only = FALSE;
}

/* "[CODE arguments] text" behind a status word. */
void
pf_imap_read_text (PfImap *self, PfImapCursor *cursor, PfImapOwned *owned)
{
  g_autofree char *rest = NULL;
  const char *text, *end;

  pf_imap_cursor_skip_blanks (cursor);
  rest = pf_imap_cursor_rest (cursor);
  text = rest;
  if (*text == '[' && (end = strchr (text, ']')) != NULL)
    {
      const char *blank = memchr (text, ' ', (gsize) (end - text));

      /* "[PERMANENTFLAGS (\Seen a]b)]" does not happen; "]" in Gmail's flags does not matter
       * here. */
      owned->code = g_ascii_strup (text + 1, (blank != NULL ? blank : end) - text - 1);
      owned->arguments =
          blank != NULL ? g_strndup (blank + 1, (gsize) (end - blank - 1)) : g_strdup ("");
      note_code (self, owned->code, owned->arguments);
      for (text = end + 1; *text == ' '; text++)
        ;
    }
  owned->text = g_strndup (text, PF_LIMIT_SERVER_TEXT);
  owned->event.code = owned->code;
  owned->event.code_arguments = owned->arguments;
  owned->event.text = owned->text;
}

/* --- Tagged ----------------------------------------------------------------------------------- */

static PfImapPending *
find_sent (PfImap *self, guint tag)
{
  for (GList *l = self->sent.head; l != NULL; l = l->next)
    if (((PfImapPending *) l->data)->tag == tag)
      return l->data;
  return NULL;
}

/* What the success (or not) of a command changes. */
static void
note_result (PfImap *self, PfImapCommand command, PfImapStatus status)
{
  switch (command)
    {
    case PF_IMAP_AUTHENTICATE:
    case PF_IMAP_LOGIN:
      /* The list of before the log-in is void; some servers tell the new one with the OK, some
       * before it. */
      if (status == PF_IMAP_OK && !self->capabilities_told)
        pf_imap_forget_capabilities (self);
      break;
    case PF_IMAP_STARTTLS:
      self->starttls_done = status == PF_IMAP_OK;
      break;
    case PF_IMAP_COMPRESS:
      self->compress_done = status == PF_IMAP_OK;
      break;
    case PF_IMAP_IDLE:
      self->idling = FALSE;
      break;
    case PF_IMAP_LOGOUT:
      self->logged_out = TRUE;
      break;
    default:
      break;
    }
}

static gboolean
read_tagged (PfImap *self, PfImapCursor *cursor, const char *tag)
{
  guint64 number = 0;
  PfImapPending *pending;
  PfImapOwned *owned;
  PfImapStatus status;
  g_autofree char *word = NULL;

  if (tag[0] != 'A' || !g_ascii_string_to_unsigned (tag + 1, 10, 1, G_MAXUINT, &number, NULL)
      || (pending = find_sent (self, (guint) number)) == NULL)
    return pf_imap_poison (self, PF_FAULT_SYNTAX, "an answer to a command that was not given");
  pf_imap_cursor_skip_blanks (cursor);
  word = pf_imap_cursor_atom (cursor);
  if (word == NULL || !pf_imap_parse_status (word, &status) || status > PF_IMAP_BAD)
    return pf_imap_poison (self, PF_FAULT_SYNTAX,
                           "a tagged answer that is neither OK nor NO nor BAD");
  owned = pf_imap_push_event (self, PF_IMAP_EVENT_REPLY);
  owned->event.command = pending->command;
  owned->event.tag_number = pending->tag;
  owned->event.status = status;
  pf_imap_read_text (self, cursor, owned);
  note_result (self, pending->command, status);
  g_queue_remove (&self->sent, pending);
  pf_imap_pending_free (pending);
  self->answers++;
  pf_imap_release_commands (self);
  return TRUE;
}

/* --- Continuations ---------------------------------------------------------------------------- */

static gboolean
continue_authenticate (PfImap *self, PfImapPending *pending, PfImapCursor *cursor)
{
  PfImapOwned *owned;

  if (++pending->challenges > PF_LIMIT_SASL_CHALLENGES)
    return pf_imap_poison (self, PF_FAULT_LIMIT, "challenges without end");
  pending->owes_response = TRUE;
  if (pending->initial != NULL)
    {
      pf_imap_auth_respond (self, pending->initial);
      g_clear_pointer (&pending->initial, pf_output_wipe_string);
      return TRUE;
    }
  owned = pf_imap_push_event (self, PF_IMAP_EVENT_CHALLENGE);
  owned->event.command = PF_IMAP_AUTHENTICATE;
  owned->text = pf_imap_cursor_rest (cursor);
  g_strstrip (owned->text);
  owned->event.text = owned->text;
  if (strlen (owned->text) > PF_LIMIT_SASL_CHALLENGE)
    return pf_imap_poison (self, PF_FAULT_LIMIT, "a challenge that is too long");
  return TRUE;
}

static gboolean
read_continuation (PfImap *self, PfImapCursor *cursor)
{
  PfImapPending *pending = g_queue_peek_tail (&self->sent);

  pf_imap_cursor_skip_blanks (cursor);
  if (pending != NULL && pending->parts_sent < pending->parts->len)
    {
      PfOutput *part = pending->parts->pdata[pending->parts_sent++];

      pf_imap_send_raw (self, (const char *) part->data, (gssize) part->length);
      return TRUE;
    }
  if (pending != NULL && pending->command == PF_IMAP_AUTHENTICATE)
    return continue_authenticate (self, pending, cursor);
  if (pending != NULL && pending->command == PF_IMAP_IDLE && !self->idling)
    {
      self->idling = TRUE;
      pf_imap_push_event (self, PF_IMAP_EVENT_IDLING)->event.command = PF_IMAP_IDLE;
      if (self->done_wanted)
        pf_imap_idle_done (self);
      return TRUE;
    }
  return pf_imap_poison (self, PF_FAULT_SYNTAX, "a continuation that was not asked for");
}

/* --- Lines ------------------------------------------------------------------------------------ */

/* SELECT and EXAMINE are about another folder from here on. */
static void
forget_folder (PfImap *self)
{
  PfImapPending *pending = g_queue_peek_head (&self->sent);

  if (pending == NULL || (pending->command != PF_IMAP_SELECT && pending->command != PF_IMAP_EXAMINE)
      || pending->challenged)
    return;
  pending->challenged = TRUE;
  memset (&self->selected, 0, sizeof self->selected);
  self->selected.may_delete = TRUE;
  self->selected.read_only = pending->command == PF_IMAP_EXAMINE;
}

static gboolean
read_line (PfImap *self)
{
  PfImapCursor cursor;
  g_autofree char *tag = NULL;

  forget_folder (self);
  pf_imap_cursor_init (&cursor, pf_imap_framer_get_line (self->framer));
  tag = pf_imap_cursor_atom (&cursor);
  if (tag == NULL)
    return pf_imap_poison (self, PF_FAULT_SYNTAX, "an empty line");
  if (strcmp (tag, "*") == 0)
    return pf_imap_read_untagged (self, &cursor);
  if (!self->greeted)
    return pf_imap_poison (self, PF_FAULT_SYNTAX, "no greeting");
  if (strcmp (tag, "+") == 0)
    return read_continuation (self, &cursor);
  return read_tagged (self, &cursor, tag);
}

static gboolean
read_eof (PfImap *self)
{
  gboolean owed =
      !self->greeted || !g_queue_is_empty (&self->sent) || !pf_imap_framer_is_idle (self->framer);

  if (owed && !self->logged_out)
    return pf_imap_poison (self, PF_FAULT_EOF, "an answer is missing");
  self->over = TRUE;
  return FALSE;
}

/* --- Events ----------------------------------------------------------------------------------- */

static gboolean
pop_event (PfImap *self, PfImapEvent *event)
{
  g_clear_pointer (&self->current, pf_imap_owned_free);
  self->current = g_queue_pop_head (&self->events);
  if (self->current == NULL)
    return FALSE;
  *event = self->current->event;
  if (event->text == NULL)
    event->text = "";
  return TRUE;
}

static gboolean
tell_piece (PfImapEvent *event, PfImapEventType type, const PfImapPiece *piece)
{
  event->type = type;
  event->command = PF_IMAP_NONE;
  event->size = piece->size;
  event->data = piece->data;
  event->length = piece->length;
  return TRUE;
}

/* TRUE with an event; FALSE when there is none (yet). */
static gboolean
read_next (PfImap *self, PfImapEvent *event)
{
  PfImapPiece piece;

  while (!self->over && !self->starttls_done && !self->compress_done)
    if (self->search.part != PF_IMAP_SEARCH_OVER)
      {
        pf_imap_search_on (self);
        if (pop_event (self, event))
          return TRUE;
      }
    else
      switch (pf_imap_framer_next (self->framer, &piece))
        {
        case PF_IMAP_FRAME_BODY_BEGIN:
          return tell_piece (event, PF_IMAP_EVENT_BODY_BEGIN, &piece);
        case PF_IMAP_FRAME_BODY:
          return tell_piece (event, PF_IMAP_EVENT_BODY, &piece);
        case PF_IMAP_FRAME_BODY_END:
          return tell_piece (event, PF_IMAP_EVENT_BODY_END, &piece);
        case PF_IMAP_FRAME_LINE:
          read_line (self);
          if (pop_event (self, event))
            return TRUE;
          break;
        case PF_IMAP_FRAME_SYNTAX:
          return pf_imap_poison (self, PF_FAULT_SYNTAX, "octets that no answer holds");
        case PF_IMAP_FRAME_LIMIT:
          return pf_imap_poison (self, PF_FAULT_LIMIT, "a line or a literal that is too long");
        case PF_IMAP_FRAME_MORE:
        default:
          return self->eof ? read_eof (self) : FALSE;
        }
  return FALSE;
}

gboolean
pf_imap_next_event (PfImap *self, PfImapEvent *event)
{
  memset (event, 0, sizeof *event);
  event->text = "";
  if (pop_event (self, event) || read_next (self, event))
    return TRUE;
  if (self->fault == PF_FAULT_NONE || self->fault_told)
    return FALSE;
  self->fault_told = TRUE;
  memset (event, 0, sizeof *event);
  event->type = PF_IMAP_EVENT_FAULT;
  event->command = PF_IMAP_NONE;
  event->fault = self->fault;
  event->text = self->fault_text;
  return TRUE;
}
