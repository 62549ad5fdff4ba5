#include "retrieve/check-private.h"

#include "base/disk.h"
#include "base/step.h"

#include <string.h>

/* A mailbox that another session holds is tried again after so long, twice as long the next
 * time. */
#define IN_USE_MILLISECONDS 500
#define IN_USE_TRIES 2

/* Each step ends by beginning the next; all of them end in pf_check_settle(). */
static void lookup_secret (PfCheck *self);
static void probe_recipient (PfCheck *self);
static void load_journal (PfCheck *self);
static void open_session (PfCheck *self);
static void choose_folders (PfCheck *self);
static void next_folder (PfCheck *self);
static void close_session (PfCheck *self);

/* --- Before the connection -------------------------------------------------------------------- */

void
pf_check_start (PfCheck *self, PfSession *session)
{
  GError *error = NULL;

  g_return_if_fail (!self->started);
  if (self->state != PF_CHECK_RUNNING)
    {
      /* Cancelled while it waited for its turn. */
      g_clear_object (&session);
      return;
    }
  self->session = session;
  self->started = TRUE;
  g_object_ref (self); /* until pf_check_settle() */
  if (self->kind == PF_CHECK_KIND_TEST)
    pf_check_doctor_begin (self);
  else if (!pf_disk_check (self->parts.spool_directory, self->parts.settings->minimum_free_disk,
                           &error))
    pf_check_fail (self, error);
  else
    lookup_secret (self);
}

static void
on_secret (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PfCheck) self = user_data;
  GError *error = NULL;

  self->secret = pf_secrets_lookup_finish (PF_SECRETS (source), result, &error);
  if (pf_check_is_over (self))
    g_clear_error (&error);
  else if (error != NULL)
    pf_check_fail (self, error);
  else if (self->secret == NULL)
    pf_check_fail (self, g_error_new (PF_PROBLEM, PF_PROBLEM_NO_SECRET,
                                      "No password is stored. Set it with: postferry password %s",
                                      self->settings->address));
  else
    probe_recipient (self);
}

static void
lookup_secret (PfCheck *self)
{
  pf_secrets_lookup_async (self->parts.secrets, self->settings->address, PF_SECRET_PASSWORD,
                           on_secret, g_object_ref (self));
}

static void
on_probed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PfCheck) self = user_data;
  GError *error = NULL;

  if (!pf_target_probe_finish (PF_TARGET (source), result, &error))
    {
      pf_check_fail (self, error);
      return;
    }
  if (pf_check_is_over (self))
    return;
  g_hash_table_insert (self->recipients, g_strdup (self->settings->local_user),
                       GINT_TO_POINTER (1));
  load_journal (self);
}

static void
probe_recipient (PfCheck *self)
{
  pf_target_probe_async (self->parts.target, self->settings->local_user, self->cancellable,
                         on_probed, g_object_ref (self));
}

/* POP3's one mailbox is IMAP's INBOX: who changes Protocol= gets nothing twice. */
static const char *
inbox_of (PfProtocol protocol)
{
  return protocol == PF_PROTOCOL_POP3 ? "" : "INBOX";
}

static const char *
other_inbox (const PfCheck *self)
{
  return inbox_of (self->settings->protocol == PF_PROTOCOL_POP3 ? PF_PROTOCOL_IMAP
                                                                : PF_PROTOCOL_POP3);
}

static void
on_folders_seen (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PfCheck) self = user_data;
  GError *error = NULL;
  g_autoptr (GPtrArray) states = pf_journal_folders_finish (PF_JOURNAL (source), result, &error);

  if (states == NULL)
    {
      pf_check_fail (self, error);
      return;
    }
  self->folders_seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                              (GDestroyNotify) pf_folder_state_free);
  for (guint i = 0; i < states->len; i++)
    {
      const PfFolderState *state = states->pdata[i];
      gboolean other = strcmp (state->name, other_inbox (self)) == 0;
      const char *name = other ? inbox_of (self->settings->protocol) : state->name;

      /* What the other protocol's mailbox was called stands back behind this one's own. */
      if (!other || !g_hash_table_contains (self->folders_seen, name))
        g_hash_table_insert (self->folders_seen, g_strdup (name), pf_folder_state_copy (state));
    }
  if (!pf_check_is_over (self))
    open_session (self);
}

static void
on_rows (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PfCheck) self = user_data;
  GError *error = NULL;
  GPtrArray *rows = pf_journal_load_finish (PF_JOURNAL (source), result, &error);

  if (rows == NULL)
    {
      pf_check_fail (self, error);
      return;
    }
  self->ledger = pf_ledger_new (rows);
  pf_ledger_rename_folder (self->ledger, other_inbox (self), inbox_of (self->settings->protocol));
  if (!pf_check_is_over (self))
    pf_journal_folders_async (self->parts.journal, self->settings->address, on_folders_seen,
                              g_object_ref (self));
}

static void
load_journal (PfCheck *self)
{
  pf_journal_load_async (self->parts.journal, self->settings->address, on_rows,
                         g_object_ref (self));
}

/* --- The session ------------------------------------------------------------------------------ */

