/* pop3-session-private.h - one POP3 session's state, shared by the files that are it: log-in,
 * listing, transfer. */
#pragma once

#include "protocol/pop3.h"
#include "retrieve/login.h"

struct _PfPop3Session
{
  PfSession parent_instance;

  PfPop3 *pop3;
  PfLogin login;
  gboolean tls_done, logged_in, asked_utf8, asked_again;

  /* Listing under way: what STAT, LIST and UIDL brought so far. */
  GTask *listing_task;
  guint32 stat_count;
  GHashTable *sizes;   /* number -> guint64* */
  GPtrArray *listed;   /* PfListed, from UIDL */
  gboolean has_uids;

  GQueue fetches;      /* GTask, in the order of RETR */
  PfBody *body;        /* of the RETR whose answer arrives */
  guint64 body_length;

  GTask *removal_task;
  GArray *removing;    /* guint32: asked to DELE */
  GArray *deleted;     /* guint32: answered with +OK */
  guint removal_answers;
  GTask *closing_task;
};

#define SESSION(self) PF_SESSION (self)
#define SETTINGS(self) (pf_session_get_info (SESSION (self))->settings)

/* pop3-login.c: from the greeting to the log-in */
void pf_pop3_login_reply     (PfPop3Session *self, const PfPop3Event *event);
void pf_pop3_login_challenge (PfPop3Session *self, const PfPop3Event *event);
/* A CAPA answer is complete, or was refused. */
void pf_pop3_login_capabilities (PfPop3Session *self);

/* pop3-listing.c: STAT, LIST and UIDL made one listing */
void pf_pop3_listing_begin  (PfPop3Session *self, GTask *task);
void pf_pop3_listing_reply  (PfPop3Session *self, const PfPop3Event *event);
void pf_pop3_listing_item   (PfPop3Session *self, const PfPop3Event *event);
void pf_pop3_listing_finish (PfPop3Session *self);
