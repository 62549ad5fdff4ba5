#include "filter/probe.h"
#include "retrieve/check-private.h"

/* The steps of a test, each told as it is done (DESIGN 9): name, TCP, TLS, log-in, folders,
 * delivery, scanners. The engine is the one that fetches. */

static void open_session (PfCheck *self);

/* Ends the test at the step that failed. Takes @error. */
static void
step_failed (PfCheck *self, const char *name, const char *mend, GError *error)
{
  if (!pf_check_is_over (self))
    pf_check_add_step (self, name, FALSE, error->message, mend);
  pf_check_fail (self, error);
}

/* --- Scanners --------------------------------------------------------------------------------- */

static void
on_closed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PfCheck) self = user_data;
  g_autoptr (GError) error = NULL;

  pf_session_close_finish (PF_SESSION (source), result, &error);
  self->closing = FALSE;
  pf_check_settle (self);
}

/* One scanner's step; none for one that is turned off. FALSE: its absence would hold mail up. */
static gboolean
tell_scanner (PfCheck *self, const char *name, const PfProbed *probed, const char *mend)
{
  g_autofree char *text = NULL;

  switch (probed->state)
    {
    case PF_PROBE_OFF:
      return TRUE;
    case PF_PROBE_REACHABLE:
      text = *probed->version != '\0' ? g_strdup_printf ("answers (%s)", probed->version)
                                      : g_strdup ("answers");
      break;
    case PF_PROBE_ABSENT:
      text = g_strdup ("there is none, and mail is delivered without it");
      break;
    case PF_PROBE_UNREACHABLE:
      break;
    }
  pf_check_add_step (self, name, text != NULL, text != NULL ? text : probed->error,
                     text == NULL ? mend : NULL);
  return text != NULL;
}

static void
on_scanners (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PfCheck) self = user_data;
  g_autoptr (PfProbe) probe = pf_probe_finish (result, NULL);
  gboolean spam = TRUE, virus = TRUE;

  if (probe == NULL || pf_check_is_over (self))
    return;
  if (self->settings->check_spam)
    spam = tell_scanner (self, "rspamd", &probe->rspamd,
                         "Start Rspamd, or do without it: postferry filter RspamdUrl=off");
  if (self->settings->check_virus)
    virus = tell_scanner (self, "clamd", &probe->clamd,
                          "Start clamd, or do without it: postferry filter ClamdSocket=off");
  /* Settings that are tried are not to blame. */
  if (self->account != NULL && (!spam || !virus))
    {
      pf_check_fail (self, g_error_new (PF_PROBLEM, PF_PROBLEM_SCANNER_UNAVAILABLE, "%s: %s",
                                        !virus ? "clamd" : "Rspamd",
                                        !virus ? probe->clamd.error : probe->rspamd.error));
      return;
    }
  self->closing = TRUE;
  pf_session_close_async (self->session, on_closed, g_object_ref (self));
}

/* --- Delivery --------------------------------------------------------------------------------- */

static void
on_probed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PfCheck) self = user_data;
  GError *error = NULL;
  g_autofree char *text = NULL;

  if (!pf_target_probe_finish (PF_TARGET (source), result, &error))
    {
      step_failed (self, "delivery", "Create the user, or set another LocalUser", error);
      return;
    }
  if (pf_check_is_over (self))
    return;
  text = g_strdup_printf ("%s can get mail (%s)", self->settings->local_user,
                          self->parts.settings->target);
  pf_check_add_step (self, "delivery", TRUE, text, NULL);
  pf_probe_async (self->parts.filter, self->cancellable, on_scanners, g_object_ref (self));
}

/* --- Folders ---------------------------------------------------------------------------------- */

static void list_next (PfCheck *self);

static void
on_listed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PfCheck) self = user_data;
  GError *error = NULL;
  PfListing *listing = pf_session_list_finish (PF_SESSION (source), result, &error);

  if (listing == NULL)
    {
      step_failed (self, "folders", "Correct Folders", error);
      return;
    }
  self->on_server += listing->messages->len;
  self->messages_total = self->on_server;
  for (guint i = 0; i < listing->messages->len; i++)
    self->octets_total += ((PfListed *) listing->messages->pdata[i])->size;
  pf_listing_free (listing);
  self->folder_index++;
  if (!pf_check_is_over (self))
    list_next (self);
}

static void
list_next (PfCheck *self)
{
  if (self->folder_index < self->folders->len)
    pf_session_list_async (self->session, self->folders->pdata[self->folder_index], FALSE, NULL,
                           on_listed, g_object_ref (self));
  else
    {
      g_autofree char *size = g_format_size (self->octets_total);
      g_autofree char *text = g_strdup_printf ("%u messages, %s, in %u folder(s)", self->on_server,
                                               size, self->folders->len);

      pf_check_add_step (self, "folders", TRUE, text, NULL);
      pf_target_probe_async (self->parts.target, self->settings->local_user, self->cancellable,
                             on_probed, g_object_ref (self));
    }
}

static void
on_folders (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PfCheck) self = user_data;
  GError *error = NULL;

  self->folders = pf_session_folders_finish (PF_SESSION (source), result, &error);
  if (self->folders == NULL)
    step_failed (self, "folders", "Correct Folders", error);
  else if (!pf_check_is_over (self))
    {
      pf_check_set_phase (self, PF_PHASE_LISTING);
      list_next (self);
    }
}

