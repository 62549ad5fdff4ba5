#include "protocol/imap-private.h"

#include <string.h>

/* What a client may send without asking first where LITERAL- is offered (RFC 7888). */
#define LITERAL_MINUS 4096

/* --- Building a command ----------------------------------------------------------------------- */

static PfOutput *
new_part (PfImapPending *pending)
{
  PfOutput *part = g_new0 (PfOutput, 1);

  g_ptr_array_add (pending->parts, part);
  return part;
}

static PfImapPending *
begin_command (PfImap *self, PfImapCommand command, const char *text)
{
  PfImapPending *pending = pf_imap_pending_new (command, ++self->last_tag);
  PfOutput *part = new_part (pending);
  char tag[32];

  /* @text may hold a password: no other copy of it is made. */
  g_snprintf (tag, sizeof tag, "A%u ", pending->tag);
  pf_output_append (part, tag, strlen (tag));
  pf_output_append (part, text, strlen (text));
  return pending;
}

static guint
finish_command (PfImap *self, PfImapPending *pending)
{
  PfOutput *last = pending->parts->pdata[pending->parts->len - 1];

  pf_output_append (last, "\r\n", 2);
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
  PfOutput *part = pending->parts->pdata[pending->parts->len - 1];
  gboolean plain = TRUE, at_once;
  gsize length = strlen (value);
  char mark[32];

  for (gsize i = 0; i < length; i++)
    plain = plain && (guchar) value[i] >= ' ' && (guchar) value[i] < 0x7f;
  if (plain)
    {
      pf_output_append (part, " \"", 2);
      for (gsize i = 0; i < length; i++)
        {
          if (value[i] == '"' || value[i] == '\\')
            pf_output_append (part, "\\", 1);
          pf_output_append (part, &value[i], 1);
        }
      pf_output_append (part, "\"", 1);
      return;
    }
  /* Courier runs a literal it did not ask for as its next command: only where the server says that
   * it may come. */
  at_once = pf_imap_has_capability (self, "LITERAL+")
            || (pf_imap_has_capability (self, "LITERAL-") && length <= LITERAL_MINUS);
  g_snprintf (mark, sizeof mark, " {%" G_GSIZE_FORMAT "%s}\r\n", length, at_once ? "+" : "");
  pf_output_append (part, mark, strlen (mark));
  if (!at_once)
    part = new_part (pending);
  pf_output_append (part, value, length);
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

/* Each challenge is answered once, while the server waits for it: anything else it would take for a
 * command, and write a password into its log. */
static gboolean
take_challenge (PfImap *self)
{
  PfImapPending *pending = g_queue_peek_tail (&self->sent);

  if (pending == NULL || !pending->owes_response)
    return FALSE;
  pending->owes_response = FALSE;
  return TRUE;
}

gboolean
pf_imap_auth_respond (PfImap *self, const char *base64)
{
  if (!take_challenge (self))
    return FALSE;
  pf_imap_send_raw (self, base64, -1);
  pf_imap_send_raw (self, "\r\n", 2);
  return TRUE;
}

gboolean
pf_imap_auth_cancel (PfImap *self)
{
  return pf_imap_auth_respond (self, "*");
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
pf_imap_compress (PfImap *self)
{
  return simple_command (self, PF_IMAP_COMPRESS, "COMPRESS DEFLATE");
}

guint
pf_imap_list (PfImap *self, const char *pattern, gboolean special_use)
{
  PfImapPending *pending;

  if (!is_sendable (pattern))
    return 0;
  /* Servers tell the attributes unasked; asked for with RETURN only where LIST-EXTENDED makes that
   * legal. */
  pending = begin_command (self, PF_IMAP_LIST, "LIST \"\"");
  add_string (self, pending, pattern);
  if (special_use && pf_imap_has_capability (self, "LIST-EXTENDED"))
    {
      static const char returns[] = " RETURN (SPECIAL-USE)";

      pf_output_append (pending->parts->pdata[pending->parts->len - 1], returns,
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
pf_imap_uid_fetch_bodies (PfImap *self, const char *set)
{
  g_autofree char *text = g_strconcat ("UID FETCH ", set, " (UID BODY.PEEK[])", NULL);

  return simple_command (self, PF_IMAP_FETCH_BODIES, text);
}

guint
pf_imap_uid_store_deleted (PfImap *self, const char *set, gboolean add)
{
  g_autofree char *text =
      g_strconcat ("UID STORE ", set, add ? " +" : " -", "FLAGS.SILENT (\\Deleted)", NULL);

  return simple_command (self, PF_IMAP_STORE, text);
}

guint
pf_imap_uid_copy (PfImap *self, const char *set, const char *raw_name)
{
  g_autofree char *text = g_strconcat ("UID COPY ", set, NULL);

  return command_with_string (self, PF_IMAP_COPY, text, raw_name);
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
