#include "protocol/imap-private.h"

#include "base/limits.h"

#include <string.h>

/* What a client may send without asking first where LITERAL- is offered (RFC 7888). */
#define LITERAL_MINUS 4096

/* --- Memory ------------------------------------------------------------------------------------------------------ */

static void
wipe_array (gpointer data)
{
  GByteArray *array = data;

  explicit_bzero (array->data, array->len);
  g_byte_array_unref (array);
}

void
pf_imap_pending_free (gpointer data)
{
  PfImapPending *pending = data;

  g_ptr_array_unref (pending->parts);
  if (pending->initial != NULL)
    explicit_bzero (pending->initial, strlen (pending->initial));
  g_free (pending->initial);
  g_free (pending);
}

static PfImapPending *
pending_new (PfImapCommand command, guint tag)
{
  PfImapPending *pending = g_new0 (PfImapPending, 1);

  pending->command = command;
  pending->tag = tag;
  pending->parts = g_ptr_array_new_with_free_func (wipe_array);
  return pending;
}

void
pf_imap_owned_free (gpointer data)
{
  PfImapOwned *owned = data;

  if (owned == NULL)
    return;
  g_free (owned->code);
  g_free (owned->arguments);
  g_free (owned->text);
  g_free (owned->raw_name);
  g_strfreev (owned->attributes);
  g_free (owned->data);
  g_free (owned);
}

PfImap *
pf_imap_new (void)
{
  PfImap *self = g_new0 (PfImap, 1);

  self->framer = pf_imap_framer_new ();
  self->output = g_byte_array_new ();
  self->capabilities = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_queue_init (&self->sent);
  g_queue_init (&self->waiting);
  g_queue_init (&self->events);
  return self;
}

void
pf_imap_free (PfImap *self)
{
  if (self == NULL)
    return;
  pf_imap_framer_free (self->framer);
  wipe_array (self->output);
  g_hash_table_unref (self->capabilities);
  g_queue_clear_full (&self->sent, pf_imap_pending_free);
  g_queue_clear_full (&self->waiting, pf_imap_pending_free);
  g_queue_clear_full (&self->events, pf_imap_owned_free);
  pf_imap_owned_free (self->current);
  g_free (self->fault_text);
  g_free (self);
}

/* --- Events -------------------------------------------------------------------------------------------------------- */

PfImapOwned *
pf_imap_push_event (PfImap *self, PfImapEventType type)
{
  PfImapOwned *owned = g_new0 (PfImapOwned, 1);

  owned->event.type = type;
  owned->event.command = PF_IMAP_NONE;
  g_queue_push_tail (&self->events, owned);
  return owned;
}

gboolean
pf_imap_poison (PfImap *self, PfFault fault, const char *text)
{
  if (self->fault == PF_FAULT_NONE)
    {
      self->fault = fault;
      self->fault_text = g_strdup (text);
    }
  self->over = TRUE;
  return FALSE;
}

/* --- Sending ------------------------------------------------------------------------------------------------------- */

static gboolean
is_barrier (PfImapCommand command)
{
  switch (command)
    {
    case PF_IMAP_STARTTLS:
    case PF_IMAP_AUTHENTICATE:
    case PF_IMAP_LOGIN:
    case PF_IMAP_SELECT:
    case PF_IMAP_EXAMINE:
    case PF_IMAP_UNSELECT:
    case PF_IMAP_IDLE:
    case PF_IMAP_LOGOUT:
      return TRUE;
    default:
      return FALSE;
    }
}

void
pf_imap_send_raw (PfImap *self, const char *text, gssize length)
{
  if (self->over)
    return;
  g_byte_array_append (self->output, (const guint8 *) text,
                       (guint) (length < 0 ? (gssize) strlen (text) : length));
}

