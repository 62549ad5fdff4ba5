/* The one place where a key of an account is declared: validation, D-Bus, key file and their tests
 * go by this table. */
#include "accounts/settings-private.h"

#include "accounts/setting-texts.h"

#include <string.h>

static const char *const protocols[] = { "imap", "pop3", NULL };
static const char *const securities[] = { "tls", "starttls", "none", NULL };
static const char *const removals[] = { "never", "after-delivery", "after-days", NULL };
static const char *const initials[] = { "all", "new", NULL };

/* Days and seconds beyond these are slips, and would overflow where they are counted in
 * milliseconds. */
#define MOST_DAYS 36500
#define MOST_INTERVAL 2592000

#define FIELD(key, of_kind, member, default_text, ...)                                             \
  {                                                                                                \
    .group = "Account", .name = key, .kind = PF_KIND_##of_kind,                                    \
    .offset = G_STRUCT_OFFSET (PfSettings, member), .initial = default_text, __VA_ARGS__           \
  }
#define FLAG(key, member, default_text)                                                            \
  FIELD (key, BOOLEAN, member, default_text, .allowed = "true or false")

/* clang-format off */
const PfField pf_setting_fields[] = {
  FIELD ("Address", TEXT, address, "", .most = 254, .read = pf_read_account_address,
         .flags = PF_FIELD_REQUIRED, .allowed = "an e-mail address, NAME@DOMAIN"),
  FLAG ("Enabled", enabled, "true"),
  FIELD ("Protocol", CHOICE, protocol, "imap", .choices = protocols, .allowed = "imap or pop3"),
  FIELD ("Security", CHOICE, security, "tls", .choices = securities, .flags = PF_FIELD_MOVES_SECRET,
         .allowed = "tls, starttls or none"),
  FIELD ("AllowCleartext", BOOLEAN, allow_cleartext, "false", .flags = PF_FIELD_MOVES_SECRET,
         .allowed = "true or false"),
  FIELD ("Server", TEXT, server, "", .most = 253, .read = pf_read_host,
         .flags = PF_FIELD_REQUIRED | PF_FIELD_MOVES_SECRET,
         .allowed = "the name or address of the provider's server"),
  FIELD ("Port", NUMBER16, port, "", .least = 1, .most = G_MAXUINT16,
         .flags = PF_FIELD_MOVES_SECRET, .allowed = "a number from 1 to 65535"),
  FIELD ("UserName", TEXT, user_name, "", .most = 512, .flags = PF_FIELD_MOVES_SECRET,
         .allowed = "the name to log in with"),
  FIELD ("Authentication", TEXT, authentication, "auto", .most = 64,
         .read = pf_read_authentication, .flags = PF_FIELD_MOVES_SECRET,
         .allowed = "auto, SCRAM-SHA-256, SCRAM-SHA-1, CRAM-MD5, PLAIN, LOGIN, user or oauth2"),
  FIELD ("OAuth2Provider", TEXT, oauth2_provider, "", .most = 64, .read = pf_read_provider,
         .flags = PF_FIELD_MOVES_SECRET,
         .allowed = "the name of a file in oauth2.d: letters, digits, dot, dash, underscore"),
  FIELD ("LocalUser", TEXT, local_user, "", .most = 255, .read = pf_read_local_user,
         .flags = PF_FIELD_REQUIRED,
         .allowed = "a user as the delivery target knows it, USER or USER@DOMAIN, without blanks "
                    "and / : ; , < > \" *, not beginning with a dash or dot"),
  FIELD ("Folders", LIST, folders, "INBOX", .most = 1024, .read = pf_read_folder_pattern,
         .flags = PF_FIELD_NOT_EMPTY,
         .allowed = "a list of at least one folder, as names, globs, !EXCLUDED or \\Junk"),
  FIELD ("TargetFolder", TEXT, target_folder, "", .most = 511, .read = pf_read_target_folder,
         .allowed = "a folder's name like Lists/GNU: no / at its ends, no empty part, no ~ first"),
  FLAG ("KeepSeen", keep_seen, "true"),
  FIELD ("AllowSenders", LIST, allow_senders, "", .most = 320, .read = pf_read_sender,
         .allowed = "a list of addresses and domains"),
  FIELD ("BlockSenders", LIST, block_senders, "", .most = 320, .read = pf_read_sender,
         .allowed = "a list of addresses and domains"),
  FIELD ("Remove", CHOICE, remove, "never", .choices = removals,
         .allowed = "never, after-delivery or after-days"),
  FIELD ("RemoveAfterDays", NUMBER32, remove_after_days, "14", .most = MOST_DAYS,
         .allowed = "a number of days from 0 to 36500"),
  FIELD ("Initial", CHOICE, initial, "all", .choices = initials, .allowed = "all or new"),
  FLAG ("CheckSpam", check_spam, "true"),
  FLAG ("CheckVirus", check_virus, "true"),
  FLAG ("CheckAttachments", check_attachments, "true"),
  FIELD ("Interval", NUMBER32, interval, "900", .least = 60, .most = MOST_INTERVAL,
         .allowed = "a number of seconds from 60 to 2592000"),
  FLAG ("Push", push, "true"),
  FIELD ("MaxMessageSize", SIZE, max_message_size, "0", .most = G_MAXINT64,
         .allowed = "a number of octets, which may end in K, M or G; 0 is the service's limit"),
  FIELD ("MaxMessagesPerCheck", NUMBER32, max_messages_per_check, "0", .most = G_MAXUINT32,
         .allowed = "a number of messages; 0 is no bound"),
  FIELD ("Certificate", TEXT, certificate, "", .read = pf_read_certificate,
         .flags = PF_FIELD_MOVES_SECRET,
         .allowed = "sha256:HEX of the certificate to pin, or the absolute path of a CA file"),
  FIELD ("TrustedRelays", LIST, trusted_relays, "", .most = 253, .read = pf_read_relay,
         .allowed = "a list of host names, addresses and networks (192.0.2.0/24)"),
  FIELD ("EnvelopeHeader", TEXT, envelope_header, "", .most = 100, .read = pf_read_envelope_header,
         .allowed = "the name of a header field without colon, such as Delivered-To"),
  FIELD ("Recipients", LIST, recipients, "", .most = 600, .read = pf_read_recipient,
         .allowed = "a list of ADDRESS=USER, *@DOMAIN=USER and *@DOMAIN=*"),
  FIELD ("Proxy", TEXT, proxy, "", .most = 300, .read = pf_read_proxy,
         .flags = PF_FIELD_MOVES_SECRET, .allowed = "socks5://HOST:PORT or http://HOST:PORT"),
  FIELD ("Note", TEXT, note, "", .allowed = "one line of text"),
  { .name = NULL },
};
/* clang-format on */