static void
on_milestone (PfSession *session, guint milestone, PfCheck *self)
{
  if (milestone == PF_SESSION_CONNECTED && !pf_check_is_over (self))
    pf_check_set_phase (self, PF_PHASE_AUTHENTICATING);
}

/* No folder was settled yet. */
static gboolean
expects_much (PfCheck *self)
{
  GHashTableIter iter;
  gpointer state;

  if (self->folders_seen == NULL) /* a test */
    return FALSE;
  g_hash_table_iter_init (&iter, self->folders_seen);
  while (g_hash_table_iter_next (&iter, NULL, &state))
    if (((PfFolderState *) state)->next_uid != 0)
      return FALSE;
  return TRUE;
}

void
pf_check_setup_session (PfCheck *self)
{
  const PfServiceSettings *limits = self->parts.settings;
  PfSessionSetup setup = {
    .settings = self->settings,
    .secret = self->secret,
    .connect_timeout = limits->connect_timeout,
    .reply_timeout = limits->reply_timeout,
    .command_timeout = limits->command_timeout,
    .max_message_size = limits->max_message_size,
    .expects_much = expects_much (self),
    .spool_directory = self->parts.spool_directory,
  };

  self->session = pf_session_new (&setup);
  g_signal_connect_object (self->session, "milestone", G_CALLBACK (on_milestone), self, 0);
}

static gboolean
on_in_use_timer (gpointer user_data)
{
  PfCheck *self = user_data;

  self->in_use_timer = 0;
  open_session (self);
  return G_SOURCE_REMOVE;
}

/* Many servers hold a mailbox for a moment after the last session broke off (specs 13): not worth
 * waiting for the next check. TRUE when it is tried again. */
static gboolean
wait_for_mailbox (PfCheck *self)
{
  if (pf_check_is_over (self) || !pf_session_found_in_use (self->session)
      || self->in_use_tries >= IN_USE_TRIES)
    return FALSE;
  self->in_use_timer =
      g_timeout_add (IN_USE_MILLISECONDS << self->in_use_tries, on_in_use_timer, self);
  self->in_use_tries++;
  return TRUE;
}

static void
on_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PfCheck) self = user_data;
  GError *error = NULL;

  if (pf_session_open_finish (PF_SESSION (source), result, &error))
    {
      if (!pf_check_is_over (self))
        choose_folders (self);
    }
  else if (wait_for_mailbox (self))
    g_error_free (error);
  else
    pf_check_fail (self, error);
}

static void
open_session (PfCheck *self)
{
  if (self->session != NULL && pf_session_is_open (self->session))
    {
      choose_folders (self);
      return;
    }
  g_clear_object (&self->session);
  pf_check_setup_session (self);
  pf_session_open_async (self->session, self->cancellable, on_opened, g_object_ref (self));
}

static void
on_folders (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PfCheck) self = user_data;
  GError *error = NULL;

  self->folders = pf_session_folders_finish (PF_SESSION (source), result, &error);
  if (self->folders == NULL)
    pf_check_fail (self, error);
  else if (!pf_check_is_over (self))
    {
      self->labels = self->provider->labels && self->folders->len > 1;
      next_folder (self);
    }
}

static void
choose_folders (PfCheck *self)
{
  pf_check_set_phase (self, PF_PHASE_LISTING);
  pf_session_folders_async (self->session, on_folders, g_object_ref (self));
}

/* --- Folder by folder ------------------------------------------------------------------------- */

static guint64
max_size (const PfCheck *self)
{
  guint64 general = self->parts.settings->max_message_size;
  guint64 own = self->settings->max_message_size;

  return own != 0 ? MIN (general, own) : general;
}

static void
make_plan (PfCheck *self)
{
  PfPlanInput input = {
    .settings = self->settings,
    .max_size = max_size (self),
    .limit = self->limit > 0 ? self->limit_left : G_MAXUINT,
    .part = self->provider->lists_part,
    .labels = self->labels,
    .first = !g_hash_table_contains (self->folders_seen, self->listing->folder),
    .by_person = self->by_person,
    .now = g_get_real_time (),
  };

  self->plan = pf_plan_make (self->ledger, self->listing, &input);
}

/* A name that no row of the journal has is new, or verified by content: fetched in either case. */
static gboolean
is_surely_new (const PfListed *listed, guint32 uidvalidity, gpointer user_data)
{
  PfCheck *self = user_data;
  const PfFolder *folder = self->folders->pdata[self->folder_index];

  return !pf_check_is_over (self) && *listed->uid != '\0' && listed->size <= max_size (self)
         && pf_ledger_find (self->ledger, folder->name, uidvalidity, listed->uid, 0) == NULL;
}

/* Where the plan needs the whole listing to choose, it is waited for. */
static gboolean
is_all_fetched (const PfCheck *self, const PfFolder *folder)
{
  return !self->explain && self->limit == 0
         && (self->settings->initial == PF_INITIAL_ALL
             || g_hash_table_contains (self->folders_seen, folder->name));
}

