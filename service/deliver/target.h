/* target.h - where mail goes on this machine: one interface, two makers (the built-in helper,
 * LMTP). */
#pragma once

#include "accounts/service-settings.h"
#include "base/problem.h"
#include "deliver/body.h"

typedef enum
{
  PF_DELIVERY_DONE,         /* durable there, once by its id (helper), or accepted (LMTP) */
  PF_DELIVERY_DEFERRED,     /* try again later; nothing is there, or with LMTP perhaps (in doubt) */
  PF_DELIVERY_UNKNOWN_USER, /* the account goes on hold */
  PF_DELIVERY_OVER_QUOTA,   /* the account goes on hold */
  PF_DELIVERY_DISK_FULL,    /* as DEFERRED, but the whole mailbox' fault, not the message's */
  PF_DELIVERY_REFUSED       /* for good, the message's fault (LMTP 5xx after DATA): quarantine */
} PfDeliveryResult;

/* One delivery to one recipient. */
typedef struct
{
  char *id;     /* delivery id: 32 lower-case hex digits */
  char *user;   /* recipient as the target knows it */
  char *folder; /* "" for the inbox; "Junk", "A/B" otherwise, UTF-8 */
  char *sender; /* envelope sender, "" for <> */
  PfBody *body; /* finished */
  gboolean in_doubt; /* an earlier try may have succeeded */
  gboolean seen;     /* arrives as read */
  gint64 date;       /* arrival at the provider, unix seconds; 0 for now */
} PfDelivery;

void pf_delivery_free (PfDelivery *self);

#define PF_TYPE_TARGET (pf_target_get_type ())
G_DECLARE_INTERFACE (PfTarget, pf_target, PF, TARGET, GObject)

struct _PfTargetInterface
{
  GTypeInterface parent;
  void (*probe_async) (PfTarget *self, const char *user, GCancellable *cancellable,
                       GAsyncReadyCallback callback, gpointer user_data);
  gboolean (*probe_finish) (PfTarget *self, GAsyncResult *result, GError **error);
  void (*deliver_async) (PfTarget *self, PfDelivery *delivery, GAsyncReadyCallback callback,
                         gpointer user_data);
  PfDeliveryResult (*deliver_finish) (PfTarget *self, GAsyncResult *result, char **text);
  gboolean (*writes_return_path) (PfTarget *self);
};

/**
 * pf_target_probe_async:
 *
 * Asks whether @user can get mail, before anything is fetched. Errors:
 * PF_PROBLEM_RECIPIENT_UNKNOWN, RECIPIENT_OVER_QUOTA, DELIVERY_DEFERRED (the target is down).
 */
void     pf_target_probe_async  (PfTarget *self, const char *user, GCancellable *cancellable,
                                 GAsyncReadyCallback callback, gpointer user_data);
gboolean pf_target_probe_finish (PfTarget *self, GAsyncResult *result, GError **error);

/**
 * pf_target_deliver_async:
 * @delivery: stays the caller's and unchanged until the callback
 *
 * Any number may be under way; the target batches, parallelises and bounds. Never cancelled: once
 * begun, its answer is waited for.
 */
void             pf_target_deliver_async  (PfTarget *self, PfDelivery *delivery,
                                           GAsyncReadyCallback callback, gpointer user_data);
/* @text: (out) (transfer full): a sentence for the log, never NULL. */
PfDeliveryResult pf_target_deliver_finish (PfTarget *self, GAsyncResult *result, char **text);
/* TRUE for LMTP: the server writes Return-Path and Delivered-To itself. */
gboolean         pf_target_writes_return_path (PfTarget *self);

/* How the daemon gets a connected SEQPACKET socket to postferry-deliver; one implementation for
 * each way the service is started. */
typedef struct
{
  enum
  {
    PF_HELPER_BY_SOCKET,    /* systemd: connect to @path */
    PF_HELPER_BY_SPAWN,     /* --session: start @path as a child on a socket pair */
    PF_HELPER_BY_SUPERVISOR /* ask the supervisor on @fd: one octet to it, a descriptor back */
  } kind;
  const char *path;
  int fd;
} PfHelperLink;

/**
 * pf_target_new:
 * @session: deliver to the caller's own user alone; another is unknown
 *
 * By [Delivery] Target=. (transfer full)
 */
PfTarget *pf_target_new (const PfServiceSettings *settings, const PfHelperLink *link,
                         gboolean session);
