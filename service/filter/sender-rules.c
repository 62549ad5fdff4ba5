#include "filter/sender-rules.h"

#include "base/limits.h"
#include "filter/hosts.h"
#include "protocol/address.h"
#include "protocol/header.h"

#include <string.h>

/* Rspamd's symbols for a proof that was tried and failed. */
static const char *const failures[] = {
  "R_SPF_FAIL",
  "R_SPF_SOFTFAIL",
  "R_SPF_PERMFAIL",
  "R_DKIM_REJECT",
  "R_DKIM_PERMFAIL",
  "DMARC_POLICY_REJECT",
  "DMARC_POLICY_QUARANTINE",
  "DMARC_POLICY_SOFTFAIL",
  "ARC_REJECT",
  NULL,
};

/* --- From ------------------------------------------------------------------------------------- */

/* The octets of the first mailbox at @text: up to a comma that no quotation, comment or bracket
 * holds. */
static gsize
mailbox_length (const char *text)
{
  gboolean quoted = FALSE, bracketed = FALSE;
  guint depth = 0;
  gsize i;

  for (i = 0; text[i] != '\0'; i++)
    {
      if (text[i] == '\\' && text[i + 1] != '\0')
        i++;
      else if (text[i] == '"' && depth == 0)
        quoted = !quoted;
      else if (text[i] == '(' && !quoted)
        depth++;
      else if (text[i] == ')' && depth > 0)
        depth--;
      else if ((text[i] == '<' || text[i] == '>') && !quoted && depth == 0)
        bracketed = text[i] == '<';
      else if ((text[i] == ',' || text[i] == ';') && !quoted && !bracketed && depth == 0)
        break;
    }
  return i;
}

static void
add_mailboxes (const char *value, GPtrArray *addresses)
{
  while (*value != '\0' && addresses->len < PF_LIMIT_FROM_MAILBOXES)
    {
      gsize length = mailbox_length (value);
      g_autofree char *mailbox = g_strndup (value, length);
      char *address = pf_address_from_mailbox (mailbox);

      if (address != NULL)
        g_ptr_array_add (addresses, address);
      value += length;
      value += *value != '\0' ? 1 : 0;
    }
}

PfSenders *
pf_senders_read (const char *header, gsize length, const char *envelope_sender)
{
  PfSenders *self = g_new0 (PfSenders, 1);
  GPtrArray *addresses = g_ptr_array_new ();
  PfHeaderIter iter;
  PfHeaderField field;

  self->envelope_sender = g_strdup (envelope_sender);
  pf_header_iter_init (&iter, header, length);
  while (pf_header_iter_next (&iter, &field))
    if (pf_header_field_is (&field, "From"))
      {
        g_autofree char *value = pf_header_field_unfold (&field);

        add_mailboxes (value, addresses);
      }
  g_ptr_array_add (addresses, NULL);
  self->from = (char **) g_ptr_array_free (addresses, FALSE);
  return self;
}

void
pf_senders_free (PfSenders *self)
{
  g_free (self->envelope_sender);
  g_strfreev (self->from);
  g_free (self);
}

/* --- Rules ------------------------------------------------------------------------------------ */

static gboolean
fits (const char *entry, const char *address)
{
  const char *domain = strrchr (address, '@');

  if (strchr (entry, '@') != NULL)
    return g_ascii_strcasecmp (entry, address) == 0;
  return domain != NULL && pf_host_is_below (domain + 1, entry);
}

const char *
pf_sender_rule_find (char *const *list, const char *address)
{
  if (address == NULL || *address == '\0')
    return NULL;
  for (guint i = 0; list[i] != NULL; i++)
    if (fits (list[i], address))
      return list[i];
  return NULL;
}

const char *
pf_senders_find_blocked (const PfSenders *self, char *const *list)
{
  const char *entry = pf_sender_rule_find (list, self->envelope_sender);

  for (guint i = 0; entry == NULL && self->from[i] != NULL; i++)
    entry = pf_sender_rule_find (list, self->from[i]);
  return entry;
}

static gboolean
a_proof_failed (const PfRspamdAnswer *answer)
{
  if (answer == NULL)
    return FALSE;
  for (guint i = 0; i < answer->symbols->len; i++)
    {
      const PfRspamdSymbol *symbol = answer->symbols->pdata[i];

      if (g_strv_contains (failures, symbol->name))
        return TRUE;
    }
  return FALSE;
}

const char *
pf_senders_find_allowed (const PfSenders *self, char *const *list, const PfRspamdAnswer *answer)
{
  const char *entry;

  if (a_proof_failed (answer))
    return NULL;
  entry = pf_sender_rule_find (list, self->envelope_sender);
  if (entry == NULL && self->from[0] != NULL && self->from[1] == NULL)
    entry = pf_sender_rule_find (list, self->from[0]);
  return entry;
}
