/* service-settings.h - postferry.conf: delivery, limits, log, secrets (DESIGN 6). */
#pragma once

#include "accounts/filter-policy.h"

typedef enum { PF_JUNK_BY_FOLDER, PF_JUNK_BY_HEADER, PF_JUNK_BY_DETAIL } PfJunkBy;

/* Read the fields, never write them. Strings are never NULL. */
typedef struct
{
  gatomicrefcount ref_count;
  /* [Delivery] */
  char *target; /* "local", "lmtp:unix:/path", "lmtp:host:port" */
  char *junk_folder;
  PfJunkBy junk_by;
  guint delivery_timeout;
  /* [Local] */
  char *mailbox;
  char *command;
  guint minimum_uid;
  /* [Limits] */
  guint connections;
  /* 0: as is good for the provider; PF_LIMIT_CONNECTIONS_PER_SERVER where nothing is known of it */
  guint connections_per_server;
  guint64 max_message_size;  /* the service's limit; PF_LIMIT_MESSAGE_SIZE where not set */
  guint64 minimum_free_disk; /* octets; 0: the larger of 500 MiB and 5 %, at most half of all */
  guint connect_timeout;
  guint reply_timeout;
  guint command_timeout;
  /* [Log] */
  char *log_target;
  guint keep_days;
  /* [Notify] */
  char *notify_mail;
  /* [Secrets] */
  char *secrets_backend; /* "", "keyring", "secret-service" */
  /* [Filter] */
  PfFilterPolicy *filter;
} PfServiceSettings;

PfServiceSettings *pf_service_settings_ref   (const PfServiceSettings *self);
void               pf_service_settings_unref (PfServiceSettings *self);
/**
 * pf_service_settings_load:
 * @path: postferry.conf; where it does not exist all is default
 * @error: names file, line, key, value and what is allowed; G_KEY_FILE_ERROR or G_FILE_ERROR
 *
 * Sizes may carry K, M, G.
 */
PfServiceSettings *pf_service_settings_load (const char *path, GError **error);
/* The same of a text. @path: as the error is to name it */
PfServiceSettings *pf_service_settings_parse (const char *path, const char *text, gsize length,
                                              GError **error);
/* @error: what is wrong with the file at @path (element-type PfSettingsFault), each by its line. */
void pf_service_settings_set_error (GError **error, const char *path, GPtrArray *faults);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfServiceSettings, pf_service_settings_unref)