static void
on_listed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PfCheck) self = user_data;
  GError *error = NULL;
  PfListing *listing = pf_session_list_finish (PF_SESSION (source), result, &error);

  pf_session_set_foresight (PF_SESSION (source), NULL, NULL);
  if (listing == NULL)
    {
      pf_check_fail (self, error);
      return;
    }
  if (pf_check_is_over (self))
    {
      pf_listing_free (listing);
      return;
    }
  pf_step (PF_STEP_LISTED);
  g_clear_pointer (&self->plan, g_ptr_array_unref);
  g_clear_pointer (&self->listing, pf_listing_free);
  self->listing = listing;
  self->on_server += listing->messages->len + listing->unlisted;
  self->tally.known += listing->unlisted;
  make_plan (self);
  pf_check_fetch_begin (self);
}

/* (nullable): what is known of @folder, where only what is new in it needs to be listed. */
static const PfFolderState *
settled_state (PfCheck *self, const PfFolder *folder)
{
  const PfFolderState *state = g_hash_table_lookup (self->folders_seen, folder->name);

  if (self->explain || self->settings->protocol != PF_PROTOCOL_IMAP || state == NULL
      || strcmp (state->name, folder->name) != 0)
    return NULL;
  return pf_settled_holds (state, self->ledger, self->wanted, g_get_real_time ()) ? state : NULL;
}

/* All that there was to do in the folder is done: notes whether anything is left. */
static void
note_settled (PfCheck *self)
{
  const char *name = self->listing->folder;
  const PfFolderState *before = g_hash_table_lookup (self->folders_seen, name);
  g_autoptr (PfFolderState) after = NULL;

  if (self->explain || self->settings->protocol != PF_PROTOCOL_IMAP || self->problem != NULL)
    return;
  after = pf_settled_make (before, self->listing, self->plan, self->settings, self->wanted,
                           self->listed_at);
  if (after == NULL || !pf_settled_differs (before, after))
    return;
  pf_journal_put_folder (self->parts.journal, self->settings->address, after);
  g_hash_table_insert (self->folders_seen, g_strdup (name), g_steal_pointer (&after));
}

static void
next_folder (PfCheck *self)
{
  const PfFolder *folder;

  if (self->folder_index >= self->folders->len)
    {
      close_session (self);
      return;
    }
  folder = self->folders->pdata[self->folder_index];
  pf_check_set_phase (self, PF_PHASE_LISTING);
  if (is_all_fetched (self, folder))
    pf_session_set_foresight (self->session, is_surely_new, self);
  if (self->wanted == NULL)
    self->wanted = pf_settled_wanted (self->settings, max_size (self));
  self->listed_at = g_get_real_time ();
  pf_session_list_async (self->session, folder,
                         self->settings->remove != PF_REMOVE_NEVER && !self->explain,
                         settled_state (self, folder), on_listed, g_object_ref (self));
}

void
pf_check_folder_done (PfCheck *self)
{
  note_settled (self);
  self->folder_index++;
  next_folder (self);
}

/* --- The end ---------------------------------------------------------------------------------- */

/* The last command of a session was sent: what it showed and we took is hidden or gone now. */
static void
session_over (PfCheck *self)
{
  if (!pf_check_goes_on (self))
    {
      pf_check_settle (self);
      return;
    }
  g_clear_pointer (&self->folders, g_ptr_array_unref);
  self->folder_index = 0;
  self->on_server = 0;
  self->in_use_tries = 0;
  pf_check_set_phase (self, PF_PHASE_CONNECTING);
  open_session (self);
}

static gboolean
wants_to_listen (PfCheck *self)
{
  return self->settings->push && self->settings->enabled && !self->explain && !self->more
         && self->problem == NULL && pf_session_can_idle (self->session);
}

/* To listen one has to be in the first folder again; a check with one folder is. */
static gboolean
is_in_first_folder (PfCheck *self)
{
  return self->folders->len == 1;
}

static void
close_session (PfCheck *self)
{
  if (self->stuck)
    pf_check_note (
        self,
        g_error_new (
            PF_PROBLEM, PF_PROBLEM_MESSAGE_STUCK,
            "A message failed again and again and was set aside; it stays at the provider. See: postferry log %s",
            self->settings->address));
  if (!pf_session_is_open (self->session))
    session_over (self); /* POP3 after a removal */
  else if (self->settings->protocol == PF_PROTOCOL_POP3 && (self->uncommitted > 0 || self->explain))
    {
      /* Some providers count RETR and QUIT as taken. */
      pf_session_drop (self->session, NULL);
      pf_check_settle (self);
    }
  else if (wants_to_listen (self) && is_in_first_folder (self))
    pf_check_settle (self);
  else
    {
      g_autoptr (PfSession) session = g_steal_pointer (&self->session);

      pf_session_leave (session);
      session_over (self);
    }
}

void
pf_check_settle (PfCheck *self)
{
  if (self->state != PF_CHECK_RUNNING || self->in_flight > 0 || self->closing)
    return;
  g_clear_handle_id (&self->in_use_timer, g_source_remove);
  if (self->failed && !g_cancellable_is_cancelled (self->cancellable))
    g_cancellable_cancel (self->cancellable);
  pf_check_finish (self);
  if (self->started)
    g_object_unref (self);
}