/* Each has a bit in PfSettings.given. */
G_STATIC_ASSERT (G_N_ELEMENTS (pf_setting_fields) - 1 <= 64);

const PfField *
pf_setting_find (const char *name, guint *index)
{
  for (guint i = 0; pf_setting_fields[i].name != NULL; i++)
    if (strcmp (pf_setting_fields[i].name, name) == 0)
      {
        if (index != NULL)
          *index = i;
        return &pf_setting_fields[i];
      }
  return NULL;
}

guint64
pf_setting_bit (const char *name)
{
  guint index = 0;

  pf_setting_find (name, &index);
  return G_GUINT64_CONSTANT (1) << index;
}

const char *const *
pf_settings_keys (void)
{
  static const char *names[G_N_ELEMENTS (pf_setting_fields)];

  for (guint i = 0; pf_setting_fields[i].name != NULL; i++)
    names[i] = pf_setting_fields[i].name;
  return names;
}

const char *
pf_settings_key_type (const char *key)
{
  const PfField *field = pf_setting_find (key, NULL);

  return field != NULL ? pf_field_type (field) : NULL;
}

const char *
pf_settings_key_allowed (const char *key)
{
  const PfField *field = pf_setting_find (key, NULL);

  return field != NULL ? field->allowed : NULL;
}

const char *
pf_protocol_nick (PfProtocol protocol)
{
  return protocols[protocol];
}

const char *
pf_security_nick (PfSecurity security)
{
  return securities[security];
}
