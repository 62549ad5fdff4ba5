#include "retrieve/message-private.h"

#include "config.h"
#include "filter/headers.h"
#include "protocol/address.h"
#include "protocol/header.h"

static const char *
protocol_name (PfCheck *check)
{
  gboolean pop3 = check->settings->protocol == PF_PROTOCOL_POP3;

  if (pf_session_is_secure (check->session))
    return pop3 ? "POP3S" : "IMAPS";
  return pop3 ? "POP3" : "IMAP";
}

/* What is held back is delivered when somebody found that it is no spam: then nothing says that it
 * is, and no Sieve script puts it away again. */
static PfScanLines
scan_lines (const PfMessage *message)
{
  PfScanLines lines = { 0 };

  if (message->filtered != NULL)
    lines = message->filtered->lines;
  if (message->verdict.action == PF_ON_QUARANTINE)
    lines.spam = FALSE;
  return lines;
}

gboolean
pf_message_finish_body (PfMessage *message, const PfRowDelivery *delivery, GError **error)
{
  PfCheck *check = message->check;
  gboolean writes_return_path = pf_target_writes_return_path (check->parts.target);
  const PfScanLines lines = scan_lines (message);
  PfTrace trace = {
    .return_path = writes_return_path ? NULL : message->sender,
    .delivered_to = writes_return_path ? NULL : delivery->recipient,
    .account_hash = check->account_hash,
    .delivery_id = delivery->delivery_id,
    .uid = message->row->uid,
    .host = g_get_host_name (),
    .peer_name = check->settings->server,
    .peer_address = pf_session_get_peer (check->session),
    .protocol = protocol_name (check),
    .version = PF_VERSION,
    .time = g_get_real_time () / G_USEC_PER_SEC,
    .scan_skipped = message->verdict.scan_skipped,
    .scan = message->filtered != NULL ? &lines : NULL,
  };
  gsize length;
  const char *header = pf_body_get_header (message->body, &length);
  GString *finished = pf_headers_finish (header, length, &trace);
  gboolean ok = pf_body_finish (message->body, finished->str, finished->len, error);

  g_string_free (finished, TRUE);
  return ok;
}

char *
pf_message_from (PfMessage *message)
{
  gsize length;
  const char *header = pf_body_get_header (message->body, &length);
  g_autofree char *from = pf_header_lookup (header, length, "From");

  return from != NULL ? pf_address_from_mailbox (from) : NULL;
}