/* Moves to the output what may go now. */
void
pf_imap_release_commands (PfImap *self)
{
  while (!self->over && self->greeted && !g_queue_is_empty (&self->waiting))
    {
      PfImapPending *next = g_queue_peek_head (&self->waiting);
      PfImapPending *last = g_queue_peek_tail (&self->sent);
      GByteArray *part;

      if (last != NULL
          && (is_barrier (next->command) || is_barrier (last->command)
              || last->parts_sent < last->parts->len))
        return;
      part = next->parts->pdata[0];
      pf_imap_send_raw (self, (const char *) part->data, part->len);
      next->parts_sent = 1;
      /* The list of before a log-in is void after it, unless it is told anew from here on. */
      if (next->command == PF_IMAP_AUTHENTICATE || next->command == PF_IMAP_LOGIN)
        self->capabilities_told = FALSE;
      g_queue_push_tail (&self->sent, g_queue_pop_head (&self->waiting));
    }
}

static GByteArray *
new_part (PfImapPending *pending)
{
  GByteArray *part = g_byte_array_new ();

  g_ptr_array_add (pending->parts, part);
  return part;
}

static PfImapPending *
begin_command (PfImap *self, PfImapCommand command, const char *text)
{
  PfImapPending *pending = pending_new (command, ++self->last_tag);
  g_autofree char *head = g_strdup_printf ("A%u %s", pending->tag, text);

  g_byte_array_append (new_part (pending), (const guint8 *) head, (guint) strlen (head));
  return pending;
}

static guint
finish_command (PfImap *self, PfImapPending *pending)
{
  GByteArray *last = pending->parts->pdata[pending->parts->len - 1];

  g_byte_array_append (last, (const guint8 *) "\r\n", 2);
  g_queue_push_tail (&self->waiting, pending);
  pf_imap_release_commands (self);
  return pending->tag;
}

static guint
simple_command (PfImap *self, PfImapCommand command, const char *text)
{
  return finish_command (self, begin_command (self, command, text));
}

/* A blank and @value as quoted string, or as literal where it has 8-bit octets. */
static void
add_string (PfImap *self, PfImapPending *pending, const char *value)
{
  GByteArray *part = pending->parts->pdata[pending->parts->len - 1];
  gboolean plain = TRUE, at_once;
  gsize length = strlen (value);
  char mark[32];

  for (gsize i = 0; i < length; i++)
    plain = plain && (guchar) value[i] >= ' ' && (guchar) value[i] < 0x7f;
  if (plain)
    {
      g_byte_array_append (part, (const guint8 *) " \"", 2);
      for (gsize i = 0; i < length; i++)
        {
          if (value[i] == '"' || value[i] == '\\')
            g_byte_array_append (part, (const guint8 *) "\\", 1);
          g_byte_array_append (part, (const guint8 *) &value[i], 1);
        }
      g_byte_array_append (part, (const guint8 *) "\"", 1);
      return;
    }
  /* Courier runs a literal it did not ask for as its next command: only where the server says that it may come. */
  at_once = pf_imap_has_capability (self, "LITERAL+")
            || (pf_imap_has_capability (self, "LITERAL-") && length <= LITERAL_MINUS);
  g_snprintf (mark, sizeof mark, " {%" G_GSIZE_FORMAT "%s}\r\n", length, at_once ? "+" : "");
  g_byte_array_append (part, (const guint8 *) mark, (guint) strlen (mark));
  if (!at_once)
    part = new_part (pending);
  g_byte_array_append (part, (const guint8 *) value, (guint) length);
}

static gboolean
is_sendable (const char *argument)
{
  return strpbrk (argument, "\r\n") == NULL;
}

static guint
command_with_string (PfImap *self, PfImapCommand command, const char *name, const char *argument)
{
  PfImapPending *pending;

  if (!is_sendable (argument))
    return 0;
  pending = begin_command (self, command, name);
  add_string (self, pending, argument);
  return finish_command (self, pending);
}

guint
pf_imap_capability (PfImap *self)
{
  return simple_command (self, PF_IMAP_CAPABILITY, "CAPABILITY");
}

guint
pf_imap_starttls (PfImap *self)
{
  return simple_command (self, PF_IMAP_STARTTLS, "STARTTLS");
}

