#include "filter/envelope.h"

#include "base/limits.h"
#include "filter/hosts.h"
#include "protocol/address.h"
#include "protocol/header.h"
#include "protocol/received.h"

#include <string.h>

typedef enum
{
  STEP_INNER,  /* from one host of the provider to the next: go on */
  STEP_BORDER, /* this is the line */
  STEP_BLIND,  /* the border's line, but without a usable address */
  STEP_RELAY,  /* a relay that the account trusts: go on in its name */
  STEP_END,    /* go no further; why is told */
} Step;

/* The walk from the top of the header down to the border. */
typedef struct
{
  const PfEnvelopeSource *source;
  const PfBorder *border; /* NULL: the provider is not known */
  char *domain; /* of the unknown provider's or the relay's hosts; NULL: not known either */
  gboolean relayed;
  guint hops; /* trace lines of the provider so far */
  const char *why;
  char *return_path; /* above the line */
  char *origin;      /* address by the provider's own fields above the line */
  char *origin_sender;
  PfReceived *line; /* the border's */
} Walk;

/* --- Whose host ------------------------------------------------------------------------------- */

/* Names alone: who can vouch for @name is for the caller to know. */
static gboolean
is_own_name (Walk *self, const char *name)
{
  if (name == NULL)
    return FALSE;
  if (self->domain != NULL && pf_host_is_below (name, self->domain))
    return TRUE;
  for (guint i = 0; self->border != NULL && !self->relayed && self->border->own[i] != NULL; i++)
    if (pf_host_is_below (name, self->border->own[i]))
      return TRUE;
  return FALSE;
}

static gboolean
is_own_address (Walk *self, const char *address)
{
  for (guint i = 0; self->border != NULL && !self->relayed && self->border->networks[i] != NULL;
       i++)
    if (pf_host_is_in_network (address, self->border->networks[i]))
      return TRUE;
  return FALSE;
}

static gboolean
is_border_name (Walk *self, const char *name)
{
  return self->border != NULL && !self->relayed && name != NULL
         && pf_border_matches (self->border->border, name);
}

/* A name within a house: no domain of the Internet. */
static gboolean
is_local_name (const char *name)
{
  g_autofree char *registrable = pf_host_registrable (name);

  return registrable == NULL && !g_hostname_is_ip_address (name);
}

/* Does the line come from the provider? Above the border every line does; this is to notice its
 * end. */
static gboolean
is_written_by_own (Walk *self, const PfReceived *hop)
{
  if (hop->by == NULL)
    return TRUE;
  if (is_border_name (self, hop->by) || is_own_name (self, hop->by) || is_local_name (hop->by))
    return TRUE;
  return g_hostname_is_ip_address (hop->by)
         && (!pf_host_is_public (hop->by) || is_own_address (self, hop->by));
}

static gboolean
is_trusted_relay (Walk *self, const PfReceived *hop)
{
  const char *const *relays = self->source->trusted_relays;

  for (guint i = 0; relays != NULL && relays[i] != NULL; i++)
    if (pf_host_is_in_network (hop->address, relays[i])
        || (hop->hostname != NULL && pf_host_is_below (hop->hostname, relays[i])))
      return TRUE;
  return FALSE;
}

/* A name that was made from the address: a customer's line, not a server of the house. */
static gboolean
is_made_from_address (const char *name, const char *address)
{
  g_auto (GStrv) parts = g_strsplit_set (address, ".:", -1);
  guint found = 0;

  for (guint i = 0; parts[i] != NULL; i++)
    found += *parts[i] != '\0' && strstr (name, parts[i]) != NULL;
  return found >= 3;
}

/* --- One line --------------------------------------------------------------------------------- */

static Step
end (Walk *self, const char *why)
{
  self->why = why;
  return STEP_END;
}

/* Without an address it is a hand-over within the house, where nobody from outside could have
 * written the name. */