/* --- Connection ------------------------------------------------------------------------------- */

static void
on_milestone (PfSession *session, guint milestone, PfCheck *self)
{
  g_autofree char *text = NULL;
  const char *peer = pf_session_get_peer (session);

  if (pf_check_is_over (self))
    return;
  switch ((PfSessionMilestone) milestone)
    {
    case PF_SESSION_CONNECTED:
      text = g_strdup_printf ("connected to %s, port %u",
                              peer != NULL ? peer : self->settings->server, self->settings->port);
      pf_check_add_step (self, "tcp", TRUE, text, NULL);
      pf_check_set_phase (self, PF_PHASE_AUTHENTICATING);
      break;
    case PF_SESSION_SECURED:
      text = g_strdup_printf ("encrypted, the certificate is %s's", self->settings->server);
      pf_check_add_step (self, "tls", TRUE, text, NULL);
      break;
    case PF_SESSION_LOGGED_IN:
    default:
      text = g_strdup_printf ("logged in as %s", self->settings->user_name);
      pf_check_add_step (self, "login", TRUE, text, NULL);
      break;
    }
}

static const char *
failed_step (PfCheck *self, const GError *error)
{
  if (error->domain != PF_PROBLEM)
    return "tcp";
  switch ((PfProblemCode) error->code)
    {
    case PF_PROBLEM_TLS_FAILED:
    case PF_PROBLEM_CERTIFICATE_UNTRUSTED:
    case PF_PROBLEM_TLS_UNAVAILABLE:
      return "tls";
    case PF_PROBLEM_CREDENTIALS_REJECTED:
    case PF_PROBLEM_MECHANISM_UNAVAILABLE:
    case PF_PROBLEM_AUTHORIZATION_EXPIRED:
      return "login";
    default:
      return self->phase == PF_PHASE_CONNECTING ? "tcp" : "login";
    }
}

static const char *
mend_for (const GError *error)
{
  if (g_error_matches (error, PF_PROBLEM, PF_PROBLEM_CERTIFICATE_UNTRUSTED))
    return "If you know that this is the right server, set Certificate to the fingerprint told here";
  if (g_error_matches (error, PF_PROBLEM, PF_PROBLEM_CREDENTIALS_REJECTED))
    return "Check UserName and password; some providers want an app password";
  if (g_error_matches (error, PF_PROBLEM, PF_PROBLEM_CONNECTION_FAILED)
      || g_error_matches (error, PF_PROBLEM, PF_PROBLEM_TIMED_OUT))
    return "Check Server, Port and Security, and whether a firewall lies between";
  return "";
}

static void
on_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PfCheck) self = user_data;
  GError *error = NULL;

  if (!pf_session_open_finish (PF_SESSION (source), result, &error))
    step_failed (self, failed_step (self, error), mend_for (error), error);
  else if (!pf_check_is_over (self))
    pf_session_folders_async (self->session, on_folders, g_object_ref (self));
}

static void
open_session (PfCheck *self)
{
  pf_check_setup_session (self);
  g_signal_connect_object (self->session, "milestone", G_CALLBACK (on_milestone), self, 0);
  pf_session_open_async (self->session, self->cancellable, on_opened, g_object_ref (self));
}

/* --- Name ------------------------------------------------------------------------------------- */

static void
on_resolved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PfCheck) self = user_data;
  g_autoptr (GError) error = NULL;
  GList *addresses = g_resolver_lookup_by_name_finish (G_RESOLVER (source), result, &error);
  g_autofree char *first = NULL, *text = NULL;

  if (addresses == NULL)
    {
      if (!pf_check_is_over (self))
        step_failed (self, "name", "Check the name of the server, and this machine's DNS",
                     g_error_new (PF_PROBLEM, PF_PROBLEM_CONNECTION_FAILED, "%s has no address: %s",
                                  self->settings->server, error->message));
      return;
    }
  first = g_inet_address_to_string (addresses->data);
  text = g_strdup_printf ("%s is %s", self->settings->server, first);
  g_resolver_free_addresses (addresses);
  if (pf_check_is_over (self))
    return;
  pf_check_add_step (self, "name", TRUE, text, NULL);
  open_session (self);
}

static void
resolve (PfCheck *self)
{
  g_autoptr (GResolver) resolver = NULL;

  /* Behind a proxy the name is the proxy's to look up. */
  if (*self->settings->proxy != '\0')
    {
      open_session (self);
      return;
    }
  resolver = g_resolver_get_default ();
  g_resolver_lookup_by_name_async (resolver, self->settings->server, self->cancellable, on_resolved,
                                   g_object_ref (self));
}

static void
on_secret (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PfCheck) self = user_data;
  GError *error = NULL;

  self->secret = pf_secrets_lookup_finish (PF_SECRETS (source), result, &error);
  if (self->secret == NULL && error == NULL)
    error = g_error_new (PF_PROBLEM, PF_PROBLEM_NO_SECRET,
                         "No password is stored. Set it with: postferry password %s",
                         self->settings->address);
  if (error != NULL)
    step_failed (self, "secret", "Set the password", error);
  else if (!pf_check_is_over (self))
    resolve (self);
}

void
pf_check_doctor_begin (PfCheck *self)
{
  if (self->secret != NULL)
    resolve (self);
  else
    pf_secrets_lookup_async (self->parts.secrets, self->settings->address, PF_SECRET_PASSWORD,
                             on_secret, g_object_ref (self));
}