guint
pf_imap_authenticate (PfImap *self, const char *mechanism, const char *initial)
{
  gboolean at_once = initial != NULL && pf_imap_has_capability (self, "SASL-IR");
  char *text = at_once ? g_strconcat ("AUTHENTICATE ", mechanism, " ",
                                      *initial != '\0' ? initial : "=", NULL)
                       : g_strconcat ("AUTHENTICATE ", mechanism, NULL);
  PfImapPending *pending = begin_command (self, PF_IMAP_AUTHENTICATE, text);

  explicit_bzero (text, strlen (text));
  g_free (text);
  if (initial != NULL && !at_once)
    pending->initial = g_strdup (initial);
  return finish_command (self, pending);
}

void
pf_imap_auth_respond (PfImap *self, const char *base64)
{
  pf_imap_send_raw (self, base64, -1);
  pf_imap_send_raw (self, "\r\n", 2);
}

void
pf_imap_auth_cancel (PfImap *self)
{
  pf_imap_send_raw (self, "*\r\n", 3);
}

guint
pf_imap_login (PfImap *self, const char *user, const char *password)
{
  PfImapPending *pending;

  if (!is_sendable (user) || !is_sendable (password))
    return 0;
  pending = begin_command (self, PF_IMAP_LOGIN, "LOGIN");
  add_string (self, pending, user);
  add_string (self, pending, password);
  return finish_command (self, pending);
}

guint
pf_imap_id (PfImap *self, const char *version)
{
  g_autofree char *text =
      g_strdup_printf ("ID (\"name\" \"Postferry\" \"version\" \"%s\")", version);

  return simple_command (self, PF_IMAP_ID, text);
}

guint
pf_imap_enable (PfImap *self, const char *names)
{
  g_autofree char *text = g_strconcat ("ENABLE ", names, NULL);

  return simple_command (self, PF_IMAP_ENABLE, text);
}

guint
pf_imap_list (PfImap *self, const char *pattern, gboolean special_use)
{
  PfImapPending *pending;

  if (!is_sendable (pattern))
    return 0;
  /* Servers tell the attributes unasked; asked for with RETURN only where LIST-EXTENDED makes that legal. */
  pending = begin_command (self, PF_IMAP_LIST, "LIST \"\"");
  add_string (self, pending, pattern);
  if (special_use && pf_imap_has_capability (self, "LIST-EXTENDED"))
    {
      static const char returns[] = " RETURN (SPECIAL-USE)";

      g_byte_array_append (pending->parts->pdata[pending->parts->len - 1], (const guint8 *) returns,
                           sizeof returns - 1);
    }
  self->folders = 0;
  return finish_command (self, pending);
}

guint
pf_imap_select (PfImap *self, const char *raw_name)
{
  return command_with_string (self, PF_IMAP_SELECT, "SELECT", raw_name);
}

guint
pf_imap_examine (PfImap *self, const char *raw_name)
{
  return command_with_string (self, PF_IMAP_EXAMINE, "EXAMINE", raw_name);
}

guint
pf_imap_unselect (PfImap *self)
{
  return simple_command (self, PF_IMAP_UNSELECT, "UNSELECT");
}

guint
pf_imap_uid_search (PfImap *self, const char *criteria)
{
  g_autofree char *text = g_strconcat ("UID SEARCH ", criteria, NULL);

  return simple_command (self, PF_IMAP_SEARCH, text);
}

guint
pf_imap_uid_fetch_listing (PfImap *self, const char *set)
{
  g_autofree char *text =
      g_strconcat ("UID FETCH ", set, " (UID FLAGS RFC822.SIZE INTERNALDATE)", NULL);

  return simple_command (self, PF_IMAP_FETCH_LISTING, text);
}

guint
pf_imap_uid_fetch_body (PfImap *self, guint32 uid)
{
  g_autofree char *text = g_strdup_printf ("UID FETCH %u (UID BODY.PEEK[])", uid);

  return simple_command (self, PF_IMAP_FETCH_BODY, text);
}