static Step
judge_without_address (Walk *self, const PfReceived *hop)
{
  if (is_border_name (self, hop->by) && !is_own_name (self, hop->helo))
    return STEP_BLIND;
  if (hop->http)
    return end (self, "The message was sent by a user of the same provider.");
  if (is_own_name (self, hop->helo) || hop->helo == NULL || is_local_name (hop->helo))
    return STEP_INNER;
  return end (self, "A trace line names no address, and not a host of the provider.");
}

static Step
judge_private (Walk *self, const PfReceived *hop)
{
  /* A gateway that repeats what the host outside called itself: whose address that was, is lost. */
  if (!hop->http && hop->helo != NULL && !is_local_name (hop->helo)
      && !g_hostname_is_ip_address (hop->helo) && !is_own_name (self, hop->helo))
    return end (self, "A gateway before the provider's server hides the address.");
  return STEP_INNER;
}

static Step
judge_own (Walk *self, const PfReceived *hop)
{
  if (is_border_name (self, hop->by))
    return end (self, "The message was sent by a user of the same provider.");
  if (self->border != NULL && !self->relayed)
    return STEP_INNER;
  /* Customers of a house may have names in its domain: only what is called by its own name is a
   * server. */
  if (hop->helo != NULL && hop->hostname != NULL
      && g_ascii_strcasecmp (hop->helo, hop->hostname) == 0
      && !is_made_from_address (hop->hostname, hop->address))
    return STEP_INNER;
  return end (self, "The message came from a host in the provider's own domain.");
}

static Step
judge_foreign (Walk *self, const PfReceived *hop)
{
  if (is_trusted_relay (self, hop))
    return STEP_RELAY;
  if (self->border != NULL && !self->relayed)
    return is_border_name (self, hop->by)
               ? STEP_BORDER
               : end (self,
                      "An inner host of the provider names one that is not known as its own.");
  if (self->domain == NULL || !is_own_name (self, hop->by))
    return end (self, "It is not known which hosts are the provider's.");
  /* It says that it is of the house, and nobody looked it up. */
  if (hop->hostname == NULL && is_own_name (self, hop->helo))
    return end (self, "A host calls itself one of the provider's, and its address does not tell.");
  return STEP_BORDER;
}

static Step
judge (Walk *self, const PfReceived *hop)
{
  if (hop->doubtful)
    return end (self, "A trace line cannot be read without doubt.");
  if (hop->fetched)
    return STEP_INNER;
  if (!is_written_by_own (self, hop))
    return end (self, "The provider wrote no line about where the message came from.");
  if (hop->authenticated
      || (self->border != NULL && hop->by != NULL && !is_border_name (self, hop->by)
          && pf_border_matches (self->border->submission, hop->by)))
    return end (self, "The message was sent by a user of the same provider.");
  if (hop->local)
    return end (self, "The message began, or began anew, in a program on the provider's server.");
  if (!hop->has_from)
    return STEP_INNER;
  if (hop->address == NULL)
    return judge_without_address (self, hop);
  if (!pf_host_is_public (hop->address) && !is_own_address (self, hop->address))
    return judge_private (self, hop);
  if (is_own_address (self, hop->address) || is_own_name (self, hop->hostname))
    return judge_own (self, hop);
  if (hop->http)
    return end (self, "The message was sent by a user of the same provider.");
  return judge_foreign (self, hop);
}

/* --- The provider's own results, above the line ----------------------------------------------- */

/* (transfer full) (nullable): the value of @key in a Received-SPF field. */
static char *
spf_value (const char *text, const char *key)
{
  const char *at = strstr (text, key);
  g_autofree char *value = NULL;

  if (at == NULL)
    return NULL;
  at += strlen (key);
  value = g_strndup (at, strcspn (at, "; \t"));
  if (value[0] == '"' || value[0] == '<')
    {
      value[strlen (value) - 1] = '\0';
      return g_strdup (value + 1);
    }
  return g_steal_pointer (&value);
}

