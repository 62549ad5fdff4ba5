/* settings.h - settings of an account: an immutable value, and what is wrong with it (DESIGN 6). */
#pragma once

#include <gio/gio.h>

#include "net/endpoint.h"

typedef enum { PF_PROTOCOL_IMAP, PF_PROTOCOL_POP3 } PfProtocol;
typedef enum { PF_REMOVE_NEVER, PF_REMOVE_AFTER_DELIVERY, PF_REMOVE_AFTER_DAYS } PfRemove;
typedef enum { PF_INITIAL_ALL, PF_INITIAL_NEW } PfInitial;

/* Read the fields, never write them: the value is shared. Strings and lists are never NULL. */
typedef struct
{
  gatomicrefcount ref_count;
  /* Which keys were set, one bit each in the order of settings-table.c; the others have their
   * default. */
  guint64 given;

  char *address;
  gboolean enabled;
  PfProtocol protocol;
  PfSecurity security;
  gboolean allow_cleartext;
  char *server;
  guint16 port; /* the effective one */
  char *user_name; /* the effective one, by what is known of the provider (providers.h) */
  char *authentication;
  char *oauth2_provider;
  char *local_user;
  char **folders;
  char *target_folder;
  gboolean keep_seen;
  char **allow_senders;
  char **block_senders;
  PfRemove remove;
  guint remove_after_days;
  PfInitial initial;
  gboolean check_spam;
  gboolean check_virus;
  gboolean check_attachments;
  guint interval; /* the effective one, likewise */
  gboolean push;
  guint64 max_message_size;
  guint max_messages_per_check;
  char *certificate;
  char **trusted_relays;
  char *envelope_header;
  char **recipients;
  char *proxy;
  char *note;
} PfSettings;

/* One thing that is wrong: the key as it was given, a stable code ("unknown-key", "wrong-type",
 * "required", "out-of-range", "not-allowed", "syntax", "conflict"), and a sentence that names the
 * key, the value and what is allowed. */
typedef struct
{
  char *key;
  char *code;
  char *text;
  guint line; /* in a key file; 0 elsewhere */
} PfSettingsFault;

void pf_settings_fault_free (PfSettingsFault *fault);

PfSettings *pf_settings_ref   (const PfSettings *self);
void        pf_settings_unref (PfSettings *self);

/**
 * pf_settings_from_vardict:
 * @base: (nullable): settings that @values change; NULL for a new account
 * @values: a{sv}
 * @faults: (element-type PfSettingsFault): gets everything that is wrong, not only the first
 *   (at most PF_LIMIT_SETTING_FAULTS)
 *
 * A number may come in any integer type that fits (y, n, q, i, u, x, t). Scripts send text, so
 * every key takes a string too, read as in a key file: true, yes, on, 1 and their opposites;
 * digits; sizes that may end in K, M or G; lists separated by ';'. An empty string or list gives a
 * key back its default (Folders: refused). Words of a choice count in any case. Texts are kept in
 * one form: pins in lower case, mechanisms as SASL writes them, host names in ASCII.
 *
 * Texts with blanks at their ends, line breaks or control characters are refused: a key file could
 * not give them back. So is an item of a list that holds ';'.
 *
 * Returns: (transfer full) (nullable): NULL when there are faults.
 */
PfSettings *pf_settings_from_vardict (const PfSettings *base, GVariant *values, GPtrArray *faults);
/* {sv}, floating, in one piece of memory: a tree of values takes several times as much. */
GVariant   *pf_vardict_entry (const char *name, GVariant *value);
/* All keys with their effective values (D-Bus types of DESIGN 6), a{sv}, floating. Entries are
 * shared with other accounts where they can be. */
GVariant   *pf_settings_to_vardict   (const PfSettings *self);
/* (transfer full) (nullable): one key's value; NULL for an unknown key. */
GVariant   *pf_settings_get          (const PfSettings *self, const char *key);

/* Key file, group [Account]: @text is the file's content. Faults carry line numbers. Blanks around
 * values and list items are dropped; a '#' or ';' begins a comment only at the start of a line. */
PfSettings *pf_settings_from_file (const char *text, gsize length, GPtrArray *faults);
/* (transfer full): only the keys that were given. Read again it gives an equal value. @previous:
 * (nullable): the file's content so far, whose comments and order stay; without it the keys come
 * in the table's order. */
char       *pf_settings_to_file   (const PfSettings *self, const char *previous);

/* NULL-terminated names of all keys; (nullable) D-Bus type of each: s, b, u, q, t or as. */
const char *const *pf_settings_keys (void);
const char        *pf_settings_key_type (const char *key);
/* (nullable): what a key can be, in words: "a number from 1 to 65535". */
const char        *pf_settings_key_allowed (const char *key);
/* TRUE when one of the keys differs whose change needs the secret anew or `manage` (DESIGN 5). */
gboolean pf_settings_moves_secret (const PfSettings *before, const PfSettings *after);
/* TRUE when all values are equal, and the same keys were given. */
gboolean pf_settings_equal        (const PfSettings *a, const PfSettings *b);
/* TRUE when mail of the account is delivered to @user: LocalUser or one of the users named in
 * Recipients (whom a `*@D=*` rule may mean is not known before mail comes). */
gboolean pf_settings_delivers_to  (const PfSettings *self, const char *user);
/* TRUE when LocalUser and every user in Recipients is @user (a `*@D=*` rule is nobody's own). */
gboolean pf_settings_all_deliver_to (const PfSettings *self, const char *user);
/* (transfer full): an endpoint for this account. */
PfEndpoint *pf_settings_endpoint (const PfSettings *self, guint connect_timeout);

/* (transfer full): the address in lower case (ASCII), which is the identity. */
char *pf_address_fold (const char *address);
/* (transfer full): "ADDRESS.account" with octets outside [a-z0-9@._+-] as %HH; and back
 * (nullable): NULL for a name that the first would not make. */
char *pf_account_file_name     (const char *address);
char *pf_account_file_address  (const char *file_name);

const char *pf_protocol_nick (PfProtocol protocol); /* "imap", "pop3" */
const char *pf_security_nick (PfSecurity security); /* "tls", "starttls", "none" */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfSettings, pf_settings_unref)