guint
pf_imap_uid_store_deleted (PfImap *self, const char *set, gboolean add)
{
  g_autofree char *text =
      g_strconcat ("UID STORE ", set, add ? " +" : " -", "FLAGS.SILENT (\\Deleted)", NULL);

  return simple_command (self, PF_IMAP_STORE, text);
}

guint
pf_imap_uid_expunge (PfImap *self, const char *set)
{
  g_autofree char *text = g_strconcat ("UID EXPUNGE ", set, NULL);

  return simple_command (self, PF_IMAP_EXPUNGE, text);
}

guint
pf_imap_expunge (PfImap *self)
{
  return simple_command (self, PF_IMAP_EXPUNGE, "EXPUNGE");
}

guint
pf_imap_noop (PfImap *self)
{
  return simple_command (self, PF_IMAP_NOOP, "NOOP");
}

guint
pf_imap_idle (PfImap *self)
{
  self->done_wanted = self->done_sent = FALSE;
  return simple_command (self, PF_IMAP_IDLE, "IDLE");
}

void
pf_imap_idle_done (PfImap *self)
{
  self->done_wanted = TRUE;
  if (!self->idling || self->done_sent)
    return;
  self->done_sent = TRUE;
  pf_imap_send_raw (self, "DONE\r\n", -1);
}

guint
pf_imap_logout (PfImap *self)
{
  return simple_command (self, PF_IMAP_LOGOUT, "LOGOUT");
}

/* --- What is known ---------------------------------------------------------------------------------------------------- */

gboolean
pf_imap_has_capability (PfImap *self, const char *name)
{
  g_autofree char *key = g_ascii_strup (name, -1);

  return g_hash_table_contains (self->capabilities, key);
}

gboolean
pf_imap_knows_capabilities (PfImap *self)
{
  return self->knows_capabilities;
}

void
pf_imap_forget_capabilities (PfImap *self)
{
  g_hash_table_remove_all (self->capabilities);
  self->knows_capabilities = FALSE;
}

char *
pf_imap_get_mechanisms (PfImap *self)
{
  GString *names = g_string_new (NULL);
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, self->capabilities);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    if (g_str_has_prefix (key, "AUTH="))
      g_string_append_printf (names, "%s%s", names->len > 0 ? " " : "",
                              (const char *) key + strlen ("AUTH="));
  return g_string_free (names, FALSE);
}

const PfImapSelected *
pf_imap_get_selected (PfImap *self)
{
  return &self->selected;
}

gboolean
pf_imap_tls_started (PfImap *self)
{
  gboolean injected = pf_imap_framer_get_left (self->framer) > 0;

  pf_imap_framer_reset (self->framer);
  self->starttls_done = FALSE;
  pf_imap_forget_capabilities (self);
  return injected;
}

/* --- For the pump -------------------------------------------------------------------------------------------------------- */

static void
feed (gpointer machine, const guint8 *data, gsize length)
{
  PfImap *self = machine;

  if (!self->over)
    pf_imap_framer_feed (self->framer, data, length);
}

static void
feed_eof (gpointer machine)
{
  ((PfImap *) machine)->eof = TRUE;
}

static GBytes *
take_output (gpointer machine)
{
  PfImap *self = machine;
  GByteArray *output = self->output;

  if (output->len == 0 || self->over)
    return NULL;
  self->output = g_byte_array_new ();
  return g_byte_array_free_to_bytes (output);
}

static gboolean
expects_answer (gpointer machine)
{
  PfImap *self = machine;

  if (self->over)
    return FALSE;
  if (!self->greeted)
    return TRUE;
  return !g_queue_is_empty (&self->sent) && !(self->idling && !self->done_sent);
}

static guint64
answers (gpointer machine)
{
  return ((PfImap *) machine)->answers;
}

const PfMachineClass pf_imap_machine = {
  .feed = feed,
  .feed_eof = feed_eof,
  .take_output = take_output,
  .expects_answer = expects_answer,
  .answers = answers,
};