/* "pass (google.com: domain of ...) client-ip=...": by whom it is, stands behind receiver= or the
 * parenthesis. */
static void
take_spf (Walk *self, const char *text)
{
  const char *comment = strchr (text, '(');
  g_autofree char *receiver = spf_value (text, "receiver=");
  g_autofree char *writer =
      comment != NULL ? g_strndup (comment + 1, strcspn (comment + 1, ":) ")) : g_strdup ("");

  if (self->border == NULL
      || !pf_border_matches (self->border->results, receiver != NULL ? receiver : writer))
    return;
  if (self->origin != NULL || strstr (text, "client-ip=") == NULL)
    return;
  self->origin = spf_value (text, "client-ip=");
  g_free (self->origin_sender);
  self->origin_sender = spf_value (text, "envelope-from=");
}

static void
take_field (Walk *self, const PfHeaderField *field)
{
  g_autofree char *text = NULL;

  if (field->value_length > PF_LIMIT_TRACE_VALUE || self->relayed)
    return;
  text = pf_header_field_unfold (field);
  if (pf_header_field_is (field, "Return-Path") && self->return_path == NULL)
    self->return_path = pf_address_from_path (text);
  else if (pf_header_field_is (field, "Received-SPF"))
    take_spf (self, text);
  else
    for (guint i = 0; self->border != NULL && self->border->origin_fields[i] != NULL; i++)
      if (self->origin == NULL && pf_header_field_is (field, self->border->origin_fields[i]))
        {
          g_strdelimit (text, "[]", ' ');
          self->origin = g_strdup (g_strstrip (text));
        }
}

/* --- The walk --------------------------------------------------------------------------------- */

/* From here on the relay's hosts are the house. */
static void
enter_relay (Walk *self, const PfReceived *hop)
{
  const char *name = hop->hostname != NULL ? hop->hostname : hop->helo;

  g_free (self->domain);
  self->domain = name != NULL ? pf_host_registrable (name) : NULL;
  self->relayed = TRUE;
  g_clear_pointer (&self->origin, g_free);
  g_clear_pointer (&self->origin_sender, g_free);
}

static Step
walk_received (Walk *self, const PfHeaderField *field)
{
  g_autofree char *text = NULL;
  g_autoptr (PfReceived) hop = NULL;
  Step step;

  if (field->value_length > PF_LIMIT_TRACE_VALUE || self->hops >= PF_LIMIT_TRACE_LINES)
    return end (self, "The trace is longer than any real one.");
  text = pf_header_field_unfold (field);
  hop = pf_received_parse (text);
  step = judge (self, hop);
  if (step != STEP_END)
    self->hops++;
  if (step == STEP_RELAY)
    enter_relay (self, hop);
  if (step == STEP_BORDER || step == STEP_BLIND)
    self->line = g_steal_pointer (&hop);
  return step;
}

static Step
walk (Walk *self, const char *header, gsize length)
{
  PfHeaderIter iter;
  PfHeaderField field;

  pf_header_iter_init (&iter, header, length);
  while (pf_header_iter_next (&iter, &field))
    {
      Step step;

      if (!pf_header_field_is (&field, "Received"))
        {
          take_field (self, &field);
          continue;
        }
      step = walk_received (self, &field);
      if (step != STEP_INNER && step != STEP_RELAY)
        return step;
    }
  return end (self, "The provider wrote no line about where the message came from.");
}

/* (transfer full) (nullable): the last field of the block, which providers put there that write at
 * its end. */
static char *
bottom_return_path (const char *header, gsize length)
{
  PfHeaderIter iter;
  PfHeaderField field;
  char *found = NULL;

  pf_header_iter_init (&iter, header, length);
  while (pf_header_iter_next (&iter, &field))
    if (pf_header_field_is (&field, "Return-Path") && field.value_length <= PF_LIMIT_TRACE_VALUE)
      {
        g_autofree char *text = pf_header_field_unfold (&field);

        g_free (found);
        found = pf_address_from_path (text);
      }
  return found;
}

