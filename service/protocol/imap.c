#include "protocol/imap-private.h"

#include "base/limits.h"

#include <string.h>

/* --- Memory ----------------------------------------------------------------------------------- */

static void
free_part (gpointer data)
{
  pf_output_clear (data);
  g_free (data);
}

void
pf_imap_pending_free (gpointer data)
{
  PfImapPending *pending = data;

  g_ptr_array_unref (pending->parts);
  pf_output_wipe_string (pending->initial);
  g_free (pending);
}

PfImapPending *
pf_imap_pending_new (PfImapCommand command, guint tag)
{
  PfImapPending *pending = g_new0 (PfImapPending, 1);

  pending->command = command;
  pending->tag = tag;
  pending->parts = g_ptr_array_new_with_free_func (free_part);
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
  pf_output_clear (&self->output);
  g_hash_table_unref (self->capabilities);
  g_queue_clear_full (&self->sent, pf_imap_pending_free);
  g_queue_clear_full (&self->waiting, pf_imap_pending_free);
  g_queue_clear_full (&self->events, pf_imap_owned_free);
  pf_imap_owned_free (self->current);
  g_free (self->fault_text);
  g_free (self);
}

/* --- Events ----------------------------------------------------------------------------------- */

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

/* --- Sending ---------------------------------------------------------------------------------- */

static gboolean
is_barrier (PfImapCommand command)
{
  switch (command)
    {
    case PF_IMAP_STARTTLS:
    case PF_IMAP_COMPRESS:
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
  pf_output_append (&self->output, text, length < 0 ? strlen (text) : (gsize) length);
}

/* Whose answers could be taken for those of @last: they wait for each other. A folder may be opened
 * while ID and ENABLE are not answered yet, and be listed while it is being opened: where that
 * fails the server has nothing to list. */
static gboolean
must_wait (const PfImapPending *next, const PfImapPending *last)
{
  gboolean opens = next->command == PF_IMAP_SELECT || next->command == PF_IMAP_EXAMINE;

  if (last->parts_sent < last->parts->len)
    return TRUE;
  if (is_barrier (last->command))
    return next->command != PF_IMAP_FETCH_LISTING
           || (last->command != PF_IMAP_SELECT && last->command != PF_IMAP_EXAMINE);
  return is_barrier (next->command)
         && !(opens && (last->command == PF_IMAP_ID || last->command == PF_IMAP_ENABLE));
}

/* Moves to the output what may go now. */
void
pf_imap_release_commands (PfImap *self)
{
  while (!self->over && self->greeted && !g_queue_is_empty (&self->waiting))
    {
      PfImapPending *next = g_queue_peek_head (&self->waiting);
      PfImapPending *last = g_queue_peek_tail (&self->sent);
      PfOutput *part;

      if (last != NULL && must_wait (next, last))
        return;
      part = next->parts->pdata[0];
      pf_imap_send_raw (self, (const char *) part->data, (gssize) part->length);
      next->parts_sent = 1;
      /* The list of before a log-in is void after it, unless it is told anew from here on. */
      if (next->command == PF_IMAP_AUTHENTICATE || next->command == PF_IMAP_LOGIN)
        self->capabilities_told = FALSE;
      g_queue_push_tail (&self->sent, g_queue_pop_head (&self->waiting));
    }
}

/* --- What is known ---------------------------------------------------------------------------- */

/* What IMAP4rev2 has without saying so (RFC 9051 appendix E), as far as it matters here. */
static gboolean
is_in_rev2 (const char *key)
{
  static const char *const names[] = { "ENABLE",      "ESEARCH", "IDLE",     "LITERAL-", "SASL-IR",
                                       "SPECIAL-USE", "UIDPLUS", "UNSELECT", NULL };

  return g_strv_contains (names, key);
}

gboolean
pf_imap_has_capability (PfImap *self, const char *name)
{
  g_autofree char *key = g_ascii_strup (name, -1);

  return g_hash_table_contains (self->capabilities, key)
         || (is_in_rev2 (key) && g_hash_table_contains (self->capabilities, "IMAP4REV2"));
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
  /* On a connection that is given up nothing more counts, however much of it was read. */
  gboolean injected = self->over || pf_imap_framer_get_left (self->framer) > 0;

  pf_imap_framer_reset (self->framer);
  self->starttls_done = FALSE;
  pf_imap_forget_capabilities (self);
  return injected;
}

GBytes *
pf_imap_compress_started (PfImap *self)
{
  self->compress_done = FALSE;
  return pf_imap_framer_take_left (self->framer);
}

/* --- For the pump ----------------------------------------------------------------------------- */

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

  return self->over ? NULL : pf_output_take (&self->output);
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
