#include "cli-client/i18n.h"
#include "cli-client/settings.h"

static const char *const urls[] = { "auto", "off", "http://", "https://", "unix:/", NULL };
static const char *const sockets[] = { "auto", "off", "unix:/", "tcp:", NULL };
static const char *const classes[] = { "executables",        "archives", "office-macros",
                                       "encrypted-archives", "none",     NULL };
static const char *const actions[] = { "deliver", "junk", "quarantine", "defer", "discard", NULL };
static const char *const failures[] = { "deliver", "quarantine", "defer", NULL };
static const char *const digests[] = { "daily", "never", NULL };

static const PfKey keys[] = {
  { "RspamdUrl", "s", urls, N_ ("where Rspamd scans") },
  { "RspamdControllerUrl", "s", urls, N_ ("where Rspamd learns") },
  { "JunkScore", "d", NULL, N_ ("junk from this score on; 0: by Rspamd's action") },
  { "QuarantineScore", "d", NULL, N_ ("held back from this score on; 0: by Rspamd's action") },
  { "SubjectPrefix", "s", NULL, N_ ("put before the subject of junk") },
  { "ClamdSocket", "s", sockets, N_ ("where clamd scans") },
  { "MaxScanSize", "t", NULL, N_ ("larger messages are not scanned") },
  { "Timeout", "u", NULL, N_ ("seconds for one answer of a scanner") },
  { "BlockClasses", "as", classes, N_ ("attachments, by what they are") },
  { "BlockExtensions", "as", NULL, N_ ("attachments, by their names") },
  { "AllowSenders", "as", NULL, N_ ("senders that are no spam") },
  { "BlockSenders", "as", NULL, N_ ("senders that are held back") },
  { "AllowRecipients", "as", NULL, N_ ("recipients who want no spam filter") },
  { "OnSpam", "s", actions, N_ ("what becomes of spam") },
  { "OnVirus", "s", actions, N_ ("what becomes of a virus") },
  { "OnAttachment", "s", actions, N_ ("what becomes of such an attachment") },
  { "OnBlockedSender", "s", actions, N_ ("what becomes of a blocked sender's mail") },
  { "OnScannerFailure", "s", failures, N_ ("what becomes of mail that could not be scanned") },
  { "DeferHours", "u", NULL, N_ ("hours that mail waits for a scanner") },
  { "QuarantineDigest", "s", digests, N_ ("mail to users about what is held back") },
  { "QuarantineDays", "u", NULL, N_ ("days until it is deleted") },
};

const PfKeyTable *
pf_filter_keys (void)
{
  static const PfKeyTable table = { keys, G_N_ELEMENTS (keys), "postferry.conf(5)", TRUE };

  return &table;
}