/* --- The answer ------------------------------------------------------------------------------- */

static void
fill_host (Walk *self, PfEnvelope *out, Step step)
{
  g_autofree char *origin = self->origin != NULL ? pf_host_canonical (self->origin) : NULL;

  if (step == STEP_BORDER)
    {
      out->ip = pf_host_canonical (self->line->address);
      out->helo = g_strdup (self->line->helo);
      out->hostname = g_strdup (self->line->hostname);
    }
  else if (step == STEP_BLIND && origin != NULL && pf_host_is_public (origin)
           && !is_own_address (self, origin))
    {
      out->ip = g_steal_pointer (&origin);
      out->helo = g_strdup (self->line->helo);
    }
  if (self->line != NULL && self->line->recipient != NULL)
    out->recipient = pf_address_from_path (self->line->recipient);
}

static void
fill_sender (Walk *self, PfEnvelope *out, const char *header, gsize length)
{
  /* Where the provider wrote nothing, a Return-Path on top is the sender's. */
  if (self->hops == 0)
    return;
  if (self->border != NULL && self->border->return_path_below)
    out->mail_from = bottom_return_path (header, length);
  else
    out->mail_from = g_strdup (self->return_path);
  if (out->mail_from == NULL && self->line != NULL && self->line->sender != NULL)
    out->mail_from = pf_address_from_path (self->line->sender);
  if (out->mail_from == NULL && self->origin_sender != NULL)
    out->mail_from = pf_address_from_path (self->origin_sender);
}

static void
judge_answer (Walk *self, PfEnvelope *out)
{
  if (out->ip != NULL && out->mail_from != NULL)
    out->seen = PF_ENVELOPE_YES;
  else if (out->ip != NULL || out->mail_from != NULL)
    out->seen = PF_ENVELOPE_PARTLY;
  else
    out->seen = PF_ENVELOPE_NO;
  if (self->why != NULL)
    out->why = self->why;
  else if (out->ip == NULL)
    out->why = "The provider's line names no address.";
  else if (out->mail_from == NULL)
    out->why = "The provider does not tell the envelope sender.";
  else
    out->why = "The provider's line tells who handed the message over.";
}

/* (transfer full) (nullable): the house that no profile tells of. A server that is told by its
 * number, or by a name within the house, says nothing: then the address does. */
static char *
own_domain (const PfEnvelopeSource *source)
{
  const char *at = source->address != NULL ? strrchr (source->address, '@') : NULL;
  char *domain = source->server != NULL ? pf_host_registrable (source->server) : NULL;

  if (domain == NULL && at != NULL)
    domain = pf_host_registrable (at + 1);
  return domain;
}

PfEnvelope *
pf_envelope_recover (const char *header, gsize length, const PfEnvelopeSource *source)
{
  PfEnvelope *out = g_new0 (PfEnvelope, 1);
  Walk self = { .source = source };
  Step step;

  self.border = pf_borders_find (source->borders, source->server, source->address);
  if (self.border == NULL)
    self.domain = own_domain (source);
  step = walk (&self, header, length);
  fill_host (&self, out, step);
  fill_sender (&self, out, header, length);
  judge_answer (&self, out);
  out->provider = self.border != NULL ? self.border->name : "";
  g_clear_pointer (&self.line, pf_received_free);
  g_free (self.domain);
  g_free (self.return_path);
  g_free (self.origin);
  g_free (self.origin_sender);
  return out;
}

void
pf_envelope_free (PfEnvelope *envelope)
{
  g_free (envelope->ip);
  g_free (envelope->helo);
  g_free (envelope->hostname);
  g_free (envelope->mail_from);
  g_free (envelope->recipient);
  g_free (envelope);
}
